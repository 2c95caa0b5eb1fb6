//! A member of the operator's staff with an authenticator, and their calls of routes.

use serde_json::{Value, json};
use shared::function::Function;
use shared::kernel::time::SignedDuration;
use shared::testing::{Request, Response, TestApp};
use staff::jobs::{grant_staff, revoke_staff};
use staff::routes::{complete_staff_enrolment, complete_staff_sign_in, start_staff_enrolment, start_staff_sign_in};

use crate::authenticator::Authenticator;
use crate::people::{email, post};

/// A member of the staff who has registered a passkey.
pub struct Member {
    pub email: String,
    pub authenticator: Authenticator,
}

/// The authenticator of a browser on the staff console.
pub fn authenticator() -> Authenticator {
    let mut authenticator = Authenticator::es256();
    "https://staff.example.com".clone_into(&mut authenticator.origin);
    authenticator
}

/// Grants roles to an address, and returns the job's reply.
pub async fn grant(app: &TestApp, email: &str, roles: &[&str]) -> Value {
    app.advance(SignedDuration::from_millis(1));
    let payload = json!({ "email": email, "name": "Grace Hopper", "roles": roles });
    app.run(&grant_staff::FUNCTION, payload).await.unwrap()
}

pub async fn revoke(app: &TestApp, email: &str) {
    app.advance(SignedDuration::from_millis(1));
    app.run(&revoke_staff::FUNCTION, json!({ "email": email })).await.unwrap();
}

/// The token of a grant's link.
pub fn token(granted: &Value) -> String {
    let link = granted["link"].as_str().unwrap();
    link.strip_prefix("https://staff.example.com/enrol#token=").unwrap().to_owned()
}

pub async fn start_enrolment(app: &TestApp, token: &str) -> Response {
    post(app, &start_staff_enrolment::FUNCTION, json!({ "token": token })).await
}

pub async fn enrol(app: &TestApp, token: &str, started: &Value, credential: Value) -> Response {
    let body = json!({ "token": token, "ceremony": started["ceremony"], "name": "Laptop", "credential": credential });
    post(app, &complete_staff_enrolment::FUNCTION, body).await
}

/// A new member with these roles.
pub async fn enrolled(app: &TestApp, roles: &[&str]) -> Member {
    let email = email(app);
    let token = token(&grant(app, &email, roles).await);
    let started = start_enrolment(app, &token).await.expect(200).body;
    let mut authenticator = authenticator();
    let credential = authenticator.create(&started["options"]);
    enrol(app, &token, &started, credential).await.expect(204);
    Member { email, authenticator }
}

pub async fn start(app: &TestApp) -> Value {
    post(app, &start_staff_sign_in::FUNCTION, json!({})).await.expect(200).body
}

pub async fn sign_in_as(app: &TestApp, started: &Value, credential: Value) -> Response {
    let body = json!({ "ceremony": started["ceremony"], "credential": credential });
    post(app, &complete_staff_sign_in::FUNCTION, body).await
}

pub async fn sign_in(app: &TestApp, authenticator: &mut Authenticator) -> Response {
    let started = start(app).await;
    sign_in_as(app, &started, authenticator.get(&started["options"])).await
}

/// The access token of a new member with these roles.
pub async fn signed_in(app: &TestApp, roles: &[&str]) -> String {
    let mut member = enrolled(app, roles).await;
    let tokens = sign_in(app, &mut member.authenticator).await.expect(200);
    tokens.body["access_token"].as_str().unwrap().to_owned()
}

/// Calls a route of the staff.
pub async fn call(app: &TestApp, token: &str, request: Request) -> Response {
    app.advance(SignedDuration::from_millis(1));
    app.call(request.bearer(token)).await
}

/// The same with a body.
pub async fn post_as(app: &TestApp, token: &str, route: &'static Function, body: Value) -> Response {
    call(app, token, Request::to(route).json(body)).await
}
