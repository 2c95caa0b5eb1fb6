//! Limits: sizes, types, and the rate of an address.

use futures::future::join_all;
use serde_json::json;
use shared::function::Function;
use shared::kernel::time::SignedDuration;
use shared::testing::{Request, Response, TestApp};

use super::notes::{GET, GREET, KNOCK, LIST, OPEN, WRITE};

#[tokio::test]
async fn a_body_of_wrong_size_or_type_is_refused_before_any_read() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let large = Request::to(&WRITE).by(&owner).json(json!({ "text": "x".repeat(70_000) }));
    assert_eq!(app.call(large).await.expect(413).code(), "body_too_large");
    let typed = Request::to(&WRITE).by(&owner).header("content-type", "text/plain").body("{}");
    assert_eq!(app.call(typed).await.expect(415).code(), "unsupported_media_type");
    assert_eq!(app.wire(&WRITE).take(), Vec::<String>::new());
}

#[tokio::test]
async fn a_body_that_is_not_utf8_is_refused_without_a_write() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let write =
        |body: &[u8]| app.call(Request::to(&WRITE).by(&owner).header("content-type", "application/json").body(body));
    // As API Gateway passes a body in base64, and text in which it replaced invalid UTF-8.
    for body in [&b"{\"text\": \"caf\xe9\"}"[..], "{\"text\": \"caf\u{fffd}\"}".as_bytes()] {
        let refused = write(body).await.expect(400);
        assert_eq!((refused.code(), refused.fields()), ("body_not_utf8", vec!["body"]));
    }
    assert_eq!(app.wire(&WRITE).take(), Vec::<String>::new());
    assert_eq!(write("{\"text\": \"café\"}".as_bytes()).await.expect(201).body["text"], "café");
}

/// Functions in the role of processes: each has its own warm state.
const PROCESSES: [&Function; 5] = [&GET, &WRITE, &OPEN, &GREET, &LIST];
const LIMIT: usize = 200;

/// Whether the address is still admitted: an unauthenticated request then gets 401.
async fn is_admitted(app: &TestApp, function: &'static Function) -> bool {
    let answer = app.call(Request::to(function).path("workspace_id", "ws_0").path("note_id", "note_0")).await;
    match answer.status {
        429 => {
            assert!((1..=80).contains(&answer.header("retry-after").parse::<u32>().unwrap()), "{}", answer.text);
            assert_eq!(answer.header("retry-after"), resets_in_s(&answer, "address").to_string());
            false
        }
        401 => true,
        other => panic!("{other}: {}", answer.text),
    }
}

