//! A scripted Graph API of Meta's that publishes containers: a fake that enforces the vendor's documented rules, and fails on
//! demand. [`Rules`] has what differs; `scripted_threads.rs` and `scripted_instagram.rs` cite the pages of theirs.
//!
//! For errors: <https://developers.facebook.com/docs/graph-api/guides/error-handling>. No page says what a second publication
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

/// What differs between the platforms.
pub struct Rules {
    /// The page where a person agrees: host and path.
    pub page: (&'static str, &'static str),
    pub scopes: [&'static str; 2],
    pub client: (&'static str, &'static str),
    /// The types of grant that exchange and renew tokens.
    pub grants: (&'static str, &'static str),
    /// The names of accounts, their numbers, and what `/me` calls them besides, if that is another number for each app.
    pub accounts: [(&'static str, &'static str, &'static str); 2],
    pub version: &'static str,
    /// The edge of the posts, and the one that publishes.
    pub edges: (&'static str, &'static str),
    /// How the pages write the account in a path.
    pub user: &'static str,
    /// The parameter and field of a text, and its most characters.
    pub text: (&'static str, usize),
    pub most_pictures: usize,
    pub most_posts_a_day: usize,
    /// Whether a post can be without a picture.
    pub without_pictures: bool,
    /// Whether the media type of a picture is named.
    pub names_images: bool,
    /// The fields of a container's status and of its error.
    pub status: (&'static str, &'static str),
    pub permalink: &'static str,
    /// Whether a token and a profile are in a list.
    pub lists_one: bool,
    /// Whether a caption fits in other respects.
    pub is_caption: fn(&str) -> bool,
}

#[derive(Clone)]
pub struct ScriptedMeta {
    rules: &'static Rules,
    state: Arc<Mutex<State>>,
    pub url: Url,
}

struct State {
    rules: &'static Rules,
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
    fn new(received: &Received, rules: &Rules) -> Option<Self> {
        let parts: Vec<&str> = received.url.path().trim_start_matches('/').split('/').collect();
        let (user, (posts, publish)) = (rules.user, rules.edges);
        let (pattern, id) = match parts.as_slice() {
            ["oauth", "access_token"] => ("/oauth/access_token".to_owned(), ""),
            ["access_token"] => ("/access_token".to_owned(), ""),
            ["refresh_access_token"] => ("/refresh_access_token".to_owned(), ""),
            [version, rest @ ..] if *version == rules.version => match rest {
                ["me"] => ("/me".to_owned(), ""),
                [id] => ("/{id}".to_owned(), *id),
                [id, edge] if *edge == posts || *edge == publish => (format!("/{{{user}}}/{edge}"), *id),
                _ => return None,
            },
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

impl ScriptedMeta {
    /// Starts a server whose clock shows `now` until `move_to`.
    pub fn start(rules: &'static Rules, now: Timestamp) -> Self {
        let (listener, url) = bound();
        let state = State {
            rules,
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
        let server = Self { rules, state: Arc::new(Mutex::new(state)), url: url.parse().expect("a URL") };
        let serving = server.clone();
        serve(listener, move |received| match Call::new(&received, rules) {
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
        let (account, at) = (self.number(name).to_owned(), state.now);
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
        self.state().tokens.retain(|_, token| token.account != self.number(name));
    }

    /// Opens the authorization window as this account, whose owner approves. Returns the code and the state of the redirect.
    pub fn authorize_as(&self, name: &str, url: &str) -> Result<(String, String), &'static str> {
        self.state().authorize(self.number(name), url)
    }

    fn number(&self, name: &str) -> &'static str {
        let accounts = &self.rules.accounts;
        accounts.iter().find(|(known, ..)| *known == name).map(|(_, number, _)| *number).expect("an account")
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
        let (user, (posts, publish)) = (self.rules.user, self.rules.edges);
        match call.method.as_str() {
            "POST /oauth/access_token" => self.redeem(call),
            "GET /access_token" => self.exchange(call),
            "GET /refresh_access_token" => self.refresh(call),
            "GET /me" => self.profile(call),
            "GET /{id}" => self.show(call),
            method if method == format!("POST /{{{user}}}/{posts}") => self.create(call),
            method if method == format!("POST /{{{user}}}/{publish}") => self.publish(call),
            method if method == format!("GET /{{{user}}}/{posts}") => self.list(call),
            _ => Err(refused(400, 100, "Unsupported request")),
        }
    }

    fn issue(&mut self) -> String {
        self.issued += 1;
        format!("{}", 17_900_000_000_000_000_u64 + self.issued)
    }
}
