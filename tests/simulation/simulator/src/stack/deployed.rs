//! What stories and judge ask of the local stack.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::Value;
use shared::kernel::time::{SignedDuration, Timestamp, after};
use shared::tenancy::Role;
use shared::testing::{Mail, Person, Request, Response};
use tokio::time::Instant;

use super::emulator::{self, Accepted};
use super::{Earlier, Session, Stack};
use crate::client::Client;
use crate::deployment::{Deployment, Effect, PlatformAccount, Snapshot};
use crate::judge::Tables;
use crate::lock;
use crate::plan::Dice;
use crate::region::Region;
use crate::stories::people::{founder, session};
use crate::stories::refreshing::{Exchanged, exchange};

/// The pauses of most clients are a twelfth of those in simulated worlds, and of some half.
const HURRIED: u64 = 12;
const UNHURRIED: u64 = 2;
/// An access token lasts 15 minutes.
const TOKEN_AGE: Duration = Duration::from_secs(4 * 60);
/// The time of `send-email`: a process that was hit earlier did not send this mail.
const MAIL_TIME: SignedDuration = SignedDuration::from_secs(35);

impl Deployment for Stack {
    fn now(&self) -> Timestamp {
        self.current_time()
    }

    fn dice(&self, name: &str) -> Dice {
        Dice::of(self.seed, name)
    }

    fn unique(&self, roll: u64) -> String {
        self.unique_text(roll)
    }

    fn pace(&self, client: &str) -> u64 {
        let is_unhurried = self.unhurried > 0 && self.dice(&format!("{client} pace")).once_in(self.unhurried);
        if is_unhurried { UNHURRIED } else { HURRIED }
    }

    fn fault(&self, fault: String) {
        self.note(&format!("FAULT {fault}"));
        lock(&self.faults).push(fault);
    }

    fn request<'a>(&'a self, name: &'a str, address: &'a str, request: Request) -> BoxFuture<'a, Option<Response>> {
        Box::pin(async move {
            let function = request.function().name();
            let request = request.into_http(&self.base_url).expect("a request");
            let answer = self.send(address, request).await;
            self.note(&match &answer {
                Some(answer) => format!("{name}: {function} {} {}", answer.status, answer.code()),
                None => format!("{name}: {function} no response"),
            });
            answer
        })
    }

    fn upload<'a>(&'a self, described: &'a Value, file: Vec<u8>) -> BoxFuture<'a, Option<Response>> {
        Box::pin(async move {
            let mut request = http::Request::put(described["url"].as_str().unwrap_or_default());
            for (name, value) in described["headers"].as_object().into_iter().flatten() {
                // The client computes it from the body.
                if name != "content-length" {
                    request = request.header(name, value.as_str().unwrap_or_default());
                }
            }
            self.send("127.0.0.1", request.body(file).expect("a request")).await
        })
    }

    fn owner<'a>(&'a self, client: &'a Client) -> BoxFuture<'a, Option<Person>> {
        Box::pin(async move {
            let (account, workspace) = founder(client).await;
            let session = session(client, &account).await.parse().ok()?;
            let (user, workspace) = (account.user.parse().ok()?, workspace.parse().ok()?);
            let (refresh_token, access_token) = (account.refresh_token, account.access_token.clone());
            let open = Session { refresh_token, access_token, since: Instant::now() };
            lock(&self.sessions).insert(workspace, open);
            Some(Person { user, session, workspace, role: Role::Owner, token: account.access_token })
        })
    }

    fn signed_in_again<'a>(&'a self, client: &'a Client, person: &'a Person) -> BoxFuture<'a, Person> {
        Box::pin(async move {
            let open = lock(&self.sessions).get(&person.workspace).cloned().expect("an owner's session");
            if open.since.elapsed() < TOKEN_AGE {
                return Person { token: open.access_token, ..person.clone() };
            }
            let Exchanged::For(tokens) = exchange(client, &open.refresh_token).await else {
                client.fault("an owner who did nothing wrong lost the session");
                return person.clone();
            };
            let (refresh_token, access_token) = (tokens.refresh, tokens.access.clone());
            let open = Session { refresh_token, access_token, since: Instant::now() };
            lock(&self.sessions).insert(person.workspace, open);
            Person { token: tokens.access, ..person.clone() }
        })
    }

    fn platform_account<'a>(&'a self, name: &'a str) -> BoxFuture<'a, PlatformAccount> {
        Box::pin(self.platform.create_account(name))
    }

    fn effects<'a>(&'a self, account: &'a str) -> BoxFuture<'a, Vec<Effect>> {
        Box::pin(self.platform.effects(account))
    }

    fn mails_to<'a>(&'a self, email: &'a str) -> BoxFuture<'a, Vec<Mail>> {
        Box::pin(async move {
            let mails = self.mails().await.into_iter().map(|accepted| accepted.mail);
            mails.filter(|mail| mail.to == email).collect()
        })
    }

    fn snapshot(&self) -> BoxFuture<'_, Snapshot> {
        Box::pin(async move {
            let mut snapshot = self.everything().await;
            let is_ours = |item: &Value| !self.earlier.keys.contains(&key(item));
            snapshot.unsent.retain(is_ours);
            snapshot.tables.tenants.retain(is_ours);
            snapshot
        })
    }

    fn region(&self) -> Option<Arc<Region>> {
        None
    }
}

