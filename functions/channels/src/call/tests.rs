//! What is kept of an error response.
#![allow(clippy::unwrap_used)]
use serde_json::json;

use super::*;

const DIALECT: Dialect = Dialect {
    words: |body| {
        let text = |field: &str| body[field].as_str().unwrap_or_default();
        (text("error").into(), text("message").into())
    },
    meaning: |_, _, _| Meaning::Rejected,
};

fn now() -> Timestamp {
    Timestamp::from_second(1_772_355_000).unwrap()
}

fn refusal(status: u16, body: &str) -> Refusal {
    Refusal::read(status, &http::HeaderMap::new(), body.as_bytes(), now(), &DIALECT)
}

#[test]
fn untrusted_error_text_becomes_one_plain_line() {
    for (body, code, text) in [
        (r#"{"error":"A\u0000B\u001b[31m","message":"one\r\ntwo\u2028\u202ethree"}"#, "A B [31m", "one two three"),
        (r#"{"error":"\u0007","message":" \u200f "}"#, "HTTP 400", "The server gave no reason."),
        (r#"{"error":{"name":"X"},"message":["x"]}"#, "HTTP 400", "The server gave no reason."),
        (r#"["error","message"]"#, "HTTP 400", "The server gave no reason."),
        (r#"{"error":7,"message":"kept"}"#, "HTTP 400", "kept"),
    ] {
        let refusal = refusal(400, body);
        assert_eq!((refusal.code.as_str(), refusal.text.as_str()), (code, text), "{body}");
    }
    assert_eq!(refusal(400, &json!({ "error": "é".repeat(300) }).to_string()).code.chars().count(), 100);
    assert_eq!(refusal(400, &"[".repeat(100_000)).code, "HTTP 400");
}

#[test]
fn the_wait_is_read_from_the_rate_limit_headers() {
    for (headers, expected) in [
        (vec![], None),
        (vec![("ratelimit-reset", "1772355090")], Some(90)),
        (vec![("ratelimit-reset", "30")], Some(30)),
        (vec![("retry-after", "7"), ("ratelimit-reset", "1772355090")], Some(7)),
        (vec![("ratelimit-reset", "1772354000")], Some(1)),
        (vec![("ratelimit-reset", "9999999999")], Some(86_400)),
        (vec![("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT")], None),
        (vec![("x-ratelimit-reset", "2026-03-01T08:51:30.123Z")], Some(90)),
        (vec![("x-ratelimit-reset", "soon")], None),
        (vec![("retry-after", "-5")], Some(1)),
        (vec![("retry-after", "99999999999999999999")], None),
        (vec![("ratelimit-reset", "9223372036854775807")], Some(86_400)),
        (vec![("ratelimit-reset", "-9223372036854775808")], Some(1)),
    ] {
        let map = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        assert_eq!(Refusal::read(429, &map, b"", now(), &DIALECT).retry_after_s, expected, "{headers:?}");
    }
}
