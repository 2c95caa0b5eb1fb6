//! The shared parts of responses: headers, the problem document, and common parameters.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use shared::http::repeatable::REMEMBERED_FOR;

/// A header of responses: its field name, its name in the document, its meaning and an example.
const HEADERS: &[(&str, &str, &str, &str)] = &[
    ("x-request-id", "RequestId", "The request's id, for support. Problems name it in `instance`.", "0f9c2b7e"),
    (
        "ratelimit",
        "RateLimit",
        "For each limit that applied: the remaining requests (`r`), and the seconds until there are more (`t`); draft-ietf-httpapi-ratelimit-headers.",
        "\"address\";r=199;t=42",
    ),
    (
        "ratelimit-policy",
        "RateLimitPolicy",
        "For each limit that applied: the allowed requests (`q`) in a window of seconds (`w`).",
        "\"address\";q=200;w=60",
    ),
    ("retry-after", "RetryAfter", "The seconds to wait before retrying the request.", "42"),
    (
        "www-authenticate",
        "WwwAuthenticate",
        "The required authentication (RFC 9110, section 11.6.1). Absent for a failed sign-in.",
        "Bearer",
    ),
    (
        "etag",
        "ETag",
        "The version of the resource in the response, a strong tag (RFC 9110, section 8.8.3).",
        "\"kR0Zc1dXo1uGm3sJ9cQ2fW4y\"",
    ),
    (
        "location",
        "Location",
        "The path of the new resource.",
        "/workspaces/ws_0190b1c8d2f37c1fa1b2c3d4e5f60718/posts/post_0190b1c8d2f37c1fa1b2c3d4e5f60718",
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

/// The headers of a problem of this status.
pub fn headers_of(status: u16) -> Map<String, Value> {
    headers_of_success(status, false)
}

/// The headers of a success, which may show a version of a resource.
pub fn headers_of_success(status: u16, shows_version: bool) -> Map<String, Value> {
    let is_sent = |field: &str| match field {
        "retry-after" => matches!(status, 429 | 503),
        "www-authenticate" => status == 401,
        "etag" => shows_version,
        "location" => status == 201,
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
        202 => "Accepted. The response is the same if there was nothing to do.",
        204 => "Done.",
        304 => "The client already has this version.",
        _ => "OK.",
    }
}

/// The schemas of a problem document, as `shared::kernel::problems` writes it.
pub fn schemas() -> BTreeMap<String, Value> {
    let text = |description: &str| json!({ "type": "string", "description": description });
    let problem = json!({
        "type": "object",
        "description": "Why the request failed (RFC 9457).",
        "required": ["type", "title", "status", "code", "detail", "instance"],
        "properties": {
            "type": json!({ "type": "string", "format": "uri", "description": "The address of the code's description." }),
            "title": text("A short summary of the problem."),
            "status": { "type": "integer" },
            "code": text("Stable: base decisions on this. All codes: `docs/problems.md`."),
            "detail": text("For people. It may change."),
            "instance": text("`urn:bulkhead:request:` and the request's id."),
            "errors": { "type": "array", "items": { "$ref": "#/components/schemas/FieldError" } },
            "base_url": text("The base URL of the workspace's cell, with status 421."),
            "feature": text("The feature that the workspace's plan lacks, with status 402."),
            "plans": {
                "type": "array",
                "items": { "type": "string" },
                "description": "The plans that have the feature, lowest first, with status 402.",
            },
            "usage": { "$ref": "#/components/schemas/ExceededLimit" },
        },
    });
    let count =
        |description: &str| json!({ "type": "integer", "format": "int64", "minimum": 0, "description": description });
    let field_error = json!({
        "type": "object",
        "description": "A field that breaks a rule.",
        "required": ["field", "rule"],
        "properties": {
            "field": text("The field's name in the request."),
            "rule": text("The rule that the value must satisfy."),
            "resource_id": text("The resource whose rule it is, such as a channel."),
            "measure": text("What is counted, if the field exceeds a limit."),
            "count": count("The count, if the field exceeds a limit."),
            "limit": count("The limit, if the field exceeds one."),
        },
    });
    let exceeded = json!({
        "type": "object",
        "description": "The limit of the workspace's plan that the request would exceed: with status 409 a ceiling, with status 429 a \
                        limit of a month.",
        "required": ["name", "current", "limit", "unit", "resets_at"],
        "properties": {
            "name": text("The name of the limit, as in `GET /workspaces/{workspace_id}/usage`."),
            "current": count("The current use."),
            "limit": count("The limit of the plan, or of the workspace's override."),
            "unit": { "type": "string", "enum": ["count", "bytes"] },
            "resets_at": {
                "type": ["string", "null"],
                "format": "date-time",
                "description": "When the count begins again; null for a ceiling.",
            },
        },
    });
    [("Problem", problem), ("FieldError", field_error), ("ExceededLimit", exceeded)]
        .map(|(name, schema)| (name.to_owned(), schema))
        .into()
}

/// Parameters that many routes share.
pub fn parameters() -> Value {
    json!({
        "IdempotencyKey": {
            "name": "Idempotency-Key",
            "in": "header",
            "required": false,
            "description": format!(
                "Makes the request safe to repeat: for {} hours, the same request with the same key is not executed again. \
                 The response is the resource in its current state, with the header `Idempotency-Replayed: true`. A key that was used \
                 with another body is refused (422, `idempotency_key_reused`). Routes without this parameter refuse the header \
                 (422, `idempotency_key_unsupported`).",
                REMEMBERED_FOR.as_hours(),
            ),
            "schema": { "type": "string", "minLength": 1, "maxLength": 255 },
            "example": "2b1f0c9e-7d1a-4c55-9a3e-5a1d7e1c9b42",
        },
        "IfMatch": {
            "name": "If-Match",
            "in": "header",
            "required": false,
            "description": "The `etag` of the version to change, several, or `*`. If the resource has another version, it is not changed (412, \
                            `precondition_failed`). Routes without this parameter refuse the header (422).",
            "schema": { "type": "string" },
            "example": "\"kR0Zc1dXo1uGm3sJ9cQ2fW4y\"",
        },
        "IfNoneMatch": {
            "name": "If-None-Match",
            "in": "header",
            "required": false,
            "description": "The `etag` of the version that the client has, or several. While the resource is unchanged, the response is 304.",
            "schema": { "type": "string" },
            "example": "\"kR0Zc1dXo1uGm3sJ9cQ2fW4y\"",
        },
    })
}
