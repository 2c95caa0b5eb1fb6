//! One deployment in one region: its functions, and what a client and the event sources do with them.

use std::collections::BTreeMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::Value;
use shared::config::Config;
use shared::function::Function;
use shared::kernel::entropy::Entropy;
use shared::kernel::problems::Problem;
use shared::kernel::time::{Clock, SignedDuration, Timestamp};
use shared::testing::{Environment, Request, Response, Surroundings, TestApp};
use test_support::scripted_mastodon::ScriptedMastodon;
use test_support::scripted_server::ScriptedServer;
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::deployment::Effect;
use crate::freezable::Freezable;
use crate::lock;
use crate::mutants::{Guards, Mutant};
use crate::plan::{Dice, Fault, Plan};
use crate::process_network::ProcessNetwork;
use crate::trace::Trace;
use crate::world::World;

/// A gateway waits this long for a function: the maximum of HTTP APIs is 30 seconds.
const GATEWAY_TIMEOUT: Duration = Duration::from_secs(30);
/// The error of a machine's clock: two differ by two seconds at most.
const CLOCK_ERROR_MS: u64 = 1000;

pub struct Region {
    pub app: TestApp,
    pub clock: Clock,
    pub plan: Plan,
    pub trace: Trace,
    pub platform: ScriptedServer,
    /// The Mastodon servers, by their host: each belongs to one story.
    pub mastodons: Mutex<BTreeMap<String, ScriptedMastodon>>,
    pub mutant: Option<Mutant>,
    /// The guards of the writes so far, if they are recorded.
    pub guards: Option<Mutex<Guards>>,
    /// Wakes the event sources after each write of a table or queue, in the order in which they wait. (A `watch` channel
    /// wakes them in a random order.)
    pub written: Notify,
    /// What each index answered last.
    pub indexes: Mutex<BTreeMap<String, Bytes>>,
    deployed: Mutex<Deployed>,
    idle: Mutex<BTreeMap<&'static str, Vec<Warm>>>,
    faults: Mutex<Vec<String>>,
    /// Messages that were delivered too often.
    pub dead_letters: Mutex<Vec<String>>,
    /// What the platforms have done, which the product cannot read.
    pub ledger: Mutex<Vec<Effect>>,
    /// The deliveries of messages in which SES accepted a mail: `send-email <message> delivery 1`.
    pub mailed: Mutex<Vec<String>>,
    /// The last activity of a client or a queue: a while after it, the sweeps of each minute find nothing.
    busy_at: Mutex<Timestamp>,
    /// Messages that were posted before this instant stay in the outbox for an operator.
    pub fenced_until: Mutex<Timestamp>,
    pub calls: AtomicU64,
    running: AtomicU64,
    me: Weak<Region>,
}

/// The version of the functions that new environments start with.
#[derive(Clone)]
struct Deployed {
    number: u32,
    config: Config,
}

/// An environment between invocations.
struct Warm {
    environment: Environment,
    network: Arc<ProcessNetwork>,
    clock: Clock,
    release: u32,
}

impl Region {
    /// Everything in it follows the time of the runtime, which must be paused.
    pub fn new(world: &World) -> Arc<Self> {
        let seed = world.seed;
        let start = Timestamp::from_second(1_800_000_000).unwrap_or_default();
        let (clock, entropy) = (Clock::simulated(start), Entropy::seeded(seed));
        let mut app = TestApp::simulated(clock.clone(), entropy);
        app.configure(|config| config.recovery_wait_hours = 1);
        let deployed = Mutex::new(Deployed { number: 1, config: app.config().clone() });
        let platform = ScriptedServer::unconnected(start);
        Arc::new_cyclic(|me| Self {
            app,
            clock,
            plan: Plan::new(seed, world.per_mille, world.only.clone()),
            trace: Trace::new(world.is_traced),
            platform,
            mastodons: Mutex::default(),
            mutant: world.mutant.clone(),
            guards: world.records_guards.then(Mutex::default),
            written: Notify::new(),
            indexes: Mutex::default(),
            deployed,
            idle: Mutex::default(),
            faults: Mutex::default(),
            dead_letters: Mutex::default(),
            ledger: Mutex::default(),
            mailed: Mutex::default(),
            busy_at: Mutex::new(start),
            fenced_until: Mutex::new(Timestamp::MIN),
            calls: AtomicU64::new(0),
            running: AtomicU64::new(0),
            me: me.clone(),
        })
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn say(&self, line: impl FnOnce() -> String) {
        self.trace.say(&self.clock, line);
    }

    pub fn myself(&self) -> Option<Arc<Self>> {
        self.me.upgrade()
    }

    /// Records what must not have happened.
    pub fn record_fault(&self, fault: String) {
        self.say(|| format!("FAULT {fault}"));
        lock(&self.faults).push(fault);
    }

    pub fn faults(&self) -> Vec<String> {
        lock(&self.faults).clone()
    }

    /// Deploys another version: environments that are at work finish with the old one.
    pub fn deploy(&self, change: impl FnOnce(&mut Config)) {
        let mut deployed = lock(&self.deployed);
        deployed.number += 1;
        change(&mut deployed.config);
        deployed.config.release = format!("release-{}", deployed.number);
        self.say(|| format!("deployed {}", deployed.config.release));
    }

    /// Notes an activity of a client or a queue.
    pub fn note_activity(&self) {
        *lock(&self.busy_at) = self.now();
    }

    /// The time since the last activity.
    pub fn idle_for(&self) -> SignedDuration {
        self.now().duration_since(*lock(&self.busy_at))
    }

    /// Whether an invocation is in progress.
    pub fn is_running(&self) -> bool {
        self.running.load(Ordering::Relaxed) > 0
    }

    /// Runs something of its own; a panic in it is a fault.
    pub fn go<T: Send + 'static>(
        self: &Arc<Self>,
        name: String,
        work: impl Future<Output = T> + Send + 'static,
    ) -> tokio::task::JoinHandle<Option<T>> {
        let region = self.clone();
        tokio::spawn(async move {
            match AssertUnwindSafe(work).catch_unwind().await {
                Ok(done) => Some(done),
                Err(panic) => {
                    let text = panic.downcast_ref::<String>().cloned();
                    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                    region.record_fault(format!("{name} panicked: {}", text.unwrap_or_default()));
                    None
                }
            }
        })
    }

