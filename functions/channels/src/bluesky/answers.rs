//! The responses of a Bluesky server and their meaning. Pure: this module makes no calls.
//!
//! Anyone can run such a server, so every field is parsed against a syntax and a bound: a response that violates them
//! is rejected. JSON is read to a depth of 128 (`serde_json`), and the client bounds its size.
//!
//! Sources: the lexicons `com.atproto.*`, the XRPC specification (atproto.com/specs/xrpc), and the
//! official server (`@atproto/pds` 0.4, `@atproto/xrpc-server` 0.10) for error names and headers.

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;
use shared::crypto::digest::from_base64url;
use shared::kernel::secrets::SecretText;
use shared::kernel::time::{SignedDuration, Timestamp, after};
use url::Url;

use super::handle::Handle;
use super::identifiers::{Cid, Did, RecordUri};
use crate::call::{Dialect, Meaning};

/// `createSession` and `refreshSession`. Every field but the DID may be missing: a field that the server omits must not
/// erase the stored value.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionAnswer {
    pub did: Did,
    pub handle: Option<Handle>,
    pub access_jwt: Option<Token>,
    pub refresh_jwt: Option<Token>,
    pub did_doc: Option<Value>,
    /// False for an account that is deactivated, suspended or taken down.
    pub active: Option<bool>,
    pub status: Option<String>,
}

/// A token in a form that can be sent back: a `b64token` (RFC 6750, section 2.1) of at most 4,096 bytes, several times
/// the length of the official server's tokens, and short enough for one header.
pub struct Token(SecretText);

impl Token {
    const BYTES: usize = 4_096;

    pub fn secret(&self) -> &SecretText {
        &self.0
    }

    pub fn into_secret(self) -> SecretText {
        self.0
    }
}

impl<'de> Deserialize<'de> for Token {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = SecretText::deserialize(deserializer)?;
        let token = text.expose().trim_end_matches('=');
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
        if !token.is_empty() && text.expose().len() <= Self::BYTES && token.bytes().all(is_token) {
            return Ok(Self(text));
        }
        Err(de::Error::custom("not a token"))
    }
}

#[derive(Deserialize)]
pub struct BlobAnswer {
    pub blob: Blob,
}

/// The reference to an uploaded blob, as embedded in a record.
///
/// Source: <https://atproto.com/specs/data-model>, "Blob Type", which has these fields and no others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blob {
    #[serde(rename = "$type")]
    kind: BlobType,
    #[serde(rename = "ref")]
    link: Link,
    #[serde(rename = "mimeType", deserialize_with = "media_type")]
    media_type: String,
    #[serde(deserialize_with = "whole")]
    size: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum BlobType {
    #[serde(rename = "blob")]
    Blob,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Link {
    #[serde(rename = "$link")]
    cid: Cid,
}

/// `image/png`: two restricted names (RFC 6838, section 4.2), without parameters.
fn media_type<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let is_name = |name: &str| {
        (1..=127).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    if text.split_once('/').is_some_and(|(kind, name)| is_name(kind) && is_name(name)) {
        return Ok(text);
    }
    Err(de::Error::custom("not a media type"))
}

/// A whole number that JSON keeps exactly (<https://atproto.com/specs/data-model>, `integer`): up to 2^53 - 1.
fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let number = u64::deserialize(deserializer)?;
    if number < 1 << 53 { Ok(number) } else { Err(de::Error::custom("too large a number")) }
}

#[derive(Deserialize)]
pub struct HandleAnswer {
    pub did: Did,
}

/// `putRecord`: the address of the record.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PutAnswer {
    pub uri: RecordUri,
    pub cid: Cid,
}

#[derive(Debug, Deserialize)]
pub struct RecordAnswer {
    pub uri: RecordUri,
    pub cid: Option<Cid>,
    /// Compared with the record that was sent, and not stored.
    pub value: Value,
}

/// Error names of the lexicons, and of the official server.
pub const DIALECT: Dialect = Dialect {
    words: |body| {
        let text = |field: &str| body[field].as_str().unwrap_or_default();
        (text("error").into(), text("message").into())
    },
    meaning: |status, code, _| match (status, code) {
        (_, "ExpiredToken" | "InvalidToken") => Meaning::StaleToken,
        (_, "AccountTakedown" | "AccountDeactivated" | "AccountSuspended" | "AccountNotFound") => Meaning::AccountGone,
        (_, "InvalidSwap") => Meaning::OtherVersion,
        (_, "RecordNotFound") => Meaning::NotFound,
        (401, _) => Meaning::StaleToken,
        (429, _) => Meaning::TooMany,
        (408 | 500.., _) => Meaning::ServerFault,
        _ => Meaning::Rejected,
    },
};

/// The longest token lifetime that we accept. The official server's tokens live two hours.
const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(24);
/// The official server's refresh tokens live 90 days.
const LONGEST_REFRESH: SignedDuration = SignedDuration::from_hours(90 * 24);

/// When an access token ends. The server's token is a JWT, whose `exp` is read and not verified: it only determines
/// when to request the next one, after a day at the latest. A token without it is assumed to live half an hour.
pub fn access_expires_at(token: &SecretText, now: Timestamp) -> Timestamp {
    expires_at(token, now, LONGEST_LIFE).unwrap_or_else(|| after(now, SignedDuration::from_mins(30)))
}

/// When a refresh token ends: like an access token, after 90 days at the latest. One without `exp` is assumed to live 30 days.
pub fn refresh_expires_at(token: &SecretText, now: Timestamp) -> Timestamp {
    expires_at(token, now, LONGEST_REFRESH).unwrap_or_else(|| after(now, SignedDuration::from_hours(30 * 24)))
}

fn expires_at(token: &SecretText, now: Timestamp, longest: SignedDuration) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct Claims {
        exp: i64,
    }
    let body = token.expose().split('.').nth(1).and_then(from_base64url)?;
    let claims = serde_json::from_slice::<Claims>(&body).ok()?;
    let ends = Timestamp::from_second(claims.exp).ok()?;
    Some(ends.clamp(now, after(now, longest)))
}

/// The server that holds an account's repository, from its DID document
/// (atproto.com/specs/did, "DID Documents": the service `#atproto_pds`).
pub fn hosting_server(did_doc: &Value, did: &Did) -> Option<Url> {
    let did = did.as_str();
    if did_doc["id"] != did {
        return None;
    }
    let is_hosting = |service: &&Value| {
        let id = service["id"].as_str().unwrap_or_default();
        (id == "#atproto_pds" || id.strip_prefix(did) == Some("#atproto_pds"))
            && service["type"] == "AtprotoPersonalDataServer"
    };
    let service = did_doc["service"].as_array()?.iter().find(is_hosting)?;
    crate::server_address::origin(service["serviceEndpoint"].as_str()?)
}

#[cfg(test)]
mod tests;
