//! A scripted Mastodon server: a fake that enforces the vendor's documented rules, and fails on demand.
//!
//! Sources: <https://docs.joinmastodon.org/methods/>, pages `apps`, `oauth`, `accounts`, `instance`, `media` and `statuses`, and
//! the official server's own code where a page is silent. It is stricter in one thing: PKCE is required, as this product
//! promises to use it.

mod form;
mod oauth;
mod statuses;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use shared::kernel::time::Timestamp;
use url::Url;

use crate::scripted_http::{Raw, Received, Script, Scripted, Scripts, bearer, bound, outcome, serve};
use oauth::{App, Grant, Token};
use statuses::{Key, Media};

/// The accounts of the server and their numbers.
pub const ACCOUNTS: [(&str, &str); 2] = [("alice", "109"), ("bob", "110")];

#[derive(Clone)]
pub struct ScriptedMastodon {
    state: Arc<Mutex<State>>,
    pub url: String,
}

struct State {
    url: String,
    now: Timestamp,
    limits: Limits,
    calls: Vec<Call>,
    scripts: Scripts,
    /// By client identifier.
    apps: BTreeMap<String, App>,
    /// By code.
    grants: BTreeMap<String, Grant>,
    /// By token; a revoked one stays, so that its error differs from that of an unknown one.
    tokens: BTreeMap<String, Token>,
    /// By number.
    media: BTreeMap<String, Media>,
    /// Oldest first.
    statuses: Vec<Status>,
    /// By account and key.
    keys: BTreeMap<(String, String), Key>,
    /// How many identifiers were issued: each is part of a text or a number.
    issued: u64,
    /// How often an uploaded picture is still being processed when it is looked at.
    looks: u32,
    loses_next_key: bool,
}

/// A call as received by the server.
#[derive(Clone, Debug)]
pub struct Call {
    /// As the vendor's pages name it: `GET /api/v1/media/:id`.
    pub method: String,
    /// The identifier in the path; empty if the method has none.
    pub id: String,
    pub query: BTreeMap<String, String>,
    pub token: String,
    pub content_type: String,
    pub idempotency_key: Option<String>,
    pub body: Vec<u8>,
}

/// What the server states about itself, and enforces: `GET /api/v2/instance`.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub max_characters: usize,
    pub max_media_attachments: usize,
    pub characters_reserved_per_url: usize,
    pub image_size_limit: usize,
    /// Stated since version 4.4; the same number was enforced before.
    pub description_limit: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_characters: 500,
            max_media_attachments: 4,
            characters_reserved_per_url: 23,
            image_size_limit: 16_777_216,
            description_limit: 1_500,
        }
    }
}

/// A published status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    pub id: String,
    /// The number of its author.
    pub account: String,
    pub text: String,
    /// `spoiler_text`, `visibility`, `sensitive` and `language`, as they were sent.
    pub options: Value,
    /// The numbers of its pictures, in order.
    pub media_ids: Vec<String>,
    /// The description of each picture.
    pub descriptions: Vec<Option<String>>,
    pub created_at: Timestamp,
    /// The name of the app that wrote it: `Web` for the web interface, none if the app was deleted.
    pub application: Option<String>,
    pub idempotency_key: Option<String>,
    pub url: String,
}

impl Call {
    /// None if the server has no such method.
    pub fn new(verb: &str, url: &Url, header: impl Fn(&str) -> Option<String>, body: Vec<u8>) -> Option<Self> {
        let (pattern, id) = route(url.path())?;
        Some(Self {
            method: format!("{verb} {pattern}"),
            id,
            query: url.query_pairs().into_owned().collect(),
            token: header("authorization").map(|value| bearer(&value)).unwrap_or_default(),
            content_type: header("content-type").unwrap_or_default(),
            idempotency_key: header("idempotency-key"),
            body,
        })
    }
}

