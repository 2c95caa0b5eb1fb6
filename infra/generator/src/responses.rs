//! What responses have in common: their headers, the problem document, and parameters that many routes share.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use shared::http::repeatable::REMEMBERED_FOR;

/// A header of responses: its field name, its name in the document, its meaning and an example.
const HEADERS: &[(&str, &str, &str, &str)] = &[
    ("x-request-id", "RequestId", "The request's id, for support. Problems name it in `instance`.", "0f9c2b7e"),
    (
        "ratelimit",
        "RateLimit",
        "For each limit that applied: what is left (`r`), and the seconds until more is (`t`); draft-ietf-httpapi-ratelimit-headers.",
        "\"address\";r=199;t=42",
    ),
    (
        "ratelimit-policy",
        "RateLimitPolicy",
        "For each limit that applied: the requests (`q`) in a window of seconds (`w`).",
        "\"address\";q=200;w=60",
    ),
    ("retry-after", "RetryAfter", "The seconds to wait before the request is tried again.", "42"),
    (
        "www-authenticate",
        "WwwAuthenticate",
        "What the request needs (RFC 9110, section 11.6.1). A failed sign-in has none.",
        "Bearer",
    ),
];

/// The headers of responses, as components.
pub fn headers() -> Map<String, Value> {
    let header = |description: &str, example: &str| {
        let (kind, example) =
            example.parse::<u32>().map_or(("string", json!(example)), |number| ("integer", json!(number)));
        json!({ "description": description, "schema": { "type": kind }, "example": example })
    };
    HEADERS.iter().map(|(_, name, description, example)| ((*name).to_owned(), header(description, example))).collect()
}

/// The headers of a response of this status.
pub fn headers_of(status: u16) -> Map<String, Value> {
    let is_sent = |field: &str| match field {
        "retry-after" => matches!(status, 429 | 503),
        "www-authenticate" => status == 401,
        _ => true,
    };
    let sent = HEADERS.iter().filter(|(field, ..)| is_sent(field));
    sent.map(|(field, name, ..)| ((*field).to_owned(), json!({ "$ref": format!("#/components/headers/{name}") })))
        .collect()
}

/// A success in words.
pub fn success(status: u16) -> &'static str {
    match status {
        201 => "Created.",
        202 => "Accepted. The answer is the same where there was nothing to do.",
        204 => "Done.",
        _ => "OK.",
    }
}

/// The schemas of a problem document, as `shared::kernel::problems` writes it.
pub fn schemas() -> BTreeMap<String, Value> {
    let text = |description: &str| json!({ "type": "string", "description": description });
    let problem = json!({
        "type": "object",
        "description": "Why a request was not carried out (RFC 9457).",
        "required": ["type", "title", "status", "code", "detail", "instance"],
        "properties": {
            "type": json!({ "type": "string", "format": "uri", "description": "The address of the code's description." }),
            "title": text("The problem in a few words."),
            "status": { "type": "integer" },
            "code": text("Stable: decide by this. All codes: `docs/problems.md`."),
            "detail": text("For people. It may change."),
            "instance": text("`urn:bulkhead:request:` and the request's id."),
            "errors": { "type": "array", "items": { "$ref": "#/components/schemas/FieldError" } },
            "base_url": text("Where the workspace lives, with 421."),
        },
    });
    let field_error = json!({
        "type": "object",
        "description": "A field that breaks a rule.",
        "required": ["field", "rule"],
        "properties": { "field": text("As the client wrote it."), "rule": text("What it must be.") },
    });
    [("Problem", problem), ("FieldError", field_error)].map(|(name, schema)| (name.to_owned(), schema)).into()
}

/// Parameters that many routes share.
pub fn parameters() -> Value {
    json!({
        "IdempotencyKey": {
            "name": "Idempotency-Key",
            "in": "header",
            "required": false,
            "description": format!(
                "Makes the request safe to repeat: for {} hours, the same request with the same key is not carried out again. \
                 Its answer is the resource as it is then, with the header `Idempotency-Replayed: true`. A key that was used \
                 with another body is refused (422, `idempotency_key_reused`). Routes without this parameter refuse the header \
                 (422, `idempotency_key_unsupported`).",
                REMEMBERED_FOR.as_hours(),
            ),
            "schema": { "type": "string", "minLength": 1, "maxLength": 255 },
            "example": "2b1f0c9e-7d1a-4c55-9a3e-5a1d7e1c9b42",
        },
    })
}