async fn admitted(app: &TestApp, functions: &[&'static Function], requests: usize) -> usize {
    let mut admitted = 0;
    for request in 0..requests {
        admitted += usize::from(is_admitted(app, functions[request % functions.len()]).await);
    }
    admitted
}

fn writes(app: &TestApp, functions: &[&'static Function]) -> usize {
    functions.iter().map(|function| app.wire(function).take().len()).sum()
}

#[tokio::test]
async fn an_address_gets_two_hundred_requests_a_minute_across_functions() {
    let app = TestApp::new();
    // One function may hold an unused lease when the other is refused: never more than 200.
    let first = admitted(&app, &[&GET, &LIST], 300).await;
    assert!((185..=LIMIT).contains(&first), "{first} were admitted");
    app.advance(SignedDuration::from_secs(75));
    assert_eq!(admitted(&app, &[&GET, &LIST], 20).await, 0);
    app.advance(SignedDuration::from_secs(5));
    assert_eq!(admitted(&app, &[&GET, &LIST], 20).await, 20);
}

#[tokio::test]
async fn a_burst_across_a_minute_boundary_gets_no_more_than_the_limit() {
    let app = TestApp::new();
    let to_the_edge_ms = 60_000 - app.now().as_millisecond().rem_euclid(60_000) - 1;
    app.advance(SignedDuration::from_millis(to_the_edge_ms));
    let before = admitted(&app, &[&GET], 250).await;
    app.advance(SignedDuration::from_millis(2));
    assert_eq!(before + admitted(&app, &[&GET], 250).await, LIMIT);
}

#[tokio::test]
async fn no_arrival_pattern_exceeds_two_hundred_requests_in_any_minute() {
    let app = TestApp::new();
    let below = |bound: u64| u64::from_le_bytes(app.entropy().bytes()) % bound;
    let mut instants_ms = Vec::new();
    for _ in 0..300 {
        let pause_ms = match below(10) {
            0..=3 => below(30),
            4..=6 => below(2_000),
            7..=8 => below(15_000),
            _ => below(70_000),
        };
        app.advance(SignedDuration::from_millis(pause_ms.try_into().unwrap()));
        if below(40) == 0 {
            app.forget_warm();
        }
        let arrivals = (0..below(60)).map(|_| is_admitted(&app, PROCESSES[usize::try_from(below(5)).unwrap()]));
        let admitted = join_all(arrivals).await.into_iter().filter(|admitted| *admitted).count();
        instants_ms.extend(vec![app.now().as_millisecond(); admitted]);
    }
    let fullest = instants_ms
        .iter()
        .enumerate()
        .map(|(at, from)| instants_ms[at..].iter().take_while(|instant| **instant - from <= 60_000).count());
    let fullest = fullest.max().unwrap();
    assert!((100..=LIMIT).contains(&fullest), "{fullest} of {} in 60 seconds", instants_ms.len());
}

#[tokio::test]
async fn a_busy_address_costs_one_write_per_ten_requests_and_none_when_refused() {
    // At 120 and at 300 requests a minute.
    for (processes, pause_ms) in [1, 2, 3].into_iter().flat_map(|processes| [(processes, 500), (processes, 200)]) {
        let (app, functions, mut requests) = (TestApp::new(), &PROCESSES[..processes], 0);
        while requests < 1_200 {
            admitted(&app, functions, processes).await;
            requests += processes;
            app.advance(SignedDuration::from_millis(pause_ms * i64::try_from(processes).unwrap()));
        }
        let spent = writes(&app, functions);
        assert!(spent * 10 <= requests, "{spent} writes, {processes} processes, one in {pause_ms} ms");
    }
    let app = TestApp::new();
    let burst = admitted(&app, &[&GET], 1_000).await;
    let spent = writes(&app, &[&GET]);
    assert!(burst == LIMIT && spent * 10 <= LIMIT, "{spent} writes for {burst} requests at once");
}

/// The limits of a response: the policies, and the remaining requests of each.
fn limits_of(answer: &Response) -> (&str, Vec<(String, u32)>) {
    let limits = answer.header("ratelimit").split(", ").map(|limit| {
        let (name, rest) = limit.split_once(";r=").unwrap();
        let (remaining, _) = rest.split_once(";t=").unwrap();
        (name.trim_matches('"').to_owned(), remaining.parse().unwrap())
    });
    (answer.header("ratelimit-policy"), limits.collect())
}

/// The seconds until a limit has room again.
fn resets_in_s(answer: &Response, name: &str) -> u32 {
    let limit = answer.header("ratelimit").split(", ").find(|limit| limit.starts_with(&format!("\"{name}\"")));
    limit.unwrap().rsplit_once(";t=").unwrap().1.parse().unwrap()
}

#[tokio::test]
async fn every_limit_is_listed_and_the_exceeded_one_comes_first() {
    let app = TestApp::new();
    let left = |pairs: &[(&str, u32)]| pairs.iter().map(|(name, left)| ((*name).to_owned(), *left)).collect::<Vec<_>>();
    let knock = || Request::to(&KNOCK).json(json!({ "word": "please" }));
    for (at, remaining) in [(0, 4), (1, 3), (2, 2), (3, 1), (4, 0)] {
        let answer = app.call(knock()).await.expect(401);
        let (policy, limits) = limits_of(&answer);
        assert_eq!(policy, r#""address";q=200;w=80, "credentials";q=5;w=300"#);
        assert_eq!(limits, left(&[("address", 199 - at), ("credentials", remaining)]));
        app.advance(SignedDuration::from_secs(2));
    }
    let refused = app.call(knock()).await.expect(429);
    let (policy, limits) = limits_of(&refused);
    assert_eq!(policy, r#""address";q=200;w=80, "credentials";q=5;w=300"#);
    assert_eq!(limits, left(&[("credentials", 0), ("address", 194)]));
    // The first attempt was 10 seconds ago.
    assert_eq!((resets_in_s(&refused, "credentials"), refused.header("retry-after")), (290, "290"));

    let owner = app.owner().await.unwrap();
    for (status, remaining) in [(204, 1), (204, 0), (429, 0)] {
        let answer = app.call(Request::to(&GREET).by(&owner)).await.expect(status);
        let (policy, limits) = limits_of(&answer);
        assert_eq!(policy, r#""address";q=200;w=80, "greet";q=2;w=60"#);
        let at = if status == 429 { 0 } else { 1 };
        assert_eq!(limits[at], ("greet".to_owned(), remaining));
        assert_eq!(resets_in_s(&answer, "greet"), 60);
    }

    let mut last = app.call(Request::to(&GREET)).await;
    while last.status != 429 {
        last = app.call(Request::to(&GREET)).await;
    }
    assert_eq!(limits_of(&last), (r#""address";q=200;w=80, "greet";q=2;w=60"#, left(&[("address", 0)])));
    assert_eq!(last.header("retry-after"), resets_in_s(&last, "address").to_string());
}

#[tokio::test]
async fn every_response_has_the_security_headers() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let made = app.call(Request::to(&WRITE).by(&owner).json(json!({ "text": "x" }))).await.expect(201);
    let refused = app.call(Request::to(&WRITE).json(json!({ "text": "x" }))).await.expect(401);
    for answer in [made, refused] {
        for (name, value) in [
            ("strict-transport-security", "max-age=31536000; includeSubDomains; preload"),
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "strict-origin-when-cross-origin"),
            ("permissions-policy", "camera=(), microphone=(), geolocation=(), interest-cohort=()"),
        ] {
            assert_eq!(answer.header(name), value);
        }
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"));
        assert!(!answer.header("x-request-id").is_empty());
    }
}

#[tokio::test]
async fn only_an_allowed_origin_may_read_a_response() {
    let app = TestApp::new();
    let from = |origin: &str| Request::to(&GET).path("note_id", "x").header("origin", origin);
    let listed = app.call(from("https://app.example.com")).await;
    assert_eq!(listed.header("access-control-allow-origin"), "https://app.example.com");
    let exposed: Vec<_> = listed.header("access-control-expose-headers").split(", ").collect();
    for name in
        ["idempotency-replayed", "ratelimit", "ratelimit-policy", "retry-after", "www-authenticate", "x-request-id"]
    {
        assert!(exposed.contains(&name), "{name} is not exposed");
    }
    let other = app.call(from("https://app.example.com.evil.example")).await;
    assert_eq!(other.header("access-control-allow-origin"), "");
}
