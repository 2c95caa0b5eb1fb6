//! Calls to a platform: each has a timeout and a bound, and each error says whether the call may have had an effect.

use std::borrow::Cow;
use std::time::Duration;

use http::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;
use shared::aws::outbound::{OutboundAnswer, OutboundError, OutboundRequest};
use shared::kernel::secrets::SecretText;
use shared::kernel::time::Timestamp;
use shared::tenancy::Scope;
use url::Url;

use crate::publishing::PublishError;

/// One call.
pub struct Call<'a> {
    pub method: Method,
    pub url: Url,
    /// The vendor's name of the method, for errors.
    pub name: &'static str,
    pub token: Option<&'a SecretText>,
    /// With its content type.
    pub body: Option<(String, Vec<u8>)>,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    pub timeout_s: u64,
    pub most_bytes: usize,
}

/// Why a call has no result, by the effect that it may have had.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The address is not allowed: it is not public, or not `https`.
    #[error("{0}")]
    Forbidden(String),
    /// The call certainly had no effect.
    #[error("the server could not be reached: {0}")]
    NotSent(String),
    /// The call may have had its effect, or may still have it.
    #[error("the server did not answer: {0}")]
    NoAnswer(String),
    /// A success response that does not match its documentation, is too large, or concerns something else: the call had its
    /// effect, with an unknown result.
    #[error("the server's response does not match the documentation of {0}")]
    Malformed(&'static str),
    #[error("{} {}: {}", .0.status, .0.code, .0.text)]
    Refused(Refusal),
}

/// An error response, with the platform's own code and text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    /// The platform's error name, such as `InvalidSwap`; `HTTP <status>` if the response has none. At most 100 characters.
    pub code: String,
    /// For people: at most 500 characters, on one line.
    pub text: String,
    /// From the rate-limit headers, if the server sends them.
    pub retry_after_s: Option<u32>,
    pub meaning: Meaning,
}

/// What an error response means for the next call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The token is expired or no longer known: a fresh one may work.
    StaleToken,
    /// The account or its session is gone: a person must reconnect it.
    AccountGone,
    /// The platform refuses the app of this product, not the account: the operator must put its present secret.
    AppRefused,
    /// Too many calls. This one certainly had no effect.
    TooMany,
    /// Another version of the thing exists.
    OtherVersion,
    /// The thing does not exist.
    NotFound,
    /// The server failed, before or after the effect: it does not say which.
    ServerFault,
    /// The request itself is at fault; a repeat would be refused again.
    Rejected,
}

/// How a platform writes its error responses.
pub struct Dialect {
    /// The code and the text in a response's body. Empty if there is none.
    pub words: fn(&Value) -> (Cow<'_, str>, Cow<'_, str>),
    /// The meaning of a status, a code and a text.
    pub meaning: fn(u16, &str, &str) -> Meaning,
}

impl CallError {
    /// The error response's own code, or ours if it has none.
    pub fn code(&self) -> &str {
        match self {
            Self::Forbidden(_) => "platform_address_forbidden",
            Self::NotSent(_) => "platform_unreachable",
            Self::NoAnswer(_) => "platform_timed_out",
            Self::Malformed(_) => "platform_answer_malformed",
            Self::Refused(refusal) => &refusal.code,
        }
    }

    pub fn meaning(&self) -> Option<Meaning> {
        match self {
            Self::Refused(refusal) => Some(refusal.meaning),
            _ => None,
        }
    }

    /// Whether the same call may succeed later.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::NotSent(_) | Self::NoAnswer(_) | Self::Malformed(_) => true,
            Self::Forbidden(_) => false,
            Self::Refused(refusal) => {
                matches!(refusal.meaning, Meaning::TooMany | Meaning::ServerFault | Meaning::AppRefused)
            }
        }
    }

    /// Whether the call may have had its effect.
    pub fn is_unknown(&self) -> bool {
        match self {
            Self::NoAnswer(_) | Self::Malformed(_) => true,
            Self::Forbidden(_) | Self::NotSent(_) => false,
            Self::Refused(refusal) => refusal.meaning == Meaning::ServerFault,
        }
    }

    /// How long the platform asks to wait.
    pub fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Refused(refusal) => refusal.retry_after_s,
            _ => None,
        }
    }

    /// The error response's own text, or ours if it has none.
    pub fn text(&self) -> String {
        match self {
            Self::Refused(refusal) => refusal.text.clone(),
            other => other.to_string(),
        }
    }

    /// A failure without an effect, to be retried.
    pub fn not_now(&self) -> PublishError {
        let retry_after_s = match self {
            // The token has been renewed: the next attempt uses a fresh one.
            Self::Refused(refusal) if refusal.meaning == Meaning::StaleToken => 1,
            Self::Refused(refusal) => refusal.retry_after_s.unwrap_or(30),
            Self::Forbidden(_) => 300,
            Self::NotSent(_) => 10,
            Self::NoAnswer(_) => 30,
            Self::Malformed(_) => 60,
        };
        PublishError::NotNow { retry_after_s, code: self.code().to_owned(), text: self.text() }
    }
}

