//! Health, the OpenAPI document, problem descriptions, preflights and unknown routes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use operations::routes::{answer_preflight, answer_unknown_route, get_health, get_openapi, get_problem};
use serde_json::json;
use shared::http::Plane;
use shared::testing::{Request, Response, TestApp};

#[tokio::test]
async fn health_is_reported() {
    let app = TestApp::new();
    let answer = app.call(Request::to(&get_health::FUNCTION)).await.expect(200);
    assert_eq!(answer.body, json!({ "status": "ok" }));
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn the_openapi_document_is_returned() {
    let app = TestApp::new();
    let answer = app.call(Request::to(&get_openapi::FUNCTION)).await.expect(200);
    assert!(answer.body["paths"].is_object(), "{}", answer.text);
    assert_eq!(answer.body["servers"], json!([{ "url": "https://api.example.com" }]));
}

#[tokio::test]
async fn every_plane_reports_health_and_returns_only_its_own_document() {
    let app = TestApp::new();
    for plane in Plane::ALL {
        let answer = app.call(Request::to(&get_health::FUNCTION).on(*plane)).await.expect(200);
        assert_eq!(answer.body, json!({ "status": "ok" }), "{}", plane.name);
        let document = app.call(Request::to(&get_openapi::FUNCTION).on(*plane)).await.expect(200).body;
        let host = if *plane == Plane::PRODUCT { "api" } else { plane.name };
        assert_eq!(document["servers"][0]["url"], format!("https://{host}.example.com"));
        assert!(document["paths"]["/health"]["get"].is_object(), "{}", plane.name);
        let describes_product = document["paths"]["/me"].is_object();
        assert_eq!(describes_product, *plane == Plane::PRODUCT, "{}", plane.name);
    }
}

#[tokio::test]
async fn an_event_from_an_api_that_the_route_is_not_on_is_500_without_any_call() {
    let app = TestApp::new();
    let request = Request::to(&get_problem::FUNCTION).path("code", "not_found").on(Plane::STAFF);
    assert_eq!(app.call(request).await.expect(500).code(), "internal");
    assert_eq!(app.wire(&get_problem::FUNCTION).take(), Vec::<String>::new());
}

/// A preflight on a plane from a script of an origin.
async fn preflight_on(app: &TestApp, plane: Plane, origin: &str) -> Response {
    let request = Request::to(&answer_preflight::FUNCTION).on(plane).header("origin", origin);
    app.call(request.header("access-control-request-method", "PUT")).await.expect(204)
}

#[tokio::test]
async fn each_plane_allows_only_the_origins_that_it_lists() {
    let app = TestApp::new();
    let (product, staff) = ("https://app.example.com", "https://staff.example.com");
    for (plane, origin, is_allowed) in [
        (Plane::PRODUCT, product, true),
        (Plane::PRODUCT, staff, false),
        (Plane::STAFF, product, false),
        (Plane::STAFF, staff, true),
        (Plane::HOOKS, product, false),
        (Plane::HOOKS, staff, false),
    ] {
        let allowed = if is_allowed { origin } else { "" };
        let preflight = preflight_on(&app, plane, origin).await;
        assert_eq!(preflight.header("access-control-allow-origin"), allowed, "{} {origin}", plane.name);
        let health = app.call(Request::to(&get_health::FUNCTION).on(plane).header("origin", origin)).await.expect(200);
        assert_eq!(health.header("access-control-allow-origin"), allowed, "{} {origin}", plane.name);
    }
}

#[tokio::test]
async fn a_path_of_another_plane_is_404() {
    let app = TestApp::new();
    let ask = |plane, path| app.call(Request::to(&answer_unknown_route::FUNCTION).on(plane).asking("PUT", path));
    for plane in Plane::ALL {
        assert_eq!(ask(*plane, "/health").await.expect(405).header("allow"), "GET, HEAD, OPTIONS");
        let expected = if *plane == Plane::PRODUCT { 405 } else { 404 };
        ask(*plane, "/me").await.expect(expected);
    }
}

#[tokio::test]
async fn the_type_of_a_problem_links_to_its_description() {
    let app = TestApp::new();
    let missing = app.call(Request::to(&get_problem::FUNCTION).path("code", "no_such_code")).await.expect(404);
    let code = missing.body["type"].as_str().unwrap().strip_prefix("https://api.example.com/problems/").unwrap();
    let described = app.call(Request::to(&get_problem::FUNCTION).path("code", code)).await.expect(200).body;
    assert_eq!((&described["code"], &described["title"]), (&json!("not_found"), &missing.body["title"]));
    assert_eq!(described["statuses"], json!([404]));
}

#[tokio::test]
async fn a_preflight_from_an_allowed_origin_is_accepted() {
    let app = TestApp::new();
    let preflight = |origin: &str| {
        let request = Request::to(&answer_preflight::FUNCTION).header("origin", origin);
        app.call(request.header("access-control-request-method", "PUT").query("limit", "1"))
    };
    let listed = preflight("https://app.example.com").await.expect(204);
    assert_eq!(listed.header("access-control-allow-origin"), "https://app.example.com");
    assert!(listed.header("access-control-allow-methods").contains("PATCH"));
    for (field, names) in [
        ("access-control-allow-headers", ["if-match", "if-none-match"]),
        ("access-control-expose-headers", ["etag", "location"]),
    ] {
        let listed: Vec<_> = listed.header(field).split(", ").collect();
        assert!(names.iter().all(|name| listed.contains(name)), "{field}: {listed:?}");
    }
    for origin in ["https://evil.example.com", "https://app.example.com.evil.example", "null"] {
        let foreign = preflight(origin).await.expect(204);
        assert_eq!(foreign.header("access-control-allow-origin"), "", "{origin}");
    }
}

#[tokio::test]
async fn preflights_make_no_calls_and_do_not_count_against_the_rate_limit() {
    let app = TestApp::new();
    for _ in 0..250 {
        let answer = app.call(Request::to(&answer_preflight::FUNCTION)).await.expect(204);
        assert_eq!(answer.header("ratelimit"), "");
    }
    assert_eq!(app.wire(&answer_preflight::FUNCTION).take(), Vec::<String>::new());
    let health = app.call(Request::to(&get_health::FUNCTION)).await.expect(200);
    assert!(health.header("ratelimit").contains("r=199"), "{:?}", health.headers);
}

#[tokio::test]
async fn head_is_answered_like_get_without_the_body() {
    let app = TestApp::new();
    let get = app.call(Request::to(&get_health::FUNCTION)).await.expect(200);
    let head = app.call(Request::to(&get_health::FUNCTION).asking("HEAD", "/health")).await.expect(200);
    assert_eq!(head.text, "");
    assert_eq!(head.header("content-type"), get.header("content-type"));
    let refused = Request::to(&get_health::FUNCTION).asking("HEAD", "/health").query("unknown", "1");
    assert_eq!(app.call(refused).await.expect(422).text, "");
}

#[tokio::test]
async fn an_unknown_method_on_a_known_path_is_405_with_the_allowed_ones() {
    let app = TestApp::new();
    let ask = |method: &str, path: &str| app.call(Request::to(&answer_unknown_route::FUNCTION).asking(method, path));
    for (method, path, allowed) in [
        ("DELETE", "/health", "GET, HEAD, OPTIONS"),
        ("HEAD", "/auth/login", "OPTIONS, POST"),
        ("PUT", "/workspaces/ws_0/posts/post_0", "DELETE, GET, HEAD, OPTIONS, PATCH"),
        ("PUT", "/me", "DELETE, GET, HEAD, OPTIONS, PATCH"),
        ("PROPFIND", "/me", "DELETE, GET, HEAD, OPTIONS, PATCH"),
    ] {
        let answer = ask(method, path).await.expect(405);
        assert_eq!(answer.header("allow"), allowed, "{method} {path}");
        if method != "HEAD" {
            assert_eq!(answer.code(), "method_not_allowed");
        }
    }
    for path in ["/health/", "/workspaces//posts", "/workspaces/ws_0/posts/post_0/more", "/", "", "/{path+}"] {
        assert_eq!(ask("DELETE", path).await.expect(404).code(), "not_found", "{path}");
    }
}

#[tokio::test]
async fn an_unknown_path_is_404() {
    let app = TestApp::new();
    let request = Request::to(&answer_unknown_route::FUNCTION).query("a", "1").query("a", "2");
    let answer = app.call(request.header("content-type", "text/xml").body("<a/>")).await.expect(404);
    assert_eq!(answer.code(), "not_found");
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
}
