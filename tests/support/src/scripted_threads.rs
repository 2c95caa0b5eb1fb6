//! A scripted Threads API: a fake that enforces the vendor's documented rules, and fails on demand.
//!
//! Sources: <https://developers.facebook.com/docs/threads/>, pages `posts` (steps, carousels, the limit of 500 characters),
//! `reference/publishing` (parameters), `troubleshooting` (states of a container, the limit of 250 posts a day),
//! `threads-media` (lists and fields), `get-started/get-access-tokens-and-permissions` and `get-started/long-lived-tokens`, and
//! for errors <https://developers.facebook.com/docs/graph-api/guides/error-handling>. No page says what a second publication
//! of a container gets: it is refused here.

mod containers;
mod oauth;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use shared::kernel::time::Timestamp;
use url::Url;

use crate::scripted_http::{Raw, Received, Scripted, Scripts, bound, outcome, serve};
use containers::{Container, Post};
use oauth::{Grant, Token};

/// The host that the product calls.
pub const HOST: &str = "graph.threads.net";
/// The operator's app.
pub const CLIENT_ID: &str = "990602627938098";
pub const CLIENT_SECRET: &str = "a1b2c3d4e5f6";
/// The accounts and their numbers.
pub const ACCOUNTS: [(&str, &str); 2] = [("alice", "31415926535897932"), ("bob", "27182818284590452")];

#[derive(Clone)]
pub struct ScriptedThreads {
    state: Arc<Mutex<State>>,
    pub url: Url,
}

struct State {
    now: Timestamp,
    calls: Vec<Call>,
    scripts: Scripts,
    grants: BTreeMap<String, Grant>,
    tokens: BTreeMap<String, Token>,
    containers: BTreeMap<String, Container>,
    /// Oldest first.
    posts: Vec<Post>,
    issued: u64,
    /// How often a new container with a picture is still in progress when it is asked for.
    looks: u32,
}

/// A call as received.
#[derive(Clone, Debug)]
pub struct Call {
    /// As the vendor's pages name it: `POST /{threads-user-id}/threads_publish`.
    pub method: String,
    /// The number in the path.
    pub id: String,
    /// Of the query, or of the form.
    pub parameters: BTreeMap<String, String>,
}

impl Call {
    fn new(received: &Received) -> Option<Self> {
        let parts: Vec<&str> = received.url.path().trim_start_matches('/').split('/').collect();
        let (pattern, id) = match parts.as_slice() {
            ["oauth", "access_token"] => ("/oauth/access_token", ""),
            ["access_token"] => ("/access_token", ""),
            ["refresh_access_token"] => ("/refresh_access_token", ""),
            ["v1.0", "me"] => ("/me", ""),
            ["v1.0", id] => ("/{id}", *id),
            ["v1.0", id, "threads"] => ("/{threads-user-id}/threads", *id),
            ["v1.0", id, "threads_publish"] => ("/{threads-user-id}/threads_publish", *id),
            _ => return None,
        };
        let mut parameters: BTreeMap<_, _> = received.url.query_pairs().into_owned().collect();
        parameters.extend(url::form_urlencoded::parse(&received.body).into_owned());
        Some(Self { method: format!("{} {pattern}", received.verb), id: id.to_owned(), parameters })
    }

    fn parameter(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }
}

/// An error response of the API.
pub fn refusal(status: u16, code: i64, message: &str) -> Scripted {
    let (status, answer) = refused(status, code, message);
    Scripted::Answer(status, answer)
}

type Answered = Result<Value, (u16, Value)>;

fn refused(status: u16, code: i64, message: &str) -> (u16, Value) {
    (status, json!({ "error": { "message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A" } }))
}

impl ScriptedThreads {
    /// Starts a server whose clock shows `now` until `move_to`.
    pub fn start(now: Timestamp) -> Self {
        let (listener, url) = bound();
        let state = State {
            now,
            calls: Vec::new(),
            scripts: Scripts::default(),
            grants: BTreeMap::new(),
            tokens: BTreeMap::new(),
            containers: BTreeMap::new(),
            posts: Vec::new(),
            issued: 0,
            looks: 0,
        };
        let server = Self { state: Arc::new(Mutex::new(state)), url: url.parse().expect("a URL") };
        let serving = server.clone();
        serve(listener, move |received| match Call::new(&received) {
            Some(call) => serving.answer(call),
            None => outcome(None, || refused(404, 2500, "Unknown path components")),
        });
        server
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the server's clock.
    pub fn move_to(&self, now: Timestamp) {
        self.state().now = now;
    }

    /// Containers with a picture that are created from now on are in progress in the first answers.
    pub fn process_for(&self, looks: u32) {
        self.state().looks = looks;
    }

    /// Scripts the next call of a method; several queue up.
    pub fn next(&self, method: &'static str, scripted: Scripted) {
        self.state().scripts.next(method, scripted);
    }

    /// The calls of a method so far.
    pub fn calls(&self, method: &str) -> Vec<Call> {
        self.state().calls.iter().filter(|call| call.method == method).cloned().collect()
    }

    /// The published posts, oldest first.
    pub fn posts(&self) -> Vec<Post> {
        self.state().posts.clone()
    }

    /// The account's owner posts in the app.
    pub fn post_by_hand(&self, name: &str, text: &str) {
        let mut state = self.state();
        let id = state.issue();
        let (account, at) = (number(name).to_owned(), state.now);
        state.posts.push(Post { id, account, text: text.to_owned(), pictures: Vec::new(), at });
    }

    /// The platform fails to process a container: `FAILED_DOWNLOADING_MEDIA`.
    pub fn fail_container(&self, error: &str) {
        for container in self.state().containers.values_mut() {
            container.error = Some(error.to_owned());
        }
    }

    /// The account's owner removes the app.
    pub fn remove_apps_of(&self, name: &str) {
        self.state().tokens.retain(|_, token| token.account != number(name));
    }

    /// Opens the authorization window as this account, whose owner approves. Returns the code and the state of the redirect.
    pub fn authorize_as(&self, name: &str, url: &str) -> Result<(String, String), &'static str> {
        self.state().authorize(number(name), url)
    }

    /// Answers a call; none if the connection breaks.
    fn answer(&self, call: Call) -> Option<Raw> {
        let mut state = self.state();
        state.calls.push(call.clone());
        let scripted = state.scripts.take(&call.method);
        outcome(scripted, || match state.usual(&call) {
            Ok(answer) => (200, answer),
            Err(refusal) => refusal,
        })
    }
}

impl State {
    fn usual(&mut self, call: &Call) -> Answered {
        match call.method.as_str() {
            "POST /oauth/access_token" => self.redeem(call),
            "GET /access_token" => self.exchange(call),
            "GET /refresh_access_token" => self.refresh(call),
            "GET /me" => self.profile(call),
            "POST /{threads-user-id}/threads" => self.create(call),
            "POST /{threads-user-id}/threads_publish" => self.publish(call),
            "GET /{threads-user-id}/threads" => self.list(call),
            "GET /{id}" => self.show(call),
            _ => Err(refused(400, 100, "Unsupported request")),
        }
    }

    fn issue(&mut self) -> String {
        self.issued += 1;
        format!("{}", 17_900_000_000_000_000_u64 + self.issued)
    }
}

/// The number of an account.
fn number(name: &str) -> &'static str {
    ACCOUNTS.iter().find(|(known, _)| *known == name).map(|(_, number)| *number).expect("an account")
}
