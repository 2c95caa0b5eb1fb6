//! Why an input is refused, and what reading it costs.

use super::*;
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
        ip: String::new(),
        headers: HeaderMap::new(),
        path: pairs(&[("note_id", "p1")]),
        query: pairs(query),
        body: body.as_bytes().to_vec(),
    }
}

fn fault(body: &str) -> String {
    match parse::<Input>(&request(body, &[]), Method::Post, &[]) {
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
    assert_eq!(fault(r#"{"text": "a", "limit": 256}"#), "limit: must be u8");
    assert_eq!(fault(r#"[]"#), "body: must be a JSON object");
    assert_eq!(fault(r#"{"text": "#), "body: must be JSON; it is malformed at line 1, column 9");
    assert_eq!(fault(r#"{"text": "a"} x"#), "body: must be JSON; it is malformed at line 1, column 15");
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
        let _read = std::hint::black_box(parse::<Input>(std::hint::black_box(input), method, &[]));
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
    let input: Result<Input, _> = parse(&request("", &[("text", "a"), ("limit", "7")]), Method::Get, &[]);
    assert_eq!(input.ok().and_then(|input| input.limit), Some(7));
    let wrong = parse::<Input>(&request("", &[("text", "a"), ("limit", "x")]), Method::Get, &[]);
    assert!(wrong.is_err_and(|problem| problem.errors()[0].rule == "must be a whole number from 0 to 255"));
}