    fn acquire(&self, function: &'static Function, invocation: &str) -> Warm {
        let (fault, mut dice) = self.plan.at(&format!("{invocation} start"), "an environment");
        let current = lock(&self.deployed).clone();
        let mut warm = None;
        if let Some(idle) = lock(&self.idle).get_mut(function.name()) {
            idle.retain(|idle| idle.release == current.number);
            warm = if fault == Some(Fault::StartsCold) { None } else { idle.pop() };
        }
        let error = |dice: &mut Dice| {
            let ms = i64::try_from(dice.below(2 * CLOCK_ERROR_MS + 1)).unwrap_or_default();
            SignedDuration::from_millis(ms - CLOCK_ERROR_MS as i64)
        };
        let warm = warm.unwrap_or_else(|| {
            let clock = self.clock.wrong_by(error(&mut dice));
            let network = Arc::new(ProcessNetwork::new(self.me.clone()));
            let around = Surroundings {
                config: current.config.clone(),
                clock: clock.clone(),
                entropy: self.app.entropy().clone(),
                network: Some(network.clone()),
            };
            self.say(|| format!("{invocation}: cold start of {}", function.name()));
            Warm { environment: Environment::start(function, around), network, clock, release: current.number }
        });
        if fault == Some(Fault::ClockJumps) {
            warm.clock.jump_to_error(error(&mut dice));
        }
        warm
    }

    /// Invokes a function. None if its process died.
    async fn invoke<T>(
        &self,
        function: &'static Function,
        invocation: &str,
        work: impl FnOnce(Environment) -> BoxFuture<'static, T>,
    ) -> Option<T> {
        let warm = self.acquire(function, invocation);
        warm.network.begin(invocation);
        self.running.fetch_add(1, Ordering::Relaxed);
        let work = Freezable::new(work(warm.environment.clone()), warm.network.clone());
        let done = tokio::select! {
            biased;
            () = warm.network.died.notified() => None,
            done = work => Some(done),
        };
        self.running.fetch_sub(1, Ordering::Relaxed);
        if done.is_some() {
            lock(&self.idle).entry(function.name()).or_default().push(warm);
        } else {
            self.say(|| format!("{invocation}: died"));
        }
        done
    }

    /// Sends a request through the gateway. None if no response arrives.
    pub async fn send(&self, invocation: &str, address: &str, request: Request) -> Option<Response> {
        self.note_activity();
        let (fault, mut dice) = self.plan.at(&format!("{invocation} client"), "the client");
        if fault == Some(Fault::Unreachable) {
            return None;
        }
        if fault == Some(Fault::Doubled) {
            let later = Duration::from_millis(dice.below(40));
            let (region, request) = (self.me.upgrade()?, request.clone());
            let (name, address) = (format!("{invocation} elsewhere"), address.to_owned());
            region.clone().go(name.clone(), async move {
                sleep(later).await;
                region.pass(&name, &address, request).await
            });
        }
        let answer = self.pass(invocation, address, request).await;
        answer.filter(|_| !matches!(fault, Some(Fault::Lost | Fault::Doubled)))
    }

    /// Passes a request to its function. None if the gateway has no response.
    async fn pass(&self, invocation: &str, address: &str, request: Request) -> Option<Response> {
        let (region, name, address) = (self.me.upgrade()?, invocation.to_owned(), address.to_owned());
        let function = request.function();
        self.say(|| format!("{invocation}: {}", function.name()));
        let answering = region.clone().go(invocation.to_owned(), async move {
            let id = name.clone();
            let answer = |environment: Environment| -> BoxFuture<'static, Response> {
                Box::pin(async move { environment.answer(request, id, || address).await })
            };
            region.invoke(function, &name, answer).await
        });
        // The function goes on although the gateway has given up.
        let answer = tokio::time::timeout(GATEWAY_TIMEOUT, answering).await.ok()?.ok()??;
        self.say(|| match &answer {
            Some(answer) => format!("{invocation}: {} {}", answer.status, answer.code()),
            None => format!("{invocation}: no response"),
        });
        answer
    }

    /// Runs a job with an event, in the time of its function. None if its process died.
    pub async fn run(&self, job: &'static Function, invocation: &str, event: Value) -> Option<Result<Value, Problem>> {
        let timeout_s = domains::job(job).map_or(60, |job| job.timeout_s);
        let left = Duration::from_secs(timeout_s.into());
        let run = |environment: Environment| -> BoxFuture<'static, Result<Value, Problem>> {
            Box::pin(async move { environment.run(event, left).await })
        };
        let result = self.invoke(job, invocation, run).await;
        self.say(|| match &result {
            Some(Ok(_)) => format!("{invocation}: ran {}", job.name()),
            Some(Err(problem)) => format!("{invocation}: {} failed: {problem:?}", job.name()),
            None => format!("{invocation}: {} died", job.name()),
        });
        result
    }
}
