//! What a Bluesky server answers, and what each answer means. Pure: no call is made here.
//!
//! Sources: the lexicons `com.atproto.*`, the XRPC specification (atproto.com/specs/xrpc), and the
//! official server (`@atproto/pds` 0.4, `@atproto/xrpc-server` 0.10) for error names and headers.

use serde::Deserialize;
use serde_json::Value;
use shared::crypto::digest::from_base64url;
use shared::kernel::secrets::SecretText;
use shared::kernel::time::{SignedDuration, Timestamp, after};
use url::Url;

/// `createSession` and `refreshSession`. Every field but the DID may be missing: what a server leaves
/// out must not erase what is stored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionAnswer {
    pub did: String,
    pub handle: Option<String>,
    pub access_jwt: Option<SecretText>,
    pub refresh_jwt: Option<SecretText>,
    pub did_doc: Option<Value>,
    /// False for an account that is deactivated, suspended or taken down.
    pub active: Option<bool>,
    pub status: Option<String>,
}

#[derive(Deserialize)]
pub struct BlobAnswer {
    /// The reference, which goes into the record untouched.
    pub blob: Value,
}

#[derive(Deserialize)]
pub struct HandleAnswer {
    pub did: String,
}

/// `putRecord`: where the record lies now.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PutAnswer {
    pub uri: String,
    pub cid: String,
}

#[derive(Debug, Deserialize)]
pub struct RecordAnswer {
    pub uri: String,
    pub cid: Option<String>,
    pub value: Value,
}

/// A refusal in the platform's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    /// The XRPC error name, such as `InvalidSwap`; where the answer has none, `HTTP <status>`.
    pub code: String,
    /// For people; cut to 500 characters.
    pub text: String,
    /// From the rate-limit headers, where the server says it.
    pub retry_after_s: Option<u32>,
}

/// What a refusal means for what comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The token is too old or not known any more: a fresh one may do.
    StaleToken,
    /// The account or its session is gone: a person must connect it again.
    AccountGone,
    /// Too many calls; certainly not carried out.
    TooMany,
    /// There is another version of the record.
    OtherVersion,
    /// There is no such record.
    NoRecord,
    /// The server failed. Whether it did so before or after the effect, it does not say.
    ServerFault,
    /// The request itself is at fault; the same again is refused again.
    Rejected,
}

impl Refusal {
    pub fn read(status: u16, headers: &http::HeaderMap, body: &[u8], now: Timestamp) -> Self {
        #[derive(Deserialize, Default)]
        struct Body {
            error: Option<String>,
            message: Option<String>,
        }
        let body: Body = serde_json::from_slice(body).unwrap_or_default();
        let code = body.error.filter(|name| !name.is_empty()).unwrap_or_else(|| format!("HTTP {status}"));
        let text = body.message.unwrap_or_else(|| "The server gave no reason.".to_owned());
        Self { status, code: cut(&code, 100), text: cut(&text, 500), retry_after_s: retry_after_s(headers, now) }
    }

    pub fn meaning(&self) -> Meaning {
        match (self.status, self.code.as_str()) {
            (_, "ExpiredToken" | "InvalidToken") => Meaning::StaleToken,
            (_, "AccountTakedown" | "AccountDeactivated" | "AccountSuspended" | "AccountNotFound") => {
                Meaning::AccountGone
            }
            (_, "InvalidSwap") => Meaning::OtherVersion,
            (_, "RecordNotFound") => Meaning::NoRecord,
            (401, _) => Meaning::StaleToken,
            (429, _) => Meaning::TooMany,
            (408 | 500.., _) => Meaning::ServerFault,
            _ => Meaning::Rejected,
        }
    }
}

/// Seconds until a limit ends: `Retry-After` in seconds, else `RateLimit-Reset`, which the official
/// server sends as an epoch second and the IETF draft defines as seconds to wait.
fn retry_after_s(headers: &http::HeaderMap, now: Timestamp) -> Option<u32> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<i64>().ok();
    const A_YEAR_S: i64 = 365 * 24 * 3600;
    let seconds = match (number("retry-after"), number("ratelimit-reset")) {
        (Some(seconds), _) => seconds,
        (None, Some(at)) if at > A_YEAR_S => at - now.as_second(),
        (None, Some(seconds)) => seconds,
        (None, None) => return None,
    };
    u32::try_from(seconds.clamp(1, 24 * 3600)).ok()
}

/// When an access token ends. The server's token is a JWT, whose `exp` is read and not verified: it only
/// says when to ask for the next one. A token without it is taken to live half an hour.
pub fn access_expires_at(token: &SecretText, now: Timestamp) -> Timestamp {
    #[derive(Deserialize)]
    struct Claims {
        exp: i64,
    }
    let claims = token
        .expose()
        .split('.')
        .nth(1)
        .and_then(from_base64url)
        .and_then(|body| serde_json::from_slice::<Claims>(&body).ok());
    claims
        .and_then(|claims| Timestamp::from_second(claims.exp).ok())
        .unwrap_or_else(|| after(now, SignedDuration::from_mins(30)))
}