/// The path as the vendor's pages write it, and the identifier in it.
fn route(path: &str) -> Option<(String, String)> {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let (pattern, id) = match parts.as_slice() {
        ["oauth", "token" | "revoke"]
        | ["api", "v1", "apps" | "statuses"]
        | ["api", "v2", "instance" | "media"]
        | ["api", "v1", "accounts", "verify_credentials"] => (path.to_owned(), ""),
        ["api", "v1", "media", id] => ("/api/v1/media/:id".to_owned(), *id),
        ["api", "v1", "accounts", id, "statuses"] => ("/api/v1/accounts/:id/statuses".to_owned(), *id),
        ["api", "v1", "statuses", id, "source"] => ("/api/v1/statuses/:id/source".to_owned(), *id),
        _ => return None,
    };
    Some((pattern, id.to_owned()))
}

/// An error response of the API.
pub fn refusal(status: u16, error: &str) -> Scripted {
    Scripted::Answer(status, json!({ "error": error }))
}

impl ScriptedMastodon {
    /// A server that only `answer` reaches.
    pub fn unconnected(url: &str, now: Timestamp) -> Self {
        Self::at(url.to_owned(), now)
    }

    /// Starts a server whose clock shows `now` until `move_to`.
    pub fn start(now: Timestamp) -> Self {
        let (listener, url) = bound();
        let server = Self::at(url, now);
        let serving = server.clone();
        serve(listener, move |Received { verb, url, headers, body }| {
            match Call::new(&verb, &url, |name| headers.get(name).cloned(), body) {
                Some(call) => serving.answer(call),
                None => outcome(None, || refused(404, "Record not found")),
            }
        });
        server
    }

    fn at(url: String, now: Timestamp) -> Self {
        let state = State {
            url: url.clone(),
            now,
            limits: Limits::default(),
            calls: Vec::new(),
            scripts: Scripts::default(),
            apps: BTreeMap::new(),
            grants: BTreeMap::new(),
            tokens: BTreeMap::new(),
            media: BTreeMap::new(),
            statuses: Vec::new(),
            keys: BTreeMap::new(),
            issued: 0,
            looks: 0,
            loses_next_key: false,
        };
        Self { state: Arc::new(Mutex::new(state)), url }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the server's clock.
    pub fn move_to(&self, now: Timestamp) {
        self.state().now = now;
    }

    pub fn set_limits(&self, limits: Limits) {
        self.state().limits = limits;
    }

    /// Pictures that are uploaded from now on are still being processed when they are uploaded, and in the first `looks - 1`
    /// answers after that.
    pub fn process_for(&self, looks: u32) {
        self.state().looks = looks;
    }

    /// The next status is stored without its idempotency key, as if the server had died in between: it writes the status to
    /// its database first, then the key to Redis (`PostStatusService`).
    pub fn lose_next_key(&self) {
        self.state().loses_next_key = true;
    }

    /// Scripts the next call of a method; several queue up.
    pub fn next(&self, method: &'static str, scripted: Scripted) {
        self.state().scripts.next(method, scripted);
    }

    /// Scripts every call of a method without a queued outcome, until `recover`.
    pub fn always(&self, method: &'static str, scripted: Script) {
        self.state().scripts.always(method, scripted);
    }

    /// Removes every script.
    pub fn recover(&self) {
        self.state().scripts.clear();
    }

    /// The calls of a method so far.
    pub fn calls(&self, method: &str) -> Vec<Call> {
        self.state().calls.iter().filter(|call| call.method == method).cloned().collect()
    }

    /// Every status of every account, oldest first.
    pub fn statuses(&self) -> Vec<Status> {
        self.state().statuses.clone()
    }

    /// The tokens that the server accepts.
    pub fn live_tokens(&self) -> Vec<String> {
        let state = self.state();
        state.tokens.iter().filter(|(_, token)| !token.is_revoked).map(|(text, _)| text.clone()).collect()
    }

    /// The client identifier of each token that the server accepts.
    pub fn live_clients(&self) -> Vec<String> {
        let state = self.state();
        state.tokens.values().filter(|token| !token.is_revoked).map(|token| token.client_id.clone()).collect()
    }

    /// Opens the authorization page as alice, who approves. Returns the code and the state of the redirect, or the error that
    /// the page shows.
    pub fn authorize(&self, url: &str) -> Result<(String, String), &'static str> {
        self.authorize_as("alice", url)
    }

