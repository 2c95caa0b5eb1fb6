//! What every route may answer besides its success: the problem document and the shared responses.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use shared::http::repeatable::REMEMBERED_FOR;

/// A shared response: its status, name and meaning.
const SHARED: &[(u16, &str, &str)] = &[
    (400, "NotUtf8", "The body is not UTF-8, or has the replacement character U+FFFD."),
    (
        401,
        "NotSignedIn",
        "No access token, one that is not valid any more, credentials that are wrong, or a factor that must be proved again (`fresh_factor_needed`).",
    ),
    (402, "NotInThePlan", "The workspace's plan does not include this."),
    (
        403,
        "NotAllowed",
        "The role, the second factor that was not proved, or the token's scope does not allow this; or a factor given in a valid session was wrong, and the session stays valid.",
    ),
    (404, "NotFound", "There is no such resource, or the caller is not a member of its workspace."),
    (409, "Conflict", "The resource is in a state that does not allow this, or was changed meanwhile."),
    (413, "TooLarge", "The body is larger than the route takes."),
    (415, "UnsupportedMediaType", "The body is not application/json."),
    (422, "InvalidInput", "`errors` names each field and the rule that it breaks."),
    (
        429,
        "TooManyRequests",
        "A limit was reached. `RateLimit` names it, with `r=0`; `Retry-After` gives the seconds to wait.",
    ),
    (500, "InternalError", "A fault of the service. It has been recorded."),
    (503, "Unavailable", "Something that the service needs did not answer. Try again."),
];

/// Where the shared response of a status is.
pub fn component(status: u16) -> String {
    let name = SHARED.iter().find(|(shared, ..)| *shared == status).map_or("InternalError", |(_, name, _)| name);
    format!("#/components/responses/{name}")
}

pub fn components() -> Map<String, Value> {
    SHARED
        .iter()
        .map(|(status, name, description)| {
            let schema = json!({ "$ref": "#/components/schemas/Problem" });
            let content = json!({ "application/problem+json": { "schema": schema } });
            let headers = headers_of(*status);
            ((*name).to_owned(), json!({ "description": description, "headers": headers, "content": content }))
        })
        .collect()
}

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
            "type": text("`urn:bulkhead:problem:` and the code."),
            "title": text("The problem in a few words."),
            "status": { "type": "integer" },
            "code": text("Stable: decide by this."),
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
