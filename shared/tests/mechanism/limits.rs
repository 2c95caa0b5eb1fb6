//! Limits: sizes, types, and the rate of an address.

use serde_json::json;
use shared::testing::{Request, TestApp};

use super::notes::{GET, WRITE};

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
    let other = app.call(from("https://app.example.com.evil.example")).await;
    assert_eq!(other.header("access-control-allow-origin"), "");
}
