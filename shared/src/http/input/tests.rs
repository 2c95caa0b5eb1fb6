//! Why an input is refused, and what reading it costs.

use super::*;
use crate::kernel::whole_number::WholeNumber;
use http::HeaderMap;
use serde::Deserialize;

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Input {
    note_id: String,
    text: String,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    limit: Option<u8>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(try_from = "String")]
struct Tag(String);

impl TryFrom<String> for Tag {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        if text.is_empty() { Err("must not be empty") } else { Ok(Self(text)) }
    }
}

fn request(body: &str, query: &[(&str, &str)]) -> Incoming {
    let pairs = |pairs: &[(&str, &str)]| pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    Incoming {
        method: String::new(),
        raw_path: String::new(),
        request_id: String::new(),
        api_id: String::new(),
        ip: String::new(),
        headers: HeaderMap::new(),
        path: pairs(&[("note_id", "p1")]),
        query: pairs(query),
        body: body.as_bytes().to_vec(),
    }
}

fn fault(body: &str) -> String {
    match parse::<Input>(&request(body, &[]), (Method::Post, BodyKind::Json, Spelled::ByUs), &[]) {
        Ok(input) => format!("accepted {input:?}"),
        Err(problem) => problem.errors().iter().map(|error| format!("{}: {}", error.field, error.rule)).collect(),
    }
}

