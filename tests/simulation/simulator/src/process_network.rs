//! The network of one process: every call passes here, and the plan decides what becomes of it.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response};
use serde_json::json;
use shared::aws::busy::Busy;
use shared::aws::outbound::{OutboundAnswer, OutboundError, OutboundRequest};
use shared::aws::wire::{Network, NoAnswer};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use crate::lock;
use crate::mutants::refusals;
use crate::plan::{Dice, Fault, INDEX};
use crate::platforms::{PlatformCall, refusal};
use crate::region::Region;

pub struct ProcessNetwork {
    region: Weak<Region>,
    invocation: Mutex<Invocation>,
    /// Notified when the process dies; the call that it died in never ends.
    pub died: Notify,
    frozen_until: Mutex<Option<Instant>>,
}

#[derive(Default)]
struct Invocation {
    name: String,
    calls: u32,
    /// The boundaries that are unreachable until its end.
    down: BTreeSet<String>,
}

/// A call about to be made.
struct Crossing {
    region: Arc<Region>,
    site: String,
    boundary: String,
    fault: Option<Fault>,
    dice: Dice,
}

impl Crossing {
    fn say(&self, outcome: &str) {
        self.region.say(|| match self.fault {
            Some(fault) => format!("{} {}: {fault:?}: {outcome}", self.site, self.boundary),
            None => format!("{} {}: {outcome}", self.site, self.boundary),
        });
    }

    /// The time on the way, in one direction.
    async fn travel(&mut self) {
        sleep(Duration::from_millis(self.dice.between(1, 6))).await;
    }
}

impl ProcessNetwork {
    pub fn new(region: Weak<Region>) -> Self {
        Self { region, invocation: Mutex::default(), died: Notify::new(), frozen_until: Mutex::default() }
    }

    /// Begins an invocation: its name and the number of the call are the site of each fault.
    pub fn begin(&self, name: &str) {
        *lock(&self.invocation) = Invocation { name: name.to_owned(), ..Invocation::default() };
    }

    /// Until when the process is frozen, once per freeze.
    pub fn frozen_until(&self) -> Option<Instant> {
        lock(&self.frozen_until).take()
    }

    fn cross(&self, boundary: String) -> Option<Crossing> {
        let region = self.region.upgrade()?;
        region.calls.fetch_add(1, Ordering::Relaxed);
        let mut invocation = lock(&self.invocation);
        invocation.calls += 1;
        let site = format!("{} {}", invocation.name, invocation.calls);
        let (mut fault, mut dice) = region.plan.at(&site, &boundary);
        if fault == Some(Fault::Unreachable) && dice.once_in(3) {
            invocation.down.insert(boundary.clone());
        }
        if invocation.down.contains(&boundary) {
            fault = Some(Fault::Unreachable);
        }
        Some(Crossing { region, site, boundary, fault, dice })
    }

    async fn die(&self) -> std::convert::Infallible {
        self.died.notify_one();
        std::future::pending().await
    }

    async fn freeze(&self, crossing: &mut Crossing) {
        let frozen = Duration::from_secs(crossing.dice.between(20, 900));
        crossing.say(&format!("for {} s", frozen.as_secs()));
        *lock(&self.frozen_until) = Some(Instant::now() + frozen);
        tokio::task::yield_now().await;
    }