    /// The same as another account.
    pub fn authorize_as(&self, name: &str, url: &str) -> Result<(String, String), &'static str> {
        self.state().authorize(number(name), url)
    }

    /// The account's owner removes every app under "Authorized apps".
    pub fn remove_apps_of(&self, name: &str) {
        let account = number(name);
        for token in self.state().tokens.values_mut().filter(|token| token.account == account) {
            token.is_revoked = true;
        }
    }

    /// The server deletes the apps that have no token, as it does with those a day old (`Vacuum::ApplicationsVacuum`).
    pub fn vacuum_apps(&self) {
        let mut state = self.state();
        let used: Vec<String> =
            state.tokens.values().filter(|token| !token.is_revoked).map(|token| token.client_id.clone()).collect();
        state.apps.retain(|client_id, _| used.contains(client_id));
    }

    /// The account's owner writes a status in the web interface.
    pub fn write_by_hand(&self, name: &str, text: &str) -> Status {
        self.state().write(number(name), (text, Value::Null), Vec::new(), Some("Web".to_owned()), None)
    }

    /// The account's owner edits a status.
    pub fn edit_status(&self, id: &str, text: &str) {
        if let Some(status) = self.state().statuses.iter_mut().find(|status| status.id == id) {
            text.clone_into(&mut status.text);
        }
    }

    /// The account's owner deletes a status.
    pub fn delete_status(&self, id: &str) {
        self.state().statuses.retain(|status| status.id != id);
    }

    /// Answers a call; none if the connection breaks.
    pub fn answer(&self, call: Call) -> Option<Raw> {
        let mut state = self.state();
        state.calls.push(call.clone());
        let scripted = state.scripts.take(&call.method);
        outcome(scripted, || state.usual(&call))
    }
}

impl State {
    fn usual(&mut self, call: &Call) -> (u16, Value) {
        let answered = match call.method.as_str() {
            "POST /api/v1/apps" => self.register(call),
            "POST /oauth/token" => self.redeem(call),
            "POST /oauth/revoke" => self.revoke(call),
            "GET /api/v2/instance" => Ok((200, self.instance())),
            "GET /api/v1/accounts/verify_credentials" => self.verify_credentials(call),
            "POST /api/v2/media" => self.upload(call),
            "GET /api/v1/media/:id" => self.look(call),
            "POST /api/v1/statuses" => self.publish(call),
            "GET /api/v1/accounts/:id/statuses" => self.list(call),
            "GET /api/v1/statuses/:id/source" => self.source(call),
            _ => Err(refused(404, "Record not found")),
        };
        answered.unwrap_or_else(|refusal| refusal)
    }

    fn issue(&mut self) -> u64 {
        self.issued += 1;
        self.issued
    }

    /// `configuration` of <https://docs.joinmastodon.org/entities/Instance/>.
    fn instance(&self) -> Value {
        let limits = self.limits;
        json!({
            "domain": self.host(),
            "title": "A scripted server",
            "version": "4.4.0",
            "configuration": {
                "statuses": {
                    "max_characters": limits.max_characters,
                    "max_media_attachments": limits.max_media_attachments,
                    "characters_reserved_per_url": limits.characters_reserved_per_url,
                },
                "media_attachments": {
                    "supported_mime_types": ["image/jpeg", "image/png", "image/gif", "image/webp"],
                    "image_size_limit": limits.image_size_limit,
                    "description_limit": limits.description_limit,
                },
            },
        })
    }

    /// <https://docs.joinmastodon.org/methods/accounts/#verify_credentials>.
    fn verify_credentials(&self, call: &Call) -> Answered {
        let account = self.account(call, "read:accounts")?.account.clone();
        Ok((200, self.account_entity(&account)))
    }

    fn account_entity(&self, account: &str) -> Value {
        let name = ACCOUNTS.iter().find(|(_, number)| *number == account).map_or("", |(name, _)| *name);
        json!({ "id": account, "username": name, "acct": name, "url": format!("{}/@{name}", self.url) })
    }

    fn host(&self) -> &str {
        self.url.split("//").nth(1).unwrap_or_default()
    }
}

/// A response, or an error response.
type Answered = Result<(u16, Value), (u16, Value)>;

fn refused(status: u16, error: &str) -> (u16, Value) {
    (status, json!({ "error": error }))
}

/// The number of an account.
fn number(name: &str) -> &'static str {
    ACCOUNTS.iter().find(|(known, _)| *known == name).map(|(_, number)| *number).expect("an account of the server")
}
