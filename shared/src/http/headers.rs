//! The headers that every response carries, errors included.

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};

/// Claim 40. The frame rule appears twice: current browsers read `frame-ancestors`.
const SECURITY: [(&str, &str); 7] = [
    ("strict-transport-security", "max-age=31536000; includeSubDomains; preload"),
    ("x-frame-options", "DENY"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=(), interest-cohort=()"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("cross-origin-resource-policy", "same-site"),
];

const ALLOWED_METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
const ALLOWED_HEADERS: &str = "authorization, content-type, idempotency-key, if-match, if-none-match, traceparent";
const EXPOSED_HEADERS: &str = "allow, etag, idempotency-replayed, location, ratelimit, ratelimit-policy, retry-after, www-authenticate, x-request-id";

pub(crate) fn secure(headers: &mut HeaderMap) {
    for (name, value) in SECURITY {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}

/// Lets a browser's script of a listed origin read the response. No wildcard, no credentials: the API
/// takes bearer tokens, never cookies.
pub(crate) fn share(headers: &mut HeaderMap, origin: Option<&HeaderValue>, allowed: &[String], preflight: bool) {
    headers.append("vary", HeaderValue::from_static("origin"));
    let listed = origin.filter(|origin| allowed.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()));
    let Some(origin) = listed else { return };
    headers.insert("access-control-allow-origin", origin.clone());
    headers.insert("access-control-expose-headers", HeaderValue::from_static(EXPOSED_HEADERS));
    if preflight {
        headers.insert("access-control-allow-methods", HeaderValue::from_static(ALLOWED_METHODS));
        headers.insert("access-control-allow-headers", HeaderValue::from_static(ALLOWED_HEADERS));
        headers.insert("access-control-max-age", HeaderValue::from_static("600"));
    }
}
