//! The keys of senders: an operator stores them, and calls signed with them are admitted.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use operations::jobs::replace_sender_keys;
use serde::Deserialize;
use serde_json::json;
use shared::crypto::digest::{base64, from_base64, hmac_sha256};
use shared::function::Function;
use shared::http::{Endpoint, NoContent, Route};
use shared::identity::{Inbound, Sender, SignedCall, Unverified, Verified, standard_webhooks};
use shared::kernel::problems::Problem;
use shared::kernel::time::SignedDuration;
use shared::testing::TestApp;
use utoipa::ToSchema;

const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEXT: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

struct Shop;

impl Sender for Shop {
    const NAME: &'static str = "shop";

    fn verify(call: &SignedCall<'_>) -> Result<Verified, Unverified> {
        standard_webhooks::verify(call)
    }
}

/// Receives a call from the shop.
#[derive(Deserialize, ToSchema)]
struct TakeCall {}

static TAKE_CALL: Function = Function::route::<TakeCall>();

impl Endpoint for TakeCall {
    const ROUTE: Route = Route::post("take-call", "/shop");
    type Access = Inbound<Shop>;
    type Output = NoContent;

    async fn handle(self, _: &Inbound<Shop>) -> Result<NoContent, Problem> {
        Ok(NoContent)
    }
}

/// The status of a call signed with this key.
async fn called_with(app: &TestApp, key: &str) -> u16 {
    let at = app.now().as_second();
    let bytes = from_base64(key.strip_prefix("whsec_").unwrap()).unwrap();
    let signature = base64(&hmac_sha256(&bytes, format!("msg_1.{at}.{{}}").as_bytes()));
    let request = shared::testing::Request::to(&TAKE_CALL).json(json!({})).header("webhook-id", "msg_1");
    let request = request.header("webhook-timestamp", &at.to_string());
    app.call(request.header("webhook-signature", &format!("v1,{signature}"))).await.status
}

async fn replace(app: &TestApp, keys: &[&str]) {
    app.run(&replace_sender_keys::FUNCTION, json!({ "sender": "shop", "keys": keys })).await.unwrap();
    app.advance(SignedDuration::from_secs(60));
}

#[tokio::test]
async fn a_sender_is_admitted_with_the_keys_that_an_operator_stored() {
    let app = TestApp::new();
    let since = app.now();
    replace(&app, &[KEY]).await;
    assert_eq!((called_with(&app, KEY).await, called_with(&app, NEXT).await), (204, 403));
    replace(&app, &[NEXT, KEY]).await;
    assert_eq!((called_with(&app, KEY).await, called_with(&app, NEXT).await), (204, 204));
    replace(&app, &[NEXT]).await;
    replace(&app, &[NEXT]).await;
    assert_eq!((called_with(&app, KEY).await, called_with(&app, NEXT).await), (403, 204));
    let events = app.events_since(since).await.unwrap();
    let told: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(told, ["sender_keys_replaced"; 3], "the same keys again are no event");
    assert!(!format!("{events:?}").contains("whsec_"));
}

#[tokio::test]
async fn a_malformed_sender_or_key_is_refused() {
    let app = TestApp::new();
    for (payload, field) in [
        (json!({ "sender": "", "keys": [KEY] }), "sender"),
        (json!({ "sender": "Shop#1", "keys": [KEY] }), "sender"),
        (json!({ "sender": "shop", "keys": [] }), "keys"),
        (json!({ "sender": "shop", "keys": [""] }), "keys"),
        (json!({ "sender": "shop", "keys": [KEY, KEY, KEY] }), "keys"),
    ] {
        let refused = app.run(&replace_sender_keys::FUNCTION, payload.clone()).await.unwrap_err();
        assert_eq!(refused.errors().iter().map(|error| error.field.as_str()).collect::<Vec<_>>(), [field], "{payload}");
    }
}