    async fn call_aws(&self, call: &str, request: Request<Bytes>) -> Result<Response<Bytes>, NoAnswer> {
        let Some(mut crossing) = self.cross(boundary(call, request.body())) else { return Err(NoAnswer::NotSent) };
        let region = crossing.region.clone();
        if let Some(Fault::Busy(busy)) = crossing.fault {
            crossing.travel().await;
            crossing.say("refused");
            return Ok(busy_answer(busy, call, request.body()));
        }
        match crossing.fault {
            Some(Fault::Unreachable) => {
                crossing.travel().await;
                crossing.say("not sent");
                return Err(NoAnswer::NotSent);
            }
            Some(Fault::DiesBefore) => {
                crossing.say("not sent");
                match self.die().await {}
            }
            Some(Fault::Freezes) => self.freeze(&mut crossing).await,
            _ => {}
        }
        crossing.travel().await;
        let answer = match crossing.fault {
            Some(Fault::Slow) => {
                // The call is on its way although its caller may give up.
                let late = Duration::from_millis(crossing.dice.between(300, 9000));
                let (region, call) = (region.clone(), call.to_owned());
                let arriving = tokio::spawn(async move {
                    sleep(late).await;
                    region.answer(&call, &request)
                });
                arriving.await.map_err(|_| NoAnswer::Lost)?
            }
            Some(Fault::Twice) => {
                let answer = region.answer(call, &request);
                let late = Duration::from_millis(crossing.dice.between(1, 20_000));
                let (region, call, site) = (region.clone(), call.to_owned(), crossing.site.clone());
                tokio::spawn(async move {
                    sleep(late).await;
                    let answer = region.answer(&call, &request);
                    region.say(|| format!("{site} {call}, again: {}", answer.status()));
                });
                answer
            }
            Some(Fault::Stale) => region.stale_answer(&request),
            _ => region.answer(call, &request),
        };
        if call == "SES.SendEmail" && answer.status().is_success() {
            lock(&region.mailed).push(crossing.site.clone());
        }
        crossing.travel().await;
        crossing.say(&outcome(&answer));
        match crossing.fault {
            Some(Fault::Lost) => Err(NoAnswer::Lost),
            Some(Fault::DiesAfter) => match self.die().await {},
            _ => Ok(answer),
        }
    }

    async fn call_internet(&self, request: &OutboundRequest) -> Result<OutboundAnswer, OutboundError> {
        let nowhere = || OutboundError::NotSent("the process has ended".to_owned());
        let call = self.region.upgrade().map(|region| PlatformCall::of(&region, request)).ok_or_else(nowhere)?;
        let mut crossing = self.cross(call.boundary()).ok_or_else(nowhere)?;
        let region = crossing.region.clone();
        match crossing.fault {
            Some(Fault::Unreachable) => {
                crossing.say("not sent");
                return Err(OutboundError::NotSent("there is no connection".to_owned()));
            }
            Some(Fault::DiesBefore) => {
                crossing.say("not sent");
                match self.die().await {}
            }
            Some(Fault::Freezes) => self.freeze(&mut crossing).await,
            Some(Fault::ServerError) => {
                crossing.say("502");
                return Ok(refusal(502, "UpstreamFailure"));
            }
            Some(Fault::ExpiredToken) if call.has_token() => {
                crossing.say("ExpiredToken");
                return Ok(refusal(400, "ExpiredToken"));
            }
            Some(Fault::ForgetsKey) => {
                crossing.travel().await;
                call.lose_key();
                drop(region.answer_of_platform(call));
                crossing.say("502 after the effect");
                return Ok(refusal(502, "UpstreamFailure"));
            }
            Some(Fault::Twice) => {
                let late = Duration::from_millis(crossing.dice.between(1, 20_000));
                let (region, call, site) = (region.clone(), call.clone(), crossing.site.clone());
                tokio::spawn(async move {
                    sleep(late).await;
                    let status = region.answer_of_platform(call).map(|answer| answer.status);
                    region.say(|| format!("{site}, again: {status:?}"));
                });
            }
            _ => {}
        }
        crossing.travel().await;
        let answer = if crossing.fault == Some(Fault::Slow) {
            // A request may take effect after its caller has given up, for as long as the platform's settle time.
            let late = Duration::from_millis(crossing.dice.between(500, 40_000));
            let on_the_way = region.clone();
            let arriving = tokio::spawn(async move {
                sleep(late).await;
                on_the_way.answer_of_platform(call)
            });
            tokio::select! {
                biased;
                answer = arriving => answer.ok().flatten(),
                () = sleep(request.timeout) => {
                    crossing.say("timed out");
                    return Err(OutboundError::Unknown("timed out".to_owned()));
                }
            }
        } else {
            region.answer_of_platform(call)
        };
        crossing.travel().await;
        let answer = answer.ok_or_else(|| OutboundError::Unknown("the connection broke".to_owned()))?;
        crossing.say(&answer.status.to_string());
        match crossing.fault {
            Some(Fault::Lost) => Err(OutboundError::Unknown("the response was lost".to_owned())),
            Some(Fault::DiesAfter) => match self.die().await {},
            _ => Ok(answer),
        }
    }
}

