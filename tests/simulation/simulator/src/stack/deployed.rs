//! What stories and judge ask of the local stack.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::Value;
use shared::kernel::time::Timestamp;
use shared::tenancy::Role;
use shared::testing::{Mail, Person, Request, Response};
use tokio::time::Instant;

use super::{Session, Stack};
use crate::client::Client;
use crate::deployment::{Deployment, Effect, PlatformAccount, Snapshot};
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

impl Deployment for Stack {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn dice(&self, name: &str) -> Dice {
        Dice::of(self.seed, name)
    }

    fn unique(&self, roll: u64) -> String {
        // It depends on this run too: the stack keeps what earlier runs stored.
        let run = format!("run at {}", self.started);
        format!("{:012x}", Dice::of(roll, &run).roll() >> 16)
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
            snapshot.unsent.retain(|item| !self.is_left_over(item));
            snapshot.tables.tenants.retain(|item| !self.is_left_over(item));
            snapshot
        })
    }

    fn region(&self) -> Option<Arc<Region>> {
        None
    }
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
}
