//! Mastodon accounts that are connected by OAuth, perhaps twice, or authorised and never chosen; then posts on them.

use std::collections::BTreeMap;
use std::sync::Arc;

use channels::routes::{choose_account, complete_connection, get_connection, start_connection};
use futures::future::BoxFuture;
use serde_json::json;
use shared::function::Function;
use shared::testing::{Person, Request};
use test_support::scripted_mastodon::{ACCOUNTS, ScriptedMastodon};

use super::Story;
use super::people::expect;
use super::publishing::{Publishing, signed_in_again};
use crate::client::{Client, Outcome};
use crate::deployment::Deployment;
use crate::judge::Tables;

/// A person gives up after so many connections that cannot go on: far more than the faults of a world need.
const MOST_CONNECTIONS: usize = 20;

#[derive(Default)]
pub struct Connecting {
    publishing: Publishing,
    workspace: String,
    server: Option<ScriptedMastodon>,
    /// The connections that a person agreed to, by the registration of each with the server.
    agreed: BTreeMap<String, String>,
}

impl Story for Connecting {
    fn run<'a>(&'a mut self, client: &'a Client) -> BoxFuture<'a, ()> {
        Box::pin(self.connect_and_publish(client))
    }

    fn judge<'a>(&'a self, deployment: &'a Arc<dyn Deployment>, tables: &'a Tables) -> BoxFuture<'a, Vec<String>> {
        Box::pin(async move {
            let mut faults = self.publishing.judge(deployment, tables).await;
            if let Some(server) = &self.server {
                faults.extend(self.wrong_tokens(server, tables));
            }
            faults
        })
    }
}

impl Connecting {
    async fn connect_and_publish(&mut self, client: &Client) {
        let Some(region) = client.deployment.region() else { return };
        let Some(person) = client.deployment.owner(client).await else { return };
        let server = region.found_mastodon(&format!("mastodon-{}", client.unique()));
        self.workspace = person.workspace.to_string();
        self.server = Some(server.clone());
        let mut channels = Vec::new();
        let accounts = usize::try_from(client.between(1, 2)).unwrap_or_default();
        for (name, _) in ACCOUNTS.into_iter().take(accounts) {
            if client.once_in(4) {
                let _never_chosen = self.authorise(client, &person, &server, name).await;
            }
            let Some(channel) = self.connect(client, &person, &server, name).await else { return };
            if client.once_in(4) {
                // The same account again: the same channel, whose old token ends.
                let again = self.connect(client, &person, &server, name).await;
                if again.as_ref() != Some(&channel) {
                    client.fault(&format!("{name} is connected as {channel:?}, and again as {again:?}"));
                }
            }
            channels.push(channel);
        }
        self.publishing.publish_on(client, person, &channels).await;
    }

    /// Connects an account: its id and its channel.
    async fn connect(
        &mut self,
        client: &Client,
        person: &Person,
        server: &ScriptedMastodon,
        name: &str,
    ) -> Option<(String, String)> {
        for _ in 0..MOST_CONNECTIONS {
            let Some((connection, account)) = self.authorise(client, person, server, name).await else { continue };
            let person = signed_in_again(client, person).await;
            let choose = of(&choose_account::FUNCTION, &person, &connection).json(json!({ "account_id": account }));
            let outcome =
                perhaps_twice(client, choose.clone().header("idempotency-key", &client.unique()), choose).await;
            match (outcome.status(), outcome.code()) {
                (201, _) => return Some((account, outcome.text("id"))),
                // A process was frozen for longer than a connection lasts, or two requests for one account met.
                (404, _) | (_, "connection_expired" | "channels_modified_concurrently") => {}
                (status, _) => client.fault(&format!("choosing returns {status}: {}", outcome.response.text)),
            }
        }
        client.fault(&format!("{name} cannot be connected with {MOST_CONNECTIONS} connections"));
        None
    }

    /// Starts a connection to which the account's owner agrees, and completes it: the connection and the offered account.
    /// None if it cannot go on.
    async fn authorise(
        &mut self,
        client: &Client,
        person: &Person,
        server: &ScriptedMastodon,
        name: &str,
    ) -> Option<(String, String)> {
        let person = &signed_in_again(client, person).await;
        let body = json!({ "platform": "mastodon", "service": server.url });
        let started = expect(client, Request::to(&start_connection::FUNCTION).by(person).json(body), 201).await;
        let (connection, url) = (started.text("id"), started.text("authorization_url"));
        client.pause_s(1, 30).await;
        server.move_to(client.now());
        let (code, state) = match server.authorize_as(name, &url) {
            Ok(redirected) => redirected,
            Err(error) => {
                client.fault(&format!("the authorization page shows {error}"));
                return None;
            }
        };
        self.agreed.insert(client_of(&url), connection.clone());
        let body = json!({ "code": code, "state": state });
        let request = of(&complete_connection::FUNCTION, person, &connection).json(body);
        let completed = perhaps_twice(client, request.clone(), request).await;
        // The first try may have succeeded, and may go on after its response was lost.
        let shown = match completed.status() {
            200 => completed.response.body,
            _ => client.send_until_answered(of(&get_connection::FUNCTION, person, &connection)).await.response.body,
        };
        let account = shown["accounts"][0]["account_id"].as_str()?.to_owned();
        Some((connection, account))
    }

    /// Each connected account has one token, and there is no other. One that was lost between the redemption of its code
    /// and the commit is known to the server only: its connection never had the entry in the audit log that is committed
    /// with the token.
    fn wrong_tokens(&self, server: &ScriptedMastodon, tables: &Tables) -> Vec<String> {
        let sessions = tables.entities(&self.workspace, "CHANNEL_SESSION");
        let mut kept: Vec<&str> =
            sessions.filter_map(|session| session["app"]["M"]["client_id"]["S"].as_str()).collect();
        let mut faults = Vec::new();
        for live in server.live_clients() {
            if let Some(at) = kept.iter().position(|client| *client == live) {
                kept.swap_remove(at);
                continue;
            }
            let connection = self.agreed.get(&live).map(String::as_str).unwrap_or_default();
            if tables.audit_entries(&self.workspace, "channel.authorised", connection) > 0 {
                faults.push(format!("a token of {connection} is alive, and of no channel"));
            }
        }
        faults.extend(kept.iter().map(|client| format!("the token of a channel is not alive: {client}")));
        faults
    }
}

/// Sends a request until it is answered, and perhaps another one at the same time.
async fn perhaps_twice(client: &Client, request: Request, other: Request) -> Outcome {
    if !client.once_in(3) {
        return client.send_until_answered(request).await;
    }
    let again = client.another("again");
    tokio::join!(client.send_until_answered(request), again.send(other)).0
}

fn of(function: &'static Function, person: &Person, connection: &str) -> Request {
    Request::to(function).by(person).path("connection_id", connection)
}

/// The registration in the address of an authorization page.
fn client_of(url: &str) -> String {
    let mut parameters = url.split(['?', '&']);
    parameters.find_map(|parameter| parameter.strip_prefix("client_id=")).unwrap_or_default().to_owned()
}
