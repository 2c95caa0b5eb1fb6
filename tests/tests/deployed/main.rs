//! Tests of the deployed stack through its gateways, which in-process tests cannot cover.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod old_versions;

use reqwest::{Method, Response};
use shared::http::Plane;

/// The address of a plane on the local cloud.
fn url(plane: Plane) -> String {
    let variable = plane.variable("BASE_URL");
    std::env::var(format!("BULKHEAD_{variable}")).expect("the addresses of the planes: run `make test`")
}

async fn ask(plane: Plane, method: Method, path: &str) -> Response {
    let request = reqwest::Client::new().request(method, format!("{}{path}", url(plane)));
    request.header("origin", "http://localhost:3000").send().await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

#[tokio::test]
async fn every_plane_answers_health_unknown_routes_and_preflights() {
    for plane in Plane::ALL {
        let name = plane.name;
        let health = ask(*plane, Method::GET, "/health").await;
        assert_eq!(health.status(), 200, "{name}");
        // Only the product allows the origin of the product's application.
        let allowed = if *plane == Plane::PRODUCT { "http://localhost:3000" } else { "" };
        assert_eq!(header(&health, "access-control-allow-origin"), allowed, "{name}");
        assert_eq!(health.text().await.unwrap(), "{\"status\":\"ok\"}", "{name}");
        assert_eq!(ask(*plane, Method::HEAD, "/health").await.status(), 200, "{name}");

        let unknown = ask(*plane, Method::GET, "/no/such/path").await;
        assert_eq!(unknown.status(), 404, "{name}");
        assert_eq!(header(&unknown, "content-type"), "application/problem+json", "{name}");
        let method = ask(*plane, Method::DELETE, "/health").await;
        assert_eq!((method.status().as_u16(), header(&method, "allow")), (405, "GET, HEAD, OPTIONS"), "{name}");

        let preflight = ask(*plane, Method::OPTIONS, "/health").await;
        assert_eq!(preflight.status(), 204, "{name}");
        assert_eq!(header(&preflight, "access-control-allow-origin"), allowed, "{name}");
    }
}

#[tokio::test]
async fn a_route_of_one_plane_is_on_no_other() {
    for plane in Plane::ALL {
        let expected = if *plane == Plane::PRODUCT { 200 } else { 404 };
        let problem = ask(*plane, Method::GET, "/problems/not_found").await;
        assert_eq!(problem.status().as_u16(), expected, "{}", plane.name);
    }
}

#[tokio::test]
async fn every_plane_serves_its_own_document() {
    for plane in Plane::ALL {
        let document = ask(*plane, Method::GET, "/openapi.json").await.text().await.unwrap();
        let document: serde_json::Value = serde_json::from_str(&document).unwrap();
        assert_eq!(document["servers"][0]["url"], url(*plane));
        assert_eq!(document["info"]["x-plane"], plane.name);
    }
}
