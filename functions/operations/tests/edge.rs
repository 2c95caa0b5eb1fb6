//! What the API answers about itself, to preflights, and where there is nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use operations::routes::{answer_preflight, answer_unknown_route, get_health, get_openapi};
use serde_json::json;
use shared::testing::{Request, TestApp};

#[tokio::test]
async fn it_tells_that_it_is_well() {
    let app = TestApp::new();
    let answer = app.call(Request::to(&get_health::FUNCTION)).await.expect(200);
    assert_eq!(answer.body, json!({ "status": "ok" }));
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn it_describes_itself() {
    let app = TestApp::new();
    let answer = app.call(Request::to(&get_openapi::FUNCTION)).await.expect(200);
    assert!(answer.body["paths"].is_object(), "{}", answer.text);
}

#[tokio::test]
async fn a_browser_of_a_listed_origin_may_call() {
    let app = TestApp::new();
    let preflight = |origin: &str| {
        let request = Request::to(&answer_preflight::FUNCTION).header("origin", origin);
        app.call(request.header("access-control-request-method", "PUT").query("limit", "1"))
    };
    let listed = preflight("https://app.example.com").await.expect(204);
    assert_eq!(listed.header("access-control-allow-origin"), "https://app.example.com");
    assert!(listed.header("access-control-allow-methods").contains("PUT"));
    for origin in ["https://evil.example.com", "https://app.example.com.evil.example", "null"] {
        let foreign = preflight(origin).await.expect(204);
        assert_eq!(foreign.header("access-control-allow-origin"), "", "{origin}");
    }
}

#[tokio::test]
async fn where_there_is_nothing_it_says_so() {
    let app = TestApp::new();
    let request = Request::to(&answer_unknown_route::FUNCTION).query("a", "1").query("a", "2");
    let answer = app.call(request.header("content-type", "text/xml").body("<a/>")).await.expect(404);
    assert_eq!(answer.code(), "not_found");
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
}
