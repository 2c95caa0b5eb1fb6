//! The platforms, which run in process, and the ledger of what they created.

use std::collections::BTreeMap;

use http::HeaderMap;
use serde_json::{Value, json};
use shared::aws::outbound::{OutboundAnswer, OutboundRequest};
use shared::kernel::time::{SignedDuration, after};
use test_support::scripted_http::{Raw, bearer};
use test_support::scripted_mastodon::{Call as MastodonCall, ScriptedMastodon};
use test_support::scripted_server::{Call as BlueskyCall, method};

use crate::deployment::Effect;
use crate::lock;
use crate::region::Region;

/// An access token of Bluesky lasts two hours; here it is shorter, so that stories see it end.
const PLATFORM_TOKENS_LAST_S: i64 = 600;

/// A call on its way to a platform.
#[derive(Clone)]
pub enum PlatformCall {
    Bluesky(BlueskyCall, BTreeMap<String, String>),
    Mastodon(ScriptedMastodon, MastodonCall),
    /// There is no such server or method.
    Nowhere,
}

impl PlatformCall {
    pub fn of(region: &Region, request: &OutboundRequest) -> Self {
        let header = |name: &str| {
            let found = request.headers.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.clone())
        };
        let mastodon = lock(&region.mastodons).get(request.url.host_str().unwrap_or_default()).cloned();
        if let Some(server) = mastodon {
            let call = MastodonCall::new(request.method.as_str(), &request.url, header, request.body.clone());
            return call.map_or(Self::Nowhere, |call| Self::Mastodon(server, call));
        }
        let Some(method) = method(request.url.path()) else { return Self::Nowhere };
        let token = header("authorization").map(|value| bearer(&value)).unwrap_or_default();
        let call = BlueskyCall { method, token, body: request.body.clone() };
        Self::Bluesky(call, request.url.query_pairs().into_owned().collect())
    }

    pub fn boundary(&self) -> String {
        let method = match self {
            Self::Bluesky(call, _) => call.method.as_str(),
            Self::Mastodon(_, call) => call.method.as_str(),
            Self::Nowhere => "",
        };
        format!("HTTP.{method}")
    }

    pub fn has_token(&self) -> bool {
        matches!(self, Self::Bluesky(call, _) if !call.token.is_empty())
    }

    /// The server does not keep the key of the status that this call creates.
    pub fn lose_key(&self) {
        if let Self::Mastodon(server, call) = self {
            let is_known = server.statuses().iter().any(|status| status.idempotency_key == call.idempotency_key);
            if !is_known {
                server.lose_next_key();
            }
        }
    }
}

/// An error, as either platform reads it.
pub fn refusal(status: u16, error: &str) -> OutboundAnswer {
    let body = json!({ "error": error, "message": "as simulated" }).to_string().into();
    OutboundAnswer { status, headers: HeaderMap::new(), body }
}

impl Region {
    /// A new Mastodon server. The name is the first part of its host's.
    pub fn found_mastodon(&self, name: &str) -> ScriptedMastodon {
        let host = format!("{name}.example.com");
        let server = ScriptedMastodon::unconnected(&format!("https://{host}"), self.now());
        lock(&self.mastodons).insert(host, server.clone());
        server
    }

    pub fn answer_of_platform(&self, call: PlatformCall) -> Option<OutboundAnswer> {
        let answer = match call {
            PlatformCall::Bluesky(call, query) => self.answer_of_bluesky(call, &query)?,
            PlatformCall::Mastodon(server, call) => self.answer_of_mastodon(&server, call)?,
            PlatformCall::Nowhere => return Some(refusal(404, "NotFound")),
        };
        Some(OutboundAnswer { status: answer.status, headers: HeaderMap::new(), body: answer.body.into() })
    }

    fn answer_of_bluesky(&self, call: BlueskyCall, query: &BTreeMap<String, String>) -> Option<Raw> {
        // Two hours, less than two hours ago.
        self.platform.issue_from(after(self.now(), SignedDuration::from_secs(PLATFORM_TOKENS_LAST_S - 7200)));
        let sent = (call.method == "repo.putRecord").then(|| serde_json::from_slice::<Value>(&call.body));
        let before = self.platform.created_count();
        let answer = self.platform.answer(call, query)?;
        if let Some(Ok(sent)) = sent
            && self.platform.created_count() > before
        {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let (account, text, key) = (text(&sent["repo"]), text(&sent["record"]["text"]), text(&sent["rkey"]));
            let id = format!("at://{account}/app.bsky.feed.post/{key}");
            self.note_effect(Effect { at: self.now(), account, id, text });
        }
        Some(answer)
    }

    fn answer_of_mastodon(&self, server: &ScriptedMastodon, call: MastodonCall) -> Option<Raw> {
        server.move_to(self.now());
        let before = server.statuses().len();
        let answer = server.answer(call)?;
        for status in server.statuses().into_iter().skip(before) {
            let host = server.url.trim_start_matches("https://");
            let account = format!("{host}/{}", status.account);
            self.note_effect(Effect { at: self.now(), account, id: status.id, text: status.text });
        }
        Some(answer)
    }

    fn note_effect(&self, effect: Effect) {
        self.say(|| format!("EFFECT on {}: {}", effect.account, effect.text));
        lock(&self.ledger).push(effect);
    }
}
