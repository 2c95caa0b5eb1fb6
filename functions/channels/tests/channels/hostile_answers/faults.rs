//! Faults of a response: in its JSON, bytes, status and headers.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use test_support::scripted_server::{Raw, Scripted, ScriptedServer, text};

/// A method with a faulty response, and its faults.
#[derive(Clone, Debug)]
pub struct Case {
    pub method: &'static str,
    faults: Vec<Fault>,
}

#[derive(Clone, Debug)]
pub enum Fault {
    /// Replaces the value at a place (counted through the whole response).
    Replaced {
        place: usize,
        by: Value,
    },
    Missing {
        place: usize,
    },
    /// Inserts this into the string at a place.
    Spoilt {
        place: usize,
        with: &'static str,
    },
    /// Nests the value at a place this deep in arrays.
    Nested {
        place: usize,
        depth: usize,
    },
    Status(u16),
    Header(&'static str, &'static str),
    /// Truncates the bytes after this many hundredths.
    Cut {
        percent: usize,
    },
    /// Inserts a byte that is not UTF-8 after this many hundredths.
    NotUtf8 {
        percent: usize,
    },
    /// Appends this many spaces.
    Padded {
        bytes: usize,
    },
    Body(&'static str),
    /// Replaces the body with this many opening brackets.
    Brackets {
        count: usize,
    },
}

const METHODS: [&str; 7] = [
    "server.createSession",
    "server.refreshSession",
    "server.deleteSession",
    "identity.resolveHandle",
    "repo.uploadBlob",
    "repo.putRecord",
    "repo.getRecord",
];

pub fn cases() -> impl Strategy<Value = Case> {
    let faults = prop::collection::vec(fault(), 1..=3);
    (select(METHODS.as_slice()), faults).prop_map(|(method, faults)| Case { method, faults })
}

fn fault() -> impl Strategy<Value = Fault> {
    let place = 0..64_usize;
    let spoils =
        ["\0", "\r\nx-evil: 1", "\u{1b}[2J", "\u{202e}", "\u{2028}", " ", "é", "/", "#", "'\"<script>", "\u{feff}"];
    let headers = [
        ("retry-after", "-1"),
        ("retry-after", "99999999999999999999999"),
        ("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT"),
        ("ratelimit-reset", "9223372036854775807"),
        ("ratelimit-reset", "-9223372036854775808"),
        ("ratelimit-reset", "soon"),
        ("content-type", "text/html"),
        ("content-encoding", "gzip"),
        ("location", "http://169.254.169.254/"),
    ];
    let statuses =
        [200, 201, 204, 301, 302, 400, 401, 403, 404, 408, 409, 413, 418, 429, 500, 501, 502, 503, 504, 599, 999];
    let bodies = ["", "null", "0", "\"\"", "[]", "{}", "<html>", "{\"error\":7}", "{\"did\":\"a\",\"did\":\"b\"}"];
    prop_oneof![
        6 => (place.clone(), value()).prop_map(|(place, by)| Fault::Replaced { place, by }),
        2 => place.clone().prop_map(|place| Fault::Missing { place }),
        4 => (place.clone(), select(spoils.to_vec())).prop_map(|(place, with)| Fault::Spoilt { place, with }),
        1 => (place, select([2_usize, 40, 120, 300].as_slice()))
            .prop_map(|(place, depth)| Fault::Nested { place, depth }),
        2 => select(statuses.to_vec()).prop_map(Fault::Status),
        2 => select(headers.to_vec()).prop_map(|(name, value)| Fault::Header(name, value)),
        1 => (0..100_usize).prop_map(|percent| Fault::Cut { percent }),
        1 => (0..100_usize).prop_map(|percent| Fault::NotUtf8 { percent }),
        1 => select([100, 100_000, 3_000_000].as_slice()).prop_map(|bytes| Fault::Padded { bytes }),
        1 => select(bodies.to_vec()).prop_map(Fault::Body),
        1 => select([1, 127, 128, 60_000].as_slice()).prop_map(|count| Fault::Brackets { count }),
    ]
}

/// A value that may appear in place of the expected one.
fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|is| json!(is)),
        select([i64::MIN, -1, 0, 1, 1 << 53, i64::MAX].as_slice()).prop_map(|number| json!(number)),
        Just(json!(u64::MAX)),
        Just(json!(1e308)),
        Just(json!([])),
        Just(json!({})),
        Just(json!("")),
        select([300, 3_000, 40_000, 300_000].as_slice()).prop_map(|length| json!("a".repeat(length))),
        select([300, 3_000, 40_000].as_slice()).prop_map(|length| json!(format!("did:web:{}", "a".repeat(length)))),
        Just(json!("did:plc:mallory")),
        Just(json!("did:")),
        Just(json!("mallory.test")),
        Just(json!("javascript:alert(1)")),
        Just(json!("http://169.254.169.254")),
        Just(json!("at://did:plc:mallory/app.bsky.feed.post/3jzfcijpj2z2a")),
        Just(json!("ExpiredToken")),
        any::<String>().prop_map(|text| json!(text)),
    ]
}

