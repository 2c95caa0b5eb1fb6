//! The cost of a request from an unauthenticated sender: at most proportional to its size, for any content.
//!
//! Compares the processor time of the whole route in this process between two sizes of the same content. Quadratic cost
//! stands out; the speed of the machine does not matter.

use std::time::Duration;

use cpu_time::ThreadTime;
use serde_json::{Map, Value, json};
use shared::function::Level;
use shared::testing::Request;

use crate::domains::{Endpoint, endpoints};
use crate::none;
use crate::place::World;
use crate::sample::{Filling, Sample, body, request};

const SMALL_BYTES: usize = 4 * 1024;
const LARGE_BYTES: usize = 60 * 1024;
/// Proportional cost stays below, because every request also has a fixed cost.
const MOST_TIMES: u32 = (LARGE_BYTES / SMALL_BYTES) as u32;
/// A comparison is repeated before it counts as a fault: another process may have interfered.
const TRIES: usize = 4;

/// The total size of headers at API Gateway ("Quotas for HTTP APIs": 10,240 bytes).
const MOST_HEADER_BYTES: usize = 10_240;

type Make = Box<dyn Fn(Request, usize) -> Request>;
/// The name of a hostile value, and how to build it in a given size.
type Hostile = (&'static str, fn(usize) -> String);

fn form(name: &str, make: impl Fn(Request, usize) -> Request + 'static) -> (String, Make) {
    (name.to_owned(), Box::new(make))
}

fn raw(request: Request, body: String) -> Request {
    request.header("content-type", "application/json").body(body)
}

fn members(count: usize) -> String {
    let members: Vec<String> = (0..count).map(|at| format!("\"k{at}\":0")).collect();
    members.join(",")
}

/// Values of about this many bytes, as JSON.
fn values() -> Vec<Hostile> {
    fn text(part: &str, size: usize) -> String {
        json!(part.repeat(size / part.len())).to_string()
    }
    vec![
        ("letters", |size| text("a", size)),
        ("a mail address", |size| text("a.", size).replacen('.', "@", 1)),
        ("labels", |size| text("xn--a.", size)),
        ("text that grows in normal form", |size| text("\u{FDFA}", size)),
        ("marks in the wrong order", |size| text("\u{301}\u{323}", size)),
        ("a number", |size| "9".repeat(size)),
        ("an object", |size| format!("{{{}}}", members(size / 10))),
        ("an array", |size| format!("[{}0]", "0,".repeat(size / 2))),
        ("nested arrays", |size| "[".repeat(size)),
    ]
}

/// Bodies: hostile as a whole, and the sample's with one hostile field.
fn bodies(good: &Map<String, Value>) -> Vec<(String, Make)> {
    let mut forms = vec![
        form("unknown members", |request, size| raw(request, format!("{{{}}}", members(size / 10)))),
        form("one member again and again", |request, size| {
            raw(request, format!("{{{}\"k\":0}}", "\"k\":0,".repeat(size / 6)))
        }),
        form("white space", |request, size| raw(request, " ".repeat(size))),
    ];
    for field in good.keys() {
        for (what, value) in values() {
            let (good, name) = (good.clone(), field.clone());
            forms.push(form(&format!("{what} as {field}"), move |request, size| {
                // Built by hand: a hostile value need not be JSON.
                let others = good.iter().filter(|(other, _)| **other != name);
                let others: String = others.map(|(other, value)| format!("{}:{value},", json!(other))).collect();
                raw(request, format!("{{{others}{}:{}}}", json!(name), value(size)))
            }));
        }
    }
    forms
}

fn queries() -> Vec<(String, Make)> {
    vec![
        form("parameters", |request, size| {
            (0..size / 8).fold(request, |request, at| request.query(&format!("k{at}"), "0"))
        }),
        form("a long parameter", |request, size| request.query("cursor", "a".repeat(size))),
    ]
}

fn heads() -> Vec<(String, Make)> {
    const NAMES: [&str; 6] = ["authorization", "user-agent", "idempotency-key", "origin", "content-type", "cookie"];
    let of_headers = |size: usize| size * MOST_HEADER_BYTES / LARGE_BYTES;
    let one = NAMES.map(|name| {
        form(name, move |request, size| request.header(name, &format!("Bearer {}", "a.".repeat(of_headers(size) / 2))))
    });
    let mut forms = Vec::from(one);
    forms.push(form("a personal token", move |request, size| {
        request.bearer(&format!("bhp_{}", "a".repeat(of_headers(size))))
    }));
    forms.push(form("headers", move |request, size| {
        (0..of_headers(size) / 8).fold(request, |request, at| request.header(&format!("x-{at}"), "0"))
    }));
    forms
}

async fn cost(world: &World, request: Request) -> Duration {
    // Each from its own address, and within the size that is read: a limit would skip the work.
    world.app.move_address();
    let start = ThreadTime::now();
    let answer = world.app.call(request).await;
    let spent = start.elapsed();
    assert!(answer.status < 500 && ![413, 429].contains(&answer.status), "{}", answer.text);
    spent
}

/// How the costs of the two sizes compare, if every try is out of proportion.
async fn out_of_proportion(world: &World, request: &Request, make: &Make) -> Option<String> {
    let (mut small, mut large) = (Duration::MAX, Duration::MAX);
    for _ in 0..TRIES {
        small = small.min(cost(world, make(request.clone(), SMALL_BYTES)).await);
        large = large.min(cost(world, make(request.clone(), LARGE_BYTES)).await);
        if large <= small * MOST_TIMES {
            return None;
        }
    }
    Some(format!("{small:?} become {large:?}"))
}

#[tokio::test]
async fn an_unauthenticated_request_costs_at_most_in_proportion_to_its_size() {
    let world = World::new().await;
    let mut faults = Vec::new();
    for endpoint in endpoints() {
        let sample = Sample::of(endpoint.entry);
        let filled = sample.placeholders().into_iter();
        let filling = filled.fold(Filling::default(), |filling, name| filling.with(&name, "x".repeat(86)));
        let mut event = sample.filled(&filling);
        event["headers"].as_object_mut().unwrap().remove("authorization");
        let request = request(endpoint.entry, &event);
        for (form, make) in forms(&endpoint, &event) {
            if let Some(fault) = out_of_proportion(&world, &request, &make).await {
                faults.push(format!("{}: {form}: {fault}", endpoint.name()));
            }
        }
    }
    none(faults);
}

/// Everything at routes that need no token; the others do not read the body before the token.
fn forms(endpoint: &Endpoint, event: &Value) -> Vec<(String, Make)> {
    let mut forms = heads();
    if !endpoint.has_body() {
        forms.extend(queries());
    } else if matches!(endpoint.access, Level::Anyone | Level::Credentials) {
        forms.extend(bodies(&body(event)));
    } else {
        forms.extend(bodies(&Map::new()));
    }
    forms
}
