//! A scripted Bluesky server: it keeps sessions and records, and fails on demand.
//!
//! Its default behaviour was recorded from the real one (`tests/real_server.rs` runs against that).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use shared::crypto::digest::{base64url, sha256_hex};
use shared::kernel::time::{SignedDuration, Timestamp, after};

pub use crate::scripted_http::{Change, Raw, Script, Scripted, bearer, text};
use crate::scripted_http::{Received, Scripts, bound, outcome, serve};

/// The hash of every record, which no test checks.
const CID: &str = "bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a";

/// The app password that the server accepts.
pub const PASSWORD: &str = "abcd-2345-efgh-6789";

#[derive(Clone)]
pub struct ScriptedServer {
    state: Arc<Mutex<State>>,
    pub url: String,
}

#[derive(Default)]
struct State {
    calls: Vec<Call>,
    scripts: Scripts,
    /// By account and key: each account has its own repository.
    records: BTreeMap<String, Value>,
    created: usize,
    /// The handle of each refresh token.
    refreshing: BTreeMap<String, String>,
    /// The number of issued tokens, which is part of their text.
    issued: u32,
    expires_at: i64,
}

/// A call as received by the server.
#[derive(Clone, Debug)]
pub struct Call {
    /// Without `com.atproto.`: `repo.putRecord`.
    pub method: String,
    pub token: String,
    pub body: Vec<u8>,
}

/// An XRPC error response.
pub fn refusal(status: u16, error: &str, message: &str) -> Scripted {
    Scripted::Answer(status, json!({ "error": error, "message": message }))
}

impl ScriptedServer {
    /// A server that only `answer` reaches, whose tokens expire two hours from `now`.
    pub fn unconnected(now: Timestamp) -> Self {
        let server = Self { state: Arc::default(), url: "https://pds.example.com".to_owned() };
        server.issue_from(now);
        server
    }

    /// Starts a server whose tokens expire two hours from `now`.
    pub fn start(now: Timestamp) -> Self {
        let (listener, url) = bound();
        let server = Self { state: Arc::default(), url };
        server.issue_from(now);
        let serving = server.clone();
        serve(listener, move |received| {
            let (call, query) = parsed(received)?;
            serving.answer(call, &query)
        });
        server
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes tokens that are issued from now on expire two hours after this instant.
    pub fn issue_from(&self, now: Timestamp) {
        self.state().expires_at = after(now, SignedDuration::from_hours(2)).as_second();
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

    /// Every record, by `<account>/<key>`.
    pub fn records(&self) -> BTreeMap<String, Value> {
        self.state().records.clone()
    }

    /// Edits the record of this name: `<account>/<key>`.
    pub fn edit_record(&self, name: &str, text: &str) {
        if let Some(record) = self.state().records.get_mut(name) {
            record["text"] = json!(text);
        }
    }

    /// How often a record was created.
    pub fn created_count(&self) -> usize {
        self.state().created
    }

    /// Answers a call; none if the connection breaks.
    pub fn answer(&self, call: Call, query: &BTreeMap<String, String>) -> Option<Raw> {
        let mut state = self.state();
        state.calls.push(call.clone());
        let scripted = state.scripts.take(&call.method);
        outcome(scripted, || state.usual(&call, query, &self.url))
    }
}

impl State {
    fn usual(&mut self, call: &Call, query: &BTreeMap<String, String>, url: &str) -> (u16, Value) {
        let input: Value = serde_json::from_slice(&call.body).unwrap_or_default();
        let refused = |status, error: &str| (status, json!({ "error": error, "message": "as scripted" }));
        match call.method.as_str() {
            "server.createSession" if input["password"] == PASSWORD => {
                (200, self.session(input["identifier"].as_str().unwrap_or_default(), url))
            }
            "server.createSession" => refused(401, "AuthenticationRequired"),
            "server.refreshSession" => {
                let handle = self.refreshing.get(&call.token).cloned();
                (200, self.session(handle.as_deref().unwrap_or("alice.test"), url))
            }
            "server.deleteSession" => (200, json!(null)),
            "identity.resolveHandle" => match query["handle"].as_str() {
                "bob.test" => (200, json!({ "did": "did:plc:bob" })),
                _ => refused(400, "HandleNotFound"),
            },
            "repo.uploadBlob" => {
                let name = sha256_hex(&call.body);
                let blob = json!({ "$type": "blob", "ref": { "$link": name }, "mimeType": "image/png", "size": call.body.len() });
                (200, json!({ "blob": blob }))
            }
            "repo.putRecord" => self.put(&input),
            "repo.getRecord" => match self.records.get(&format!("{}/{}", query["repo"], query["rkey"])) {
                Some(record) => (200, located(&query["repo"], &query["rkey"], Some(record))),
                None => refused(400, "RecordNotFound"),
            },
            _ => refused(404, "MethodNotImplemented"),
        }
    }

    fn session(&mut self, handle: &str, url: &str) -> Value {
        self.issued += 1;
        let claims = base64url(json!({ "exp": self.expires_at }).to_string().as_bytes());
        self.refreshing.insert(format!("refresh-{}", self.issued), handle.to_owned());
        let did = format!("did:plc:{}", handle.split('.').next().unwrap_or_default());
        json!({
            "did": did, "handle": handle, "active": true,
            "accessJwt": format!("access-{}.{claims}.x", self.issued),
            "refreshJwt": format!("refresh-{}", self.issued),
            "didDoc": { "id": did, "service": [
                { "id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": url },
            ] },
        })
    }

    fn put(&mut self, input: &Value) -> (u16, Value) {
        let text = |field: &str| input[field].as_str().unwrap_or_default();
        let (account, key) = (text("repo"), text("rkey"));
        let name = format!("{account}/{key}");
        assert!(input.as_object().is_some_and(|input| input.get("swapRecord") == Some(&Value::Null)));
        match self.records.get(&name) {
            Some(record) if *record != input["record"] => {
                (400, json!({ "error": "InvalidSwap", "message": "Record was at bafy" }))
            }
            Some(_) => (200, located(account, key, None)),
            None => {
                let answer = located(account, key, None);
                self.created += 1;
                self.records.insert(name, input["record"].clone());
                (200, answer)
            }
        }
    }
}

fn located(account: &str, key: &str, value: Option<&Value>) -> Value {
    let uri = format!("at://{account}/app.bsky.feed.post/{key}");
    match value {
        Some(value) => json!({ "uri": uri, "cid": CID, "value": value }),
        None => json!({ "uri": uri, "cid": CID }),
    }
}

fn parsed(received: Received) -> Option<(Call, BTreeMap<String, String>)> {
    let method = method(received.url.path())?;
    let token = received.headers.get("authorization").map(|value| bearer(value)).unwrap_or_default();
    Some((Call { method, token, body: received.body }, received.url.query_pairs().into_owned().collect()))
}

/// The method in a path, without `com.atproto.`.
pub fn method(path: &str) -> Option<String> {
    path.strip_prefix("/xrpc/com.atproto.").map(str::to_owned)
}