/// Makes a call. Not generic, so that it is compiled once.
pub async fn call(scope: &Scope, call: Call<'_>, dialect: &Dialect) -> Result<OutboundAnswer, CallError> {
    let mut headers = vec![("accept", "application/json".to_owned())];
    if let Some(token) = call.token {
        headers.push(("authorization", format!("Bearer {}", token.expose())));
    }
    headers.extend(call.headers);
    let body = call.body.map(|(content_type, body)| {
        headers.push(("content-type", content_type));
        body
    });
    let request = OutboundRequest {
        method: call.method,
        url: call.url,
        headers,
        body: body.unwrap_or_default(),
        timeout: Duration::from_secs(call.timeout_s),
        most_answer_bytes: call.most_bytes,
    };
    let answer = scope.call(request).await.map_err(|error| call_error(error, call.name))?;
    if (200..300).contains(&answer.status) {
        return Ok(answer);
    }
    Err(CallError::Refused(Refusal::read(answer.status, &answer.headers, &answer.body, scope.now(), dialect)))
}

/// A body of form fields, with its content type: a request of OAuth (RFC 6749, section 4.1.3; RFC 7009, section 2.1).
pub fn form(fields: &[(&str, &str)]) -> (String, Vec<u8>) {
    let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    ("application/x-www-form-urlencoded".to_owned(), form.into_bytes())
}

/// Reads the body of a success response.
pub fn parse<T: DeserializeOwned>(name: &'static str) -> impl FnOnce(OutboundAnswer) -> Result<T, CallError> {
    move |answer| serde_json::from_slice(&answer.body).map_err(|_| CallError::Malformed(name))
}

fn call_error(error: OutboundError, name: &'static str) -> CallError {
    match error {
        OutboundError::Forbidden(_) => CallError::Forbidden(error.to_string()),
        OutboundError::NotSent(cause) => CallError::NotSent(cause),
        OutboundError::Unknown(cause) => CallError::NoAnswer(cause),
        OutboundError::TooLarge(_) => CallError::Malformed(name),
    }
}

impl Refusal {
    pub fn read(status: u16, headers: &http::HeaderMap, body: &[u8], now: Timestamp, dialect: &Dialect) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let (code, text) = (dialect.words)(&body);
        let code = Some(plain(&code, 100)).filter(|name| !name.is_empty());
        let text = Some(plain(&text, 500)).filter(|text| !text.is_empty());
        let code = code.unwrap_or_else(|| format!("HTTP {status}"));
        let text = text.unwrap_or_else(|| "The server gave no reason.".to_owned());
        Self {
            status,
            meaning: (dialect.meaning)(status, &code, &text),
            code,
            text,
            retry_after_s: retry_after_s(headers, now),
        }
    }
}

/// Seconds until a limit ends: `Retry-After` in seconds, else `RateLimit-Reset` or `X-RateLimit-Reset`. Bluesky sends an epoch
/// second, Mastodon an instant (ISO 8601), and the IETF draft defines it as seconds to wait.
fn retry_after_s(headers: &http::HeaderMap, now: Timestamp) -> Option<u32> {
    const A_YEAR_S: i64 = 365 * 24 * 3600;
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let reset = || text("ratelimit-reset").or_else(|| text("x-ratelimit-reset"));
    let seconds = match text("retry-after").and_then(|text| text.parse::<i64>().ok()) {
        Some(seconds) => seconds,
        None => match reset()?.parse::<i64>() {
            Ok(at) if at > A_YEAR_S => at - now.as_second(),
            Ok(seconds) => seconds,
            Err(_) => reset()?.parse::<Timestamp>().ok()?.as_second() - now.as_second(),
        },
    };
    u32::try_from(seconds.clamp(1, 24 * 3600)).ok()
}

/// Untrusted text as one line that cannot change how the rest of a page or log is rendered: line breaks, terminal
/// controls and direction changes become spaces, and runs of spaces collapse to one.
fn plain(text: &str, most_characters: usize) -> String {
    let is_plain = |next: char| {
        !next.is_control()
            && !matches!(next, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let line: String = text.chars().map(|next| if is_plain(next) { next } else { ' ' }).collect();
    let words: Vec<&str> = line.split_whitespace().collect();
    words.join(" ").chars().take(most_characters).collect()
}

#[cfg(test)]
mod tests;
