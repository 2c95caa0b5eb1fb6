//! The observable parts of a response, to assert that refusals are indistinguishable.

use passkeys::routes::{sign_in_with_passkey, step_up_with_passkey};
use serde_json::{Value, json};
use shared::testing::{Response, TestApp};

use test_support::passkey_owner::{Caller, sign_in_as, start};

/// A response without its request id, and the AWS calls that it took.
#[derive(Debug, PartialEq)]
pub struct ObservedResponse {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Value,
    pub calls: Vec<String>,
}

impl ObservedResponse {
    pub fn of(answer: Response, calls: Vec<String>) -> Self {
        let Response { status, mut headers, mut body, .. } = answer;
        headers.remove("x-request-id");
        // The caller's remaining limit falls with each request.
        headers.remove("ratelimit");
        body["instance"].take();
        let headers = headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
        let mut headers: Vec<_> = headers.collect();
        headers.sort();
        Self { status, headers, body, calls }
    }
}

/// Starts a sign-in, answers it and returns the refusal.
pub async fn refused(app: &TestApp, answer: impl FnOnce(&Value) -> Value) -> ObservedResponse {
    let started = start(app).await;
    app.wire(&sign_in_with_passkey::FUNCTION).take();
    let answer = sign_in_as(app, &started, answer(&started["options"])).await;
    ObservedResponse::of(answer, app.wire(&sign_in_with_passkey::FUNCTION).take())
}

/// The same for a step-up.
pub async fn refuse_step_up(caller: &Caller<'_>, answer: impl FnOnce(&Value) -> Value) -> ObservedResponse {
    let started = start(caller.app).await;
    observe_step_up(caller, &started, answer(&started["options"])).await
}

/// The response to a step-up, with any ceremony.
pub async fn observe_step_up(caller: &Caller<'_>, started: &Value, credential: Value) -> ObservedResponse {
    let (app, route) = (caller.app, &step_up_with_passkey::FUNCTION);
    // From a new IP address, so that every request has an unused limit.
    app.move_address();
    app.wire(route).take();
    let body = json!({ "ceremony": started["ceremony"], "credential": credential });
    let answer = caller.post(route, body).await;
    ObservedResponse::of(answer, app.wire(route).take())
}
