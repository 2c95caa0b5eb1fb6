//! A scripted X: a fake that enforces the vendor's documented rules, and fails on demand.
//!
//! Sources: <https://docs.x.com/fundamentals/authentication/oauth-2-0/user-access-token> (codes for 30 seconds, access tokens for two
//! hours, Basic authentication of confidential clients), RFC 6749, section 6 and RFC 9700, section 4.14.2 (a refresh token works
//! once, and a second use ends its session), and of <https://docs.x.com/x-api> the pages `media/upload-media`,
//! `media/create-media-metadata`, `posts/create-post` and `users/get-posts`. Links are replaced and duplicates refused as
//! <https://docs.x.com/fundamentals/counting-characters> and
//! <https://devcommunity.x.com/t/you-are-not-allowed-to-create-a-tweet-with-duplicate-content> say.

mod oauth;
mod posts;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use shared::crypto::digest::base64;
use shared::kernel::time::Timestamp;
use url::Url;

use crate::scripted_http::{Received, Scripted, Scripts, bearer, bound, outcome, serve};

/// The host that the product calls.
pub const HOST: &str = "api.x.com";
/// The accounts and their ids.
pub const ACCOUNTS: [(&str, &str); 2] = [("alice", "2244994945"), ("bob", "6253282")];

#[derive(Clone)]
pub struct ScriptedX {
    state: Arc<Mutex<State>>,
    pub url: Url,
}

struct State {
    now: Timestamp,
    calls: Vec<Call>,
    scripts: Scripts,
    /// The secret of each client.
    apps: BTreeMap<String, String>,
    /// By code.
    grants: BTreeMap<String, Grant>,
    sessions: Vec<Session>,
    /// The descriptions of pictures, by id.
    media: BTreeMap<String, Option<String>>,
    /// Oldest first.
    posts: Vec<Post>,
    issued: u64,
}

/// A call as received.
#[derive(Clone, Debug)]
pub struct Call {
    /// As the vendor's pages name it: `POST /2/tweets`.
    pub method: String,
    pub query: BTreeMap<String, String>,
    pub form: BTreeMap<String, String>,
    /// The value of the header.
    pub authorization: String,
    pub body: Value,
}

struct Grant {
    account: &'static str,
    client_id: String,
    redirect_uri: String,
    challenge: String,
    created_at: Timestamp,
}

/// What an account gave to an app, until it is ended.
struct Session {
    account: &'static str,
    client_id: String,
    access: String,
    expires_at: Timestamp,
    refresh: String,
    used: Vec<String>,
    is_ended: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    pub id: String,
    pub account: &'static str,
    pub text: String,
    pub media_ids: Vec<String>,
    pub descriptions: Vec<Option<String>>,
    pub created_at: Timestamp,
}

type Answered = Result<(u16, Value), (u16, Value)>;

/// An error of the API.
pub fn problem(status: u16, title: &str, detail: &str) -> Scripted {
    Scripted::Answer(status, json!({ "title": title, "detail": detail, "type": "about:blank", "status": status }))
}

