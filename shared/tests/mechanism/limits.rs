//! Limits: sizes, types, and the rate of an address.

use serde_json::json;
use shared::testing::{Request, Response, TestApp};

use super::notes::{GET, GREET, KNOCK, WRITE};

#[tokio::test]
async fn what_is_too_large_or_of_another_type_is_refused_before_anything_is_read() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let large = Request::to(&WRITE).by(&owner).json(json!({ "text": "x".repeat(70_000) }));
    assert_eq!(app.call(large).await.expect(413).code(), "body_too_large");
    let typed = Request::to(&WRITE).by(&owner).header("content-type", "text/plain").body("{}");
    assert_eq!(app.call(typed).await.expect(415).code(), "unsupported_media_type");
    assert_eq!(app.wire(&WRITE).take(), Vec::<String>::new());
}

#[tokio::test]
async fn an_address_gets_two_hundred_requests_a_minute_over_all_functions() {
    let app = TestApp::new();
    let mut admitted = 0;
    for round in 0..300 {
        let function = if round % 2 == 0 { &GET } else { &WRITE };
        let answer = app.call(Request::to(function).path("workspace_id", "ws_0").path("note_id", "note_0")).await;
        match answer.status {
            401 => admitted += 1,
            429 => assert!(answer.header("retry-after").parse::<u32>().unwrap() <= 60),
            other => panic!("{other}: {}", answer.text),
        }
    }
    // A lease that one function holds when the other is refused may be left over: never more than 200.
    assert!((185..=200).contains(&admitted), "{admitted} were admitted");
    app.advance(jiff::SignedDuration::from_secs(61));
    app.call(Request::to(&GET).path("workspace_id", "ws_0").path("note_id", "note_0")).await.expect(401);
}

/// What an answer says about limits: the policies, and how many requests each has left.
fn told(answer: &Response) -> (&str, Vec<(String, u32)>) {
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
async fn every_limit_that_applied_is_named_with_what_is_left() {
    let app = TestApp::at("2026-07-01T12:00:00Z".parse().unwrap());
    let left = |pairs: &[(&str, u32)]| pairs.iter().map(|(name, left)| ((*name).to_owned(), *left)).collect::<Vec<_>>();
    let knock = || Request::to(&KNOCK).json(json!({ "word": "please" }));
    for (at, remaining) in [(0, 4), (1, 3), (2, 2), (3, 1), (4, 0)] {
        let answer = app.call(knock()).await.expect(401);
        let (policy, limits) = told(&answer);
        assert_eq!(policy, r#""address";q=200;w=60, "credentials";q=5;w=300"#);
        assert_eq!(limits, left(&[("address", 199 - at), ("credentials", remaining)]));
        app.advance(jiff::SignedDuration::from_secs(10));
    }
    let refused = app.call(knock()).await.expect(429);
    let (policy, limits) = told(&refused);
    assert_eq!(policy, r#""address";q=200;w=60, "credentials";q=5;w=300"#);
    assert_eq!(limits, left(&[("address", 194), ("credentials", 0)]));
    // The first attempt was 50 seconds ago.
    assert_eq!((resets_in_s(&refused, "credentials"), refused.header("retry-after")), (250, "250"));

    let owner = app.owner().await.unwrap();
    for (status, remaining) in [(204, 1), (204, 0), (429, 0)] {
        let answer = app.call(Request::to(&GREET).by(&owner)).await.expect(status);
        let (policy, limits) = told(&answer);
        assert_eq!(policy, r#""address";q=200;w=60, "greet";q=2;w=60"#);
        assert_eq!(limits.last().unwrap(), &("greet".to_owned(), remaining));
        assert_eq!(resets_in_s(&answer, "greet"), 60);
    }

    let mut last = app.call(Request::to(&GREET)).await;
    while last.status != 429 {
        assert_eq!(told(&last).0, r#""address";q=200;w=60"#);
        last = app.call(Request::to(&GREET)).await;
    }
    assert_eq!(told(&last), (r#""address";q=200;w=60"#, left(&[("address", 0)])));
    assert_eq!(last.header("retry-after"), resets_in_s(&last, "address").to_string());
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
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
async fn only_a_listed_origin_may_read_an_answer() {
    let app = TestApp::new();
    let from = |origin: &str| Request::to(&GET).path("note_id", "x").header("origin", origin);
    let listed = app.call(from("https://app.example.com")).await;
    assert_eq!(listed.header("access-control-allow-origin"), "https://app.example.com");
    let exposed: Vec<_> = listed.header("access-control-expose-headers").split(", ").collect();
    for name in ["ratelimit", "ratelimit-policy", "retry-after", "www-authenticate", "x-request-id"] {
        assert!(exposed.contains(&name), "{name} is not exposed");
    }
    let other = app.call(from("https://app.example.com.evil.example")).await;
    assert_eq!(other.header("access-control-allow-origin"), "");
}