/// The key of an item.
fn key(item: &Value) -> String {
    format!("{} {}", item["pk"]["S"], item["sk"]["S"])
}

impl Stack {
    async fn send(&self, address: &str, request: http::Request<Vec<u8>>) -> Option<Response> {
        let answer = async {
            let request = reqwest::Request::try_from(request)?;
            let answer = self.client_at(address).execute(request).await?;
            let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
            Ok::<_, reqwest::Error>(Response::new(status, headers, answer.text().await?))
        };
        let answer = answer.await.ok();
        self.counted(answer.as_ref().map_or(0, |answer| answer.status));
        answer
    }

    /// What earlier runs have left: nothing of ours is stored yet.
    pub(super) async fn left_over(&self) -> Earlier {
        let snapshot = self.everything().await;
        let is_due = |item: &&Value| item["due_pk"]["S"].is_string();
        let items = snapshot.unsent.iter().chain(snapshot.tables.tenants.iter().filter(is_due));
        let mut earlier = Earlier { keys: items.map(key).collect(), ..Earlier::default() };
        for queue in &self.dead_letter_queues {
            earlier.dead_letters.insert(queue.name.clone(), queue.count().await);
        }
        earlier
    }

    async fn everything(&self) -> Snapshot {
        let tenants = emulator::items(&self.table("tenants")).await;
        let tables = Tables { tenants, audit: emulator::items(&self.table("audit")).await };
        let (mailed, excused) = self.mailed().await;
        Snapshot {
            tables,
            unsent: emulator::items(&self.table("outbox")).await,
            on_the_way: self.on_the_way().await,
            dead_letters: self.dead_letters().await,
            mailed,
            excused,
        }
    }

    async fn on_the_way(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (queue, _) in &self.queues {
            let count = queue.count().await;
            if count > 0 {
                found.push(format!("{count} messages on the queue {}", queue.name));
            }
        }
        found
    }

    async fn dead_letters(&self) -> Vec<String> {
        let mut found = Vec::new();
        for queue in &self.dead_letter_queues {
            let (count, earlier) = (queue.count().await, self.earlier.dead_letters.get(&queue.name));
            if count > earlier.copied().unwrap_or_default() {
                found.push(format!("{count} in {}, some are {:?}", queue.name, queue.some().await));
            }
        }
        found
    }

    /// The mails of this run by their recipient and text, and those during whose delivery a process of `send-email` was hit.
    async fn mailed(&self) -> (BTreeMap<String, usize>, BTreeSet<String>) {
        let mut copies: BTreeMap<String, Vec<Timestamp>> = BTreeMap::new();
        for Accepted { at, mail } in self.mails().await.into_iter().filter(|mail| mail.at >= self.started) {
            copies.entry(format!("{} to {}: {}", mail.subject, mail.to, mail.text)).or_default().push(at);
        }
        let hits = lock(&self.hits).clone();
        let mailing: Vec<_> = hits.iter().filter(|hit| hit.function == "send-email").map(|hit| hit.at).collect();
        let is_excused = |sent: &Vec<Timestamp>| {
            let (first, last) = (after(sent[0], -MAIL_TIME), sent[sent.len() - 1]);
            mailing.iter().any(|hit| (first..=last).contains(hit))
        };
        let excused = copies.iter().filter(|(_, sent)| is_excused(sent)).map(|(mail, _)| mail.clone()).collect();
        (copies.into_iter().map(|(mail, sent)| (mail, sent.len())).collect(), excused)
    }
}