impl ScriptedX {
    pub fn start(now: Timestamp) -> Self {
        let (listener, url) = bound();
        let state = State {
            now,
            calls: Vec::new(),
            scripts: Scripts::default(),
            apps: BTreeMap::new(),
            grants: BTreeMap::new(),
            sessions: Vec::new(),
            media: BTreeMap::new(),
            posts: Vec::new(),
            issued: 0,
        };
        let server = Self { state: Arc::new(Mutex::new(state)), url: Url::parse(&url).expect("a URL") };
        let serving = server.clone();
        serve(listener, move |received| {
            let call = Call::of(&received);
            let mut state = serving.state();
            state.calls.push(call.clone());
            let scripted = state.scripts.take(&call.method);
            outcome(scripted, || state.answer(&call).unwrap_or_else(|refused| refused))
        });
        server
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers an app, or replaces its secret.
    pub fn register(&self, client_id: &str, client_secret: &str) {
        self.state().apps.insert(client_id.to_owned(), client_secret.to_owned());
    }

    pub fn move_to(&self, now: Timestamp) {
        self.state().now = now;
    }

    /// Scripts the next call of a method; several queue up.
    pub fn next(&self, method: &'static str, scripted: Scripted) {
        self.state().scripts.next(method, scripted);
    }

    /// The calls of a method so far.
    pub fn calls(&self, method: &str) -> Vec<Call> {
        self.state().calls.iter().filter(|call| call.method == method).cloned().collect()
    }

    /// Every post, oldest first.
    pub fn posts(&self) -> Vec<Post> {
        self.state().posts.clone()
    }

    /// A post that its author writes on X.
    pub fn write_by_hand(&self, name: &str, text: &str) {
        let account = account_named(name);
        self.state().write(account, text, Vec::new());
    }

    /// The number of sessions that are not ended.
    pub fn live_sessions(&self) -> usize {
        self.state().sessions.iter().filter(|session| !session.is_ended).count()
    }

    /// A person withdraws the app's rights in their settings.
    pub fn withdraw(&self) {
        for session in &mut self.state().sessions {
            session.is_ended = true;
        }
    }

    /// A person agrees at this address: the code and the state.
    ///
    /// # Errors
    ///
    /// What the page says.
    pub fn authorize(&self, name: &str, url: &str) -> Result<(String, String), &'static str> {
        let url = Url::parse(url).ok().filter(|url| url.as_str().starts_with("https://x.com/i/oauth2/authorize?"));
        let parameters: BTreeMap<String, String> = url.ok_or("not the page")?.query_pairs().into_owned().collect();
        let parameter = |name: &str| parameters.get(name).cloned().unwrap_or_default();
        let mut state = self.state();
        if !state.apps.contains_key(&parameter("client_id")) {
            return Err("unknown app");
        }
        let scopes = parameter("scope");
        let has = |scope| scopes.split(' ').any(|given| given == scope);
        if !["tweet.read", "tweet.write", "users.read", "media.write", "offline.access"].into_iter().all(has) {
            return Err("missing scope");
        }
        if parameter("response_type") != "code" || parameter("code_challenge_method") != "S256" {
            return Err("malformed");
        }
        let code = format!("code-{}", state.issue());
        let (client_id, redirect_uri) = (parameter("client_id"), parameter("redirect_uri"));
        let (account, challenge, created_at) = (account_named(name), parameter("code_challenge"), state.now);
        state.grants.insert(code.clone(), Grant { account, client_id, redirect_uri, challenge, created_at });
        Ok((code, parameter("state")))
    }
}

fn account_named(name: &str) -> &'static str {
    ACCOUNTS.iter().find(|(known, _)| *known == name).map_or("", |(_, id)| id)
}

impl Call {
    fn of(received: &Received) -> Self {
        let path = received.url.path();
        let is_listing = path.starts_with("/2/users/") && path.ends_with("/tweets");
        let path = if is_listing { "/2/users/:id/tweets" } else { path };
        Self {
            method: format!("{} {path}", received.verb),
            query: received.url.query_pairs().into_owned().collect(),
            form: url::form_urlencoded::parse(&received.body).into_owned().collect(),
            authorization: received.headers.get("authorization").cloned().unwrap_or_default(),
            body: serde_json::from_slice(&received.body).unwrap_or_default(),
        }
    }

    fn field(&self, name: &str) -> &str {
        self.form.get(name).map_or("", String::as_str)
    }
}

fn refused(status: u16, title: &str, detail: &str) -> (u16, Value) {
    (status, json!({ "title": title, "detail": detail, "type": "about:blank", "status": status }))
}

impl State {
    fn issue(&mut self) -> u64 {
        self.issued += 1;
        self.issued
    }

    fn answer(&mut self, call: &Call) -> Answered {
        match call.method.as_str() {
            "POST /2/oauth2/token" => self.token(call),
            "POST /2/oauth2/revoke" => self.revoke(call),
            "GET /2/users/me" => {
                let account = self.account(call)?;
                let name = ACCOUNTS.iter().find(|(_, id)| *id == account).map_or("", |(name, _)| name);
                Ok((200, json!({ "data": { "id": account, "name": name, "username": name } })))
            }
            "POST /2/media/upload" => self.upload(call),
            "POST /2/media/metadata" => self.describe(call),
            "POST /2/tweets" => self.publish(call),
            "GET /2/users/:id/tweets" => self.list(call),
            _ => Err(refused(404, "Not Found", "Not Found")),
        }
    }

    /// The account of a call's access token.
    fn account(&self, call: &Call) -> Result<&'static str, (u16, Value)> {
        let token = bearer(&call.authorization);
        let session = self.sessions.iter().find(|session| session.access == token && !session.is_ended);
        let session = session.filter(|session| self.now < session.expires_at);
        session.map(|session| session.account).ok_or_else(|| refused(401, "Unauthorized", "Unauthorized"))
    }
}

/// The Basic authentication of a client, for a test that compares it.
pub fn basic(client_id: &str, client_secret: &str) -> String {
    format!("Basic {}", base64(format!("{client_id}:{client_secret}").as_bytes()))
}
