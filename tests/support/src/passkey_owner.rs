//! A signed-in user with an authenticator, and their calls of routes.

use passkeys::routes::{
    delete_passkey, list_passkeys, register_passkey, sign_in_with_passkey, start_passkey_registration,
    start_passkey_sign_in, step_up_with_passkey,
};
use serde_json::{Value, json};
use shared::crypto::digest::base64url;
use shared::function::Function;
use shared::kernel::ids::UserId;
use shared::kernel::time::{SignedDuration, Timestamp};
use shared::testing::{Request, Response, TestApp};

use crate::authenticator::Authenticator;
use crate::people::{post, signed_in};

/// A signed-in user.
pub struct Caller<'a> {
    pub app: &'a TestApp,
    pub token: String,
    pub user: UserId,
}

impl<'a> Caller<'a> {
    pub fn of(app: &'a TestApp, tokens: &Value) -> Self {
        let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
        Self { app, token: text("access_token"), user: text("user_id").parse().unwrap() }
    }

    pub async fn new(app: &'a TestApp) -> Self {
        Self::of(app, &signed_in(app).await)
    }

    pub async fn call(&self, request: Request) -> Response {
        self.app.advance(SignedDuration::from_millis(1));
        self.app.call(request.bearer(&self.token)).await
    }

    pub async fn post(&self, route: &'static Function, body: Value) -> Response {
        self.call(Request::to(route).json(body)).await
    }

    pub async fn start(&self) -> Value {
        self.post(&start_passkey_registration::FUNCTION, json!({})).await.expect(200).body
    }

    pub async fn register(&self, started: &Value, credential: Value) -> Response {
        let body = json!({ "ceremony": started["ceremony"], "name": "Laptop", "credential": credential });
        self.post(&register_passkey::FUNCTION, body).await
    }

    pub async fn add(&self, authenticator: &mut Authenticator) -> Value {
        let started = self.start().await;
        self.register(&started, authenticator.create(&started["options"])).await.expect(201).body
    }

    pub async fn list(&self) -> Value {
        self.call(Request::to(&list_passkeys::FUNCTION)).await.expect(200).body["items"].clone()
    }

    pub async fn delete(&self, passkey: &Value) -> Response {
        let id = passkey["id"].as_str().unwrap();
        self.call(Request::to(&delete_passkey::FUNCTION).path("passkey_id", id)).await
    }

    pub async fn step_up(&self, authenticator: &mut Authenticator) -> Response {
        let started = start(self.app).await;
        let body = json!({ "ceremony": started["ceremony"], "credential": authenticator.get(&started["options"]) });
        self.post(&step_up_with_passkey::FUNCTION, body).await
    }
}

pub async fn start(app: &TestApp) -> Value {
    post(app, &start_passkey_sign_in::FUNCTION, json!({})).await.expect(200).body
}

pub async fn sign_in_as(app: &TestApp, started: &Value, credential: Value) -> Response {
    let body = json!({ "ceremony": started["ceremony"], "credential": credential });
    post(app, &sign_in_with_passkey::FUNCTION, body).await
}

pub async fn sign_in(app: &TestApp, authenticator: &mut Authenticator) -> Response {
    let started = start(app).await;
    sign_in_as(app, &started, authenticator.get(&started["options"])).await
}

pub async fn events(app: &TestApp, since: Timestamp, user: UserId) -> Vec<String> {
    let events = app.events_since(since).await.unwrap();
    events.into_iter().filter(|event| event.subject == user.to_string()).map(|event| event.name).collect()
}

/// The browser's object with other bytes for one member of the response.
pub fn with(credential: &Value, member: &str, bytes: &[u8]) -> Value {
    let mut credential = credential.clone();
    credential["response"][member] = base64url(bytes).into();
    credential
}
