//! The real Bluesky server: its accounts, and the ledger of what was written to them.
//!
//! The server's log has one line for each write (`infra/local/bluesky/server.mjs`), with the server's own time; a
//! repository has the texts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use shared::kernel::time::Timestamp;
use test_support::emulator::CLIENT;

use crate::deployment::{Effect, PlatformAccount};

const POSTS: &str = "app.bsky.feed.post";
/// How a line of the ledger begins, in the server's log.
const WRITTEN: &str = "written ";

pub struct BlueskyServer {
    pub url: String,
    log: PathBuf,
}

/// A line of the ledger.
struct Written {
    at: Timestamp,
    /// The key of a post.
    key: String,
}

impl BlueskyServer {
    /// The server of the local stack, whose log is in this folder.
    pub fn new(url: String, logs: &Path) -> Self {
        let server = Self { url, log: logs.join("pds.log") };
        let log = std::fs::read_to_string(&server.log).unwrap_or_default();
        let text = "the Bluesky server keeps no ledger: `make stop` ends it, and the next start is of this version";
        assert!(log.contains("keeps a ledger"), "{}: {text}", server.log.display());
        server
    }

    pub async fn create_account(&self, name: &str) -> PlatformAccount {
        let handle = format!("{name}.test");
        let body = json!({ "handle": handle, "email": format!("{name}@example.com"), "password": "a lamp and a tram" });
        let made = self.call(self.request(Method::POST, "server.createAccount").json(&body)).await;
        let text = |answer: &Value, field: &str| answer[field].as_str().unwrap_or_default().to_owned();
        let create = self.request(Method::POST, "server.createAppPassword").bearer_auth(text(&made, "accessJwt"));
        let password = self.call(create.json(&json!({ "name": "Bulkhead" }))).await;
        let app_password = text(&password, "password");
        PlatformAccount { service: self.url.clone(), handle, app_password, id: text(&made, "did") }
    }

    /// Every post that was created, also one that was deleted since.
    pub async fn effects(&self, account: &str) -> Vec<Effect> {
        let query = format!("repo.listRecords?repo={account}&collection={POSTS}&limit=100");
        let listed = self.call(self.request(Method::GET, &query)).await;
        let mut texts: BTreeMap<String, String> = BTreeMap::new();
        for record in listed["records"].as_array().into_iter().flatten() {
            let key = record["uri"].as_str().and_then(|uri| uri.rsplit('/').next()).unwrap_or_default();
            texts.insert(key.to_owned(), record["value"]["text"].as_str().unwrap_or_default().to_owned());
        }
        let written = self.written(account);
        assert!(texts.keys().all(|key| written.iter().any(|written| written.key == *key)), "{account}: {texts:?}");
        let effect = |Written { at, key }: Written| {
            let text = texts.get(&key).cloned().unwrap_or_default();
            Effect { at, account: account.to_owned(), id: format!("at://{account}/{POSTS}/{key}"), text }
        };
        written.into_iter().map(effect).collect()
    }

    /// The posts that were created or changed in an account.
    fn written(&self, account: &str) -> Vec<Written> {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let mut found = Vec::new();
        for line in log.lines().filter_map(|line| line.strip_prefix(WRITTEN)) {
            let Ok(line) = serde_json::from_str::<Value>(line) else { continue };
            if line["repo"] != account {
                continue;
            }
            let Some(at) = line["time"].as_str().and_then(|at| at.parse().ok()) else { continue };
            for write in line["writes"].as_array().into_iter().flatten() {
                let path = write["path"].as_str().and_then(|path| path.strip_prefix(POSTS)?.strip_prefix('/'));
                if let Some(key) = path.filter(|_| write["action"] != "delete") {
                    found.push(Written { at, key: key.to_owned() });
                }
            }
        }
        found
    }

    fn request(&self, method: Method, name: &str) -> RequestBuilder {
        CLIENT.request(method, format!("{}/xrpc/com.atproto.{name}", self.url))
    }

    async fn call(&self, request: RequestBuilder) -> Value {
        let answer = request.send().await.expect("an answer of the Bluesky server: `make status` shows if it runs");
        let status = answer.status();
        let text = answer.text().await.unwrap_or_default();
        assert!(status.is_success(), "the Bluesky server: expected 200, got {status}: {text}");
        serde_json::from_str(&text).expect("a document of the Bluesky server")
    }
}