impl Network for ProcessNetwork {
    fn aws<'a>(&'a self, call: &'a str, request: Request<Bytes>) -> BoxFuture<'a, Result<Response<Bytes>, NoAnswer>> {
        Box::pin(self.call_aws(call, request))
    }

    fn internet<'a>(
        &'a self,
        _call: &'a str,
        request: &'a OutboundRequest,
    ) -> Option<BoxFuture<'a, Result<OutboundAnswer, OutboundError>>> {
        Some(Box::pin(self.call_internet(request)))
    }
}

fn boundary(call: &str, body: &[u8]) -> String {
    const MEMBER: &[u8] = b"\"IndexName\"";
    let is_of_an_index = call == "DynamoDB.Query" && body.windows(MEMBER.len()).any(|bytes| bytes == MEMBER);
    if is_of_an_index { INDEX.to_owned() } else { call.to_owned() }
}

/// The partition of an index that a query reads, with its table, and where it starts.
fn index_of(body: &[u8]) -> String {
    let request: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let (partition, from) = (&request["ExpressionAttributeValues"][":pk"], &request["ExclusiveStartKey"]);
    format!("{} {} {partition} {from}", request["TableName"], request["IndexName"])
}

fn busy_answer(busy: Busy, call: &str, request: &[u8]) -> Response<Bytes> {
    let (status, body) = busy.answer(call, request);
    respond(status, body.into())
}

fn respond(status: u16, body: Bytes) -> Response<Bytes> {
    let mut answer = Response::new(body);
    *answer.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    answer
}

/// The status of a response, and the name of its error.
fn outcome(answer: &Response<Bytes>) -> String {
    let status = answer.status().as_u16();
    if status < 300 {
        return status.to_string();
    }
    let body: serde_json::Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let name = body["__type"].as_str().unwrap_or_default().rsplit('#').next().unwrap_or_default();
    let reasons = body["CancellationReasons"].as_array().into_iter().flatten();
    let reasons: Vec<_> = reasons.filter_map(|reason| reason["Code"].as_str()).filter(|code| *code != "None").collect();
    format!("{status} {name} {}", reasons.join(", "))
}

impl Region {
    /// The cloud's answer, now.
    fn answer(&self, call: &str, request: &Request<Bytes>) -> Response<Bytes> {
        let answer = match &self.mutant {
            Some(mutant) => self.app.cloud().answer(&mutant.applied_to(request)),
            None => self.app.cloud().answer(request),
        };
        if let Some(seen) = &self.guards {
            let mut seen = lock(seen);
            for (guard, refused) in refusals(request.body(), answer.body()) {
                *seen.entry(guard).or_default() += refused;
            }
        }
        if !matches!(call, "DynamoDB.GetItem" | "DynamoDB.BatchGetItem" | "DynamoDB.Query") {
            self.written.notify_waiters();
        }
        if boundary(call, request.body()) == INDEX {
            lock(&self.indexes).insert(index_of(request.body()), answer.body().clone());
        }
        answer
    }

    /// What the index answered before, as if nothing had reached it since.
    fn stale_answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let known = lock(&self.indexes).get(&index_of(request.body())).cloned();
        let nothing = || json!({ "Items": [], "Count": 0, "ScannedCount": 0 }).to_string().into();
        respond(200, known.unwrap_or_else(nothing))
    }
}
