//! Everything that could distinguish one refusal from another.

use passkeys::routes::{sign_in_with_passkey, step_up_with_passkey};
use serde_json::{Value, json};
use shared::testing::{Response, TestApp};

use test_support::passkey_owner::{Caller, sign_in_as, start};

/// An answer without its request id, and the AWS calls that it took.
#[derive(Debug, PartialEq)]
pub struct Face {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Value,
    pub calls: Vec<String>,
}

impl Face {
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

/// Starts a sign-in, answers it, and returns how the answer is refused.
pub async fn refused(app: &TestApp, answer: impl FnOnce(&Value) -> Value) -> Face {
    let started = start(app).await;
    app.wire(&sign_in_with_passkey::FUNCTION).take();
    let answer = sign_in_as(app, &started, answer(&started["options"])).await;
    Face::of(answer, app.wire(&sign_in_with_passkey::FUNCTION).take())
}

/// The same for a step-up.
pub async fn refused_step_up(caller: &Caller<'_>, answer: impl FnOnce(&Value) -> Value) -> Face {
    let started = start(caller.app).await;
    step_up_face(caller, &started, answer(&started["options"])).await
}

/// The answer to a step-up, with any ceremony.
pub async fn step_up_face(caller: &Caller<'_>, started: &Value, credential: Value) -> Face {
    let (app, route) = (caller.app, &step_up_with_passkey::FUNCTION);
    // From an address of its own, with an unused limit like the others'.
    app.move_address();
    app.wire(route).take();
    let body = json!({ "ceremony": started["ceremony"], "credential": credential });
    let answer = caller.post(route, body).await;
    Face::of(answer, app.wire(route).take())
}