#[test]
fn an_error_names_the_field_and_the_rule() {
    assert_eq!(fault(r#"{}"#), "text: is required");
    assert_eq!(fault(r#"{"text": 1}"#), "text: must be a string");
    assert_eq!(fault(r#"{"text": "a", "x": 1}"#), "x: is not a field of this request");
    assert_eq!(fault(r#"{"text": "a", "text": "b"}"#), "text: must be given only once");
    assert_eq!(fault(r#"{"text": "a", "note_id": "p2"}"#), "note_id: must be given only once");
    assert_eq!(fault(r#"{"text": "a", "tags": ["b", ""]}"#), "tags.1: must not be empty");
    assert_eq!(fault(r#"{"text": "a", "limit": 256}"#), "limit: must be a whole number from 0 to 255");
    assert_eq!(fault(r#"[]"#), "body: must be a JSON object");
    assert_eq!(fault(r#"{"text": "#), "body: must be JSON; it is malformed at line 1, column 9");
    assert_eq!(fault(r#"{"text": "a"} x"#), "body: must be JSON; it is malformed at line 1, column 15");
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only their faults are looked at")]
enum Choice {
    #[serde(rename = "none")]
    None,
    #[serde(rename = "some")]
    Some(Inner),
    #[serde(rename = "pair")]
    Pair(u8, u8),
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[expect(dead_code, reason = "only their faults are looked at")]
enum Tagged {
    Small { size: u8 },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only their faults are looked at")]
struct Inner {
    size: u16,
}

/// A field of each kind that serde knows.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Kinds {
    text: String,
    letter: char,
    flag: bool,
    u8: u8,
    u16: u16,
    u32: u32,
    u64: u64,
    usize: usize,
    i8: i8,
    i16: i16,
    i32: i32,
    i64: i64,
    float: f64,
    positive: Option<std::num::NonZeroU8>,
    range: Option<WholeNumber<1, 100>>,
    list: Vec<u8>,
    set: std::collections::BTreeSet<String>,
    pair: (u8, String),
    three: [u8; 3],
    map: std::collections::BTreeMap<String, u8>,
    inner: Option<Inner>,
    choice: Option<Choice>,
    tagged: Option<Tagged>,
    id: Option<crate::kernel::ids::UserId>,
    secret: Option<crate::kernel::secrets::SecretText>,
}

fn rule_of(body: &str) -> String {
    let body = body.to_owned();
    let incoming = Incoming { path: Vec::new(), ..request(&body, &[]) };
    match parse::<Kinds>(&incoming, (Method::Post, BodyKind::Json, Spelled::ByUs), &[]) {
        Ok(_) => String::new(),
        Err(problem) => problem.errors().iter().map(|error| format!("{}: {}", error.field, error.rule)).collect(),
    }
}

#[test]
fn a_wrong_type_is_described_in_json_terms_for_every_kind_of_field() {
    for (field, expected) in [
        ("text", "must be a string"),
        ("letter", "must be a string of one character"),
        ("flag", "must be true or false"),
        ("u8", "must be a whole number from 0 to 255"),
        ("u16", "must be a whole number from 0 to 65535"),
        ("u32", "must be a whole number from 0 to 4294967295"),
        ("u64", "must be a whole number, 0 or more"),
        ("usize", "must be a whole number, 0 or more"),
        ("i8", "must be a whole number from -128 to 127"),
        ("i16", "must be a whole number from -32768 to 32767"),
        ("i32", "must be a whole number from -2147483648 to 2147483647"),
        ("i64", "must be a whole number"),
        ("float", "must be a number"),
        ("positive", "must be a whole number, 1 or more"),
        ("range", "must be a whole number from 1 to 100"),
        ("list", "must be an array"),
        ("set", "must be an array"),
        ("pair", "must be an array of 2 elements"),
        ("three", "must be an array of 3 elements"),
        ("map", "must be an object"),
        ("inner", "must be an object"),
        ("choice", "must be one of none, some, pair"),
    ] {
        let wrong = if matches!(field, "map" | "inner" | "choice") { "[]" } else { "{}" };
        assert_eq!(rule_of(&format!("{{\"{field}\": {wrong}}}")), format!("{field}: {expected}"));
    }
    for (body, expected) in [
        (r#"{"range": 0}"#, "range: must be a whole number from 1 to 100"),
        (r#"{"range": 101}"#, "range: must be a whole number from 1 to 100"),
        (r#"{"range": -1}"#, "range: must be a whole number from 1 to 100"),
        (r#"{"range": 1.5}"#, "range: must be a whole number from 1 to 100"),
        (r#"{"range": "5"}"#, "range: must be a whole number from 1 to 100"),
        (r#"{"u32": 18446744073709551616}"#, "u32: must be a whole number from 0 to 4294967295"),
        (r#"{"list": [1, "a"]}"#, "list.1: must be a whole number from 0 to 255"),
        (r#"{"three": [1, 2]}"#, "three: must be an array of 3 elements"),
        (r#"{"three": [1, 2, 3, 4]}"#, "three: must have at most 3 elements"),
        (r#"{"map": {"a": null}}"#, "map.a: must be a whole number from 0 to 255"),
        (r#"{"inner": {"size": "x"}}"#, "inner.size: must be a whole number from 0 to 65535"),
        (r#"{"inner": {}}"#, "inner.size: is required"),
        (r#"{"choice": "other"}"#, "choice: must be one of none, some, pair"),
        (r#"{"choice": {"other": 1}}"#, "choice: must be one of none, some, pair"),
        (r#"{"choice": {"some": 1}}"#, "choice.some: must be an object"),
        (r#"{"choice": {"some": {"size": true}}}"#, "choice.some.size: must be a whole number from 0 to 65535"),
        (r#"{"choice": {"some": {"size": 1}, "none": null}}"#, "choice: must be one of none, some, pair"),
        (r#"{"tagged": {"kind": "small", "size": -1}}"#, "tagged: must be a whole number from 0 to 255"),
    ] {
        assert_eq!(rule_of(body), expected, "{body}");
    }
    assert_eq!(rule_of(r#"{"choice": {"some": {"size": 1}}, "three": [1, 2, 3], "pair": [1, "a"]}"#), "");
}

#[test]
fn no_fault_speaks_of_the_types_of_our_language() {
    const OURS: &[&str] = &[
        "u8",
        "u16",
        "u32",
        "u64",
        "i64",
        "usize",
        "sequence",
        "map",
        "struct",
        "tuple",
        "unit",
        "enum",
        "variant",
        "boolean",
        "float",
        "expected",
        "invalid type",
    ];
    const FIELDS: [&str; 25] = [
        "text", "letter", "flag", "u8", "u16", "u32", "u64", "usize", "i8", "i16", "i32", "i64", "float", "positive",
        "range", "list", "set", "pair", "three", "map", "inner", "choice", "tagged", "id", "secret",
    ];
    const VALUES: [&str; 14] = [
        "null",
        "true",
        "-1",
        "1.5",
        "1e300",
        "99999999999999999999",
        "\"\"",
        "\"words\"",
        "[]",
        "[null]",
        "[[{}]]",
        "{}",
        "{\"none\": []}",
        "{\"pair\": [1, 2, 3]}",
    ];
    for (field, value) in FIELDS.iter().flat_map(|field| VALUES.iter().map(move |value| (field, value))) {
        let fault = rule_of(&format!("{{\"{field}\": {value}}}"));
        let rule = fault.split_once(": ").map_or("", |(_, rule)| rule);
        let words = rule.split(|letter: char| !letter.is_ascii_alphanumeric());
        let ours: Vec<&str> = words.filter(|word| OURS.contains(word)).collect();
        assert!(ours.is_empty() && !rule.contains("invalid type"), "{field} as {value}: {rule}");
        assert!(rule.is_empty() || rule.starts_with("must ") || rule.starts_with("is "), "{field} as {value}: {rule}");
    }
}

/// A potentially expensive form of input, in a given size.
type Form = (&'static str, fn(usize) -> Incoming);

fn members(count: usize, member: impl Fn(usize) -> String) -> Incoming {
    let members: Vec<String> = (0..count).map(member).collect();
    request(&format!("{{{}}}", members.join(",")), &[])
}

const FORMS: [Form; 9] = [
    ("unknown members", |size| members(size, |at| format!("\"k{at}\":0"))),
    ("repeated members", |size| members(size, |_| "\"text\":0".to_owned())),
    ("members in a member", |size| {
        let inner: Vec<String> = (0..size).map(|at| format!("\"k{at}\":0")).collect();
        request(&format!("{{\"text\":{{{}}}}}", inner.join(",")), &[])
    }),
    ("elements", |size| request(&format!("{{\"tags\":[{}\"\"]}}", "\"a\",".repeat(size)), &[])),
    ("nested arrays", |size| request(&format!("{{\"text\":{}", "[".repeat(size * 8)), &[])),
    ("a long number", |size| request(&format!("{{\"limit\":{}}}", "9".repeat(size * 8)), &[])),
    ("a long fraction", |size| request(&format!("{{\"limit\":0.{}}}", "9".repeat(size * 8)), &[])),
    ("escapes", |size| request(&format!("{{\"text\":\"{}\"}}", "\\u00e9".repeat(size)), &[])),
    ("parameters", |size| {
        let mut request = request("", &[]);
        request.query = (0..size).map(|at| (format!("k{at}"), "0".to_owned())).collect();
        request
    }),
];

/// The minimum processor time for reading an input: interference only adds to it.
fn cost(input: &Incoming, method: Method) -> f64 {
    let times = (0..9).map(|_| {
        let start = cpu_time::ThreadTime::now();
        let _read = std::hint::black_box(parse::<Input>(
            std::hint::black_box(input),
            (method, BodyKind::Json, Spelled::ByUs),
            &[],
        ));
        start.elapsed().as_secs_f64()
    });
    times.fold(f64::INFINITY, f64::min)
}

#[test]
fn sixteen_times_the_input_costs_about_sixteen_times_the_time() {
    for (form, of_size) in FORMS {
        let method = if form == "parameters" { Method::Get } else { Method::Post };
        let (small, large) = (cost(&of_size(450), method), cost(&of_size(16 * 450), method));
        // Quadratic cost would give 256.
        assert!(large < small * 64.0, "{form}: {small} s become {large} s");
    }
}

#[test]
fn text_becomes_numbers() {
    let input: Result<Input, _> =
        parse(&request("", &[("text", "a"), ("limit", "7")]), (Method::Get, BodyKind::Json, Spelled::ByUs), &[]);
    assert_eq!(input.ok().and_then(|input| input.limit), Some(7));
    let wrong = parse::<Input>(
        &request("", &[("text", "a"), ("limit", "x")]),
        (Method::Get, BodyKind::Json, Spelled::ByUs),
        &[],
    );
    assert!(wrong.is_err_and(|problem| problem.errors()[0].rule == "must be a whole number from 0 to 255"));
}