/// The server that holds an account's repository, from its DID document
/// (atproto.com/specs/did, "DID Documents": the service `#atproto_pds`).
pub fn hosting_server(did_doc: &Value, did: &str) -> Option<Url> {
    if did_doc["id"] != did {
        return None;
    }
    let is_hosting = |service: &&Value| {
        let id = service["id"].as_str().unwrap_or_default();
        (id == "#atproto_pds" || id.strip_prefix(did) == Some("#atproto_pds"))
            && service["type"] == "AtprotoPersonalDataServer"
    };
    let service = did_doc["service"].as_array()?.iter().find(is_hosting)?;
    super::service::origin(service["serviceEndpoint"].as_str()?)
}

fn cut(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;
    use shared::crypto::digest::base64url;

    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_second(1_772_355_000).unwrap()
    }

    fn refusal(status: u16, body: &str) -> Refusal {
        Refusal::read(status, &http::HeaderMap::new(), body.as_bytes(), now())
    }

    #[test]
    fn every_refusal_keeps_the_platform_s_words_and_has_a_meaning() {
        for (status, body, code, meaning) in [
            (400, r#"{"error":"InvalidSwap","message":"Record was at bafy"}"#, "InvalidSwap", Meaning::OtherVersion),
            (400, r#"{"error":"ExpiredToken","message":"Token has expired"}"#, "ExpiredToken", Meaning::StaleToken),
            (400, r#"{"error":"InvalidToken","message":"x"}"#, "InvalidToken", Meaning::StaleToken),
            (401, r#"{"error":"AuthenticationRequired"}"#, "AuthenticationRequired", Meaning::StaleToken),
            (401, r#"{"error":"AccountTakedown","message":"x"}"#, "AccountTakedown", Meaning::AccountGone),
            (401, r#"{"error":"AccountDeactivated","message":"x"}"#, "AccountDeactivated", Meaning::AccountGone),
            (400, r#"{"error":"RecordNotFound","message":"x"}"#, "RecordNotFound", Meaning::NoRecord),
            (400, r#"{"error":"InvalidRequest","message":"x"}"#, "InvalidRequest", Meaning::Rejected),
            (413, "Too large", "HTTP 413", Meaning::Rejected),
            (429, r#"{"error":"RateLimitExceeded"}"#, "RateLimitExceeded", Meaning::TooMany),
            (500, r#"{"error":"InternalServerError"}"#, "InternalServerError", Meaning::ServerFault),
            (502, "<html>", "HTTP 502", Meaning::ServerFault),
            (404, "", "HTTP 404", Meaning::Rejected),
        ] {
            let refusal = refusal(status, body);
            assert_eq!((refusal.code.as_str(), refusal.meaning()), (code, meaning), "{status} {body}");
        }
        assert_eq!(
            refusal(400, r#"{"error":"InvalidSwap","message":"Record was at bafy"}"#).text,
            "Record was at bafy"
        );
        assert_eq!(
            refusal(400, &json!({ "error": "X", "message": "é".repeat(900) }).to_string()).text.chars().count(),
            500
        );
    }

    #[test]
    fn the_rate_limit_headers_say_how_long_to_wait() {
        for (headers, expected) in [
            (vec![], None),
            (vec![("ratelimit-reset", "1772355090")], Some(90)),
            (vec![("ratelimit-reset", "30")], Some(30)),
            (vec![("retry-after", "7"), ("ratelimit-reset", "1772355090")], Some(7)),
            (vec![("ratelimit-reset", "1772354000")], Some(1)),
            (vec![("ratelimit-reset", "9999999999")], Some(86_400)),
            (vec![("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT")], None),
        ] {
            let map = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
            assert_eq!(Refusal::read(429, &map, b"", now()).retry_after_s, expected, "{headers:?}");
        }
    }

    #[test]
    fn a_token_s_end_is_its_exp() {
        let token = |claims: &str| SecretText::new(format!("e30.{}.c2ln", base64url(claims.as_bytes())));
        assert_eq!(access_expires_at(&token(r#"{"exp":1772362200,"scope":"x"}"#), now()).as_second(), 1_772_362_200);
        let half_an_hour = now().as_second() + 1_800;
        assert_eq!(access_expires_at(&token(r#"{"scope":"x"}"#), now()).as_second(), half_an_hour);
        assert_eq!(access_expires_at(&SecretText::new("opaque".to_owned()), now()).as_second(), half_an_hour);
    }

    #[test]
    fn the_hosting_server_comes_from_the_account_s_own_document() {
        let document = |id: &str, service: &str, kind: &str, endpoint: &str| {
            json!({ "id": id, "service": [
                { "id": "#other", "type": "Other", "serviceEndpoint": "https://other.example.com" },
                { "id": service, "type": kind, "serviceEndpoint": endpoint },
            ] })
        };
        let (did, kind) = ("did:plc:abc", "AtprotoPersonalDataServer");
        let endpoint = "https://morel.us-east.host.bsky.network";
        let found = |document: &Value| hosting_server(document, did).map(String::from);
        let expected = Some("https://morel.us-east.host.bsky.network/".to_owned());
        assert_eq!(found(&document(did, "#atproto_pds", kind, endpoint)), expected);
        assert_eq!(found(&document(did, "did:plc:abc#atproto_pds", kind, endpoint)), expected);
        for other in [
            document("did:plc:evil", "#atproto_pds", kind, endpoint),
            document(did, "did:plc:evil#atproto_pds", kind, endpoint),
            document(did, "#atproto_pds", "Other", endpoint),
            document(did, "#atproto_pds", kind, "ftp://example.com"),
            json!({}),
            json!(null),
        ] {
            assert_eq!(found(&other), None, "{other}");
        }
    }
}
