//! The parameters of a request: JSON, a form, or a form with a file. The official server accepts each, everywhere.

use serde_json::{Map, Value, json};

use super::Call;

/// A file in `multipart/form-data` (RFC 7578).
pub(super) struct File {
    pub(super) content_type: String,
    pub(super) bytes: Vec<u8>,
}

/// The parameters, without files. Empty if the body cannot be read.
pub(super) fn parameters(call: &Call) -> Value {
    if call.content_type.starts_with("application/json") {
        return serde_json::from_slice(&call.body).unwrap_or_default();
    }
    if call.content_type.starts_with("application/x-www-form-urlencoded") {
        let pairs = url::form_urlencoded::parse(&call.body).into_owned();
        return Value::Object(pairs.map(|(name, value)| (name, json!(value))).collect());
    }
    let mut found = Map::new();
    for part in parts(call).into_iter().filter(|part| part.file_name.is_none()) {
        found.insert(part.name, json!(String::from_utf8_lossy(part.bytes)));
    }
    Value::Object(found)
}

/// The file of this name. It must have a content type.
pub(super) fn file(call: &Call, name: &str) -> Option<File> {
    let part = parts(call).into_iter().find(|part| part.name == name && part.file_name.is_some())?;
    Some(File { content_type: part.content_type?, bytes: part.bytes.to_vec() })
}

struct Part<'a> {
    name: String,
    file_name: Option<String>,
    content_type: Option<String>,
    bytes: &'a [u8],
}

fn parts(call: &Call) -> Vec<Part<'_>> {
    let Some(boundary) = call.content_type.strip_prefix("multipart/form-data; boundary=") else { return Vec::new() };
    // The first delimiter has no line break before it, each other one does (RFC 2046, section 5.1.1).
    let first = format!("--{boundary}\r\n");
    let delimiter = format!("\r\n--{boundary}");
    let mut found = Vec::new();
    let mut rest = call.body.strip_prefix(first.as_bytes());
    while let Some(body) = rest {
        let Some(end) = position(body, delimiter.as_bytes()) else { break };
        found.extend(part(&body[..end]));
        rest = body[end + delimiter.len()..].strip_prefix(b"\r\n");
    }
    found
}

fn part(text: &[u8]) -> Option<Part<'_>> {
    let end = position(text, b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&text[..end]).into_owned();
    let header = |wanted: &str| {
        head.lines().filter_map(|line| line.split_once(": ")).find(|(name, _)| name.eq_ignore_ascii_case(wanted))
    };
    let (_, disposition) = header("content-disposition")?;
    Some(Part {
        name: quoted(disposition, " name=\"")?,
        file_name: quoted(disposition, " filename=\""),
        content_type: header("content-type").map(|(_, value)| value.to_owned()),
        bytes: &text[end + 4..],
    })
}

fn quoted(header: &str, before: &str) -> Option<String> {
    header.split_once(before)?.1.split_once('"').map(|(value, _)| value.to_owned())
}

fn position(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|part| part == wanted)
}