impl Fault {
    fn apply(&self, answer: &mut Raw, json: &mut Value) {
        match self {
            Self::Replaced { place, by } => change(json, *place, |value| *value = by.clone()),
            Self::Missing { place } => remove(json, *place),
            Self::Spoilt { place, with } => change(json, *place, |value| {
                if let Value::String(text) = value {
                    let at = text.char_indices().nth(text.chars().count() / 2).map_or(0, |(at, _)| at);
                    text.insert_str(at, with);
                }
            }),
            Self::Nested { place, depth } => change(json, *place, |value| {
                for _ in 0..*depth {
                    *value = json!([value.take()]);
                }
            }),
            Self::Status(status) => answer.status = *status,
            Self::Header(name, value) => answer.headers.push((name, (*value).to_owned())),
            Self::Cut { .. } | Self::NotUtf8 { .. } | Self::Padded { .. } | Self::Body(_) | Self::Brackets { .. } => {}
        }
    }

    /// Applied to the serialised JSON.
    fn spoil(&self, body: &mut Vec<u8>) {
        match self {
            Self::Cut { percent } => body.truncate(body.len() * percent / 100),
            Self::NotUtf8 { percent } => body.insert(body.len() * percent / 100, 0xFF),
            Self::Padded { bytes } => body.resize(body.len() + bytes, b' '),
            Self::Body(text) => *body = text.as_bytes().to_vec(),
            Self::Brackets { count } => *body = "[".repeat(*count).into_bytes(),
            _ => {}
        }
    }
}

impl Case {
    /// Applies these faults to the server's next response of the method.
    pub fn script(&self, server: &ScriptedServer) {
        let faults = self.faults.clone();
        let change = move |status, mut json: Value| {
            let mut answer = Raw { status, headers: Vec::new(), body: Vec::new() };
            faults.iter().for_each(|fault| fault.apply(&mut answer, &mut json));
            answer.body = text(&json).into_bytes();
            faults.iter().for_each(|fault| fault.spoil(&mut answer.body));
            answer
        };
        server.next(self.method, Scripted::DoAndChange(Box::new(change)));
    }
}

/// The number of values in a response.
fn places(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(places).sum(),
        Value::Object(members) => members.values().map(places).sum::<usize>(),
        _ => 0,
    }
}

fn change(value: &mut Value, place: usize, with: impl FnOnce(&mut Value)) {
    let mut left = place % places(value);
    let mut here = value;
    while left > 0 {
        left -= 1;
        let children: Vec<&mut Value> = match here {
            Value::Array(items) => items.iter_mut().collect(),
            Value::Object(members) => members.values_mut().collect(),
            _ => return,
        };
        let Some(next) = children.into_iter().find_map(|child| {
            let size = places(child);
            if left < size {
                return Some(child);
            }
            left -= size;
            None
        }) else {
            return;
        };
        here = next;
    }
    with(here);
}

/// Removes a member from the object at a place, or from the whole response if there is none.
fn remove(value: &mut Value, place: usize) {
    change(value, place, |value| match value {
        Value::Object(members) => {
            if let Some(name) = members.keys().nth(place % members.len().max(1)).cloned() {
                members.remove(&name);
            }
        }
        Value::Array(items) => drop(items.pop()),
        other => *other = Value::Null,
    });
}
