//! The checks of a body before it is parsed: its size, its type and its encoding.

use super::declaration::RouteDeclaration;
use super::incoming::Incoming;
use super::method::Method;
use crate::kernel::problem_codes::{BODY_NOT_UTF8, BODY_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE};
use crate::kernel::problems::Problem;

/// Refuses a body that is larger than the route accepts.
pub(super) fn size(entry: &RouteDeclaration, incoming: &Incoming) -> Result<(), Problem> {
    let limit = entry.route.max_body_bytes;
    if incoming.body.len() <= limit {
        return Ok(());
    }
    Err(Problem::new(BODY_TOO_LARGE, format!("The body may have at most {limit} bytes.")))
}

/// Refuses a body of another media type, or one that is not UTF-8 where it is text.
pub(super) fn form(entry: &RouteDeclaration, incoming: &Incoming) -> Result<(), Problem> {
    if entry.route.method == Method::Any || incoming.body.is_empty() {
        return Ok(());
    }
    let media_type = incoming.header("content-type").and_then(|value| value.split(';').next()).unwrap_or_default();
    if !entry.route.method.has_body() {
        return Err(Problem::invalid("body", "must be empty for this method"));
    }
    let taken = entry.body.media_types(entry.route.method);
    if !taken.is_empty() && !taken.iter().any(|taken| media_type.trim().eq_ignore_ascii_case(taken)) {
        return Err(Problem::new(UNSUPPORTED_MEDIA_TYPE, format!("The body must be {}.", taken.join(" or "))));
    }
    if entry.body.is_text() && !is_utf8(&incoming.body) {
        let detail = "The body must be UTF-8 (RFC 8259, section 8.1), without the replacement character U+FFFD.";
        return Err(Problem::new(BODY_NOT_UTF8, detail).at("body", "must be UTF-8"));
    }
    Ok(())
}

/// API Gateway passes a JSON body as text and replaces invalid UTF-8 by U+FFFD. The original bytes are lost by then, so
/// the replacement character is the only evidence; no client sends it on purpose.
fn is_utf8(body: &[u8]) -> bool {
    std::str::from_utf8(body).is_ok_and(|text| !text.contains(char::REPLACEMENT_CHARACTER))
}
