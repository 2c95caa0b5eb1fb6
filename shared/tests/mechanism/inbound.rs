//! Signed calls: only genuine and recent ones are admitted, and none is parsed before that.

use serde::Deserialize;
use serde_json::json;
use shared::crypto::digest::{base64, from_base64, hmac_sha256};
use shared::function::{Declared, Function, Level};
use shared::http::{Endpoint, Plane, Reply, Route, RouteDeclaration};
use shared::identity::{Inbound, Sender, SignedCall, Unverified, Verified, standard_webhooks};
use shared::kernel::problems::Problem;
use shared::kernel::time::SignedDuration;
use shared::testing::{Request, TestApp};
use utoipa::ToSchema;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A shop with a stored secret and a low rate limit.
struct Shop;

impl Sender for Shop {
    const NAME: &'static str = "shop";
    const CALLS_PER_MINUTE: u32 = 230;

    fn verify(call: &SignedCall<'_>) -> Result<Verified, Unverified> {
        standard_webhooks::verify(call)
    }
}

/// Another sender with the same scheme and a different secret.
struct Bank;

impl Sender for Bank {
    const NAME: &'static str = "bank";

    fn verify(call: &SignedCall<'_>) -> Result<Verified, Unverified> {
        standard_webhooks::verify(call)
    }
}

/// Receives an order; the shop sends more fields than these.
#[derive(Deserialize, ToSchema)]
struct TakeOrder {
    order: String,
}

static TAKE_ORDER: Function = Function::route::<TakeOrder>();

impl Endpoint for TakeOrder {
    const ROUTE: Route = Route::post("take-order", "/shop/orders");
    type Access = Inbound<Shop>;
    type Output = Reply<String>;

    async fn handle(self, shop: &Inbound<Shop>) -> Result<Self::Output, Problem> {
        assert!(shop.sent_at().is_some());
        let actor = serde_json::to_string(&shop.origin().actor).map_err(Problem::internal)?;
        Ok(Reply(format!("{} {} {actor}", self.order, shop.message_id())))
    }
}

/// Receives a payment.
#[derive(Deserialize, ToSchema)]
struct TakePayment {}

static TAKE_PAYMENT: Function = Function::route::<TakePayment>();

impl Endpoint for TakePayment {
    const ROUTE: Route = Route::post("take-payment", "/bank/payments");
    type Access = Inbound<Bank>;
    type Output = Reply<bool>;

    async fn handle(self, _: &Inbound<Bank>) -> Result<Self::Output, Problem> {
        Ok(Reply(true))
    }
}

async fn app() -> TestApp {
    let app = TestApp::new();
    app.sender_keys("shop", &[SECRET]).await.unwrap();
    app
}

/// A call with this message id, signed now.
fn signed(app: &TestApp, function: &'static Function, id: &str, body: &str, secret: &str) -> Request {
    let at = app.now().as_second();
    let key = from_base64(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let signature = base64(&hmac_sha256(&key, format!("{id}.{at}.{body}").as_bytes()));
    let request = Request::to(function).header("webhook-id", id).header("webhook-timestamp", &at.to_string());
    let request = request.header("webhook-signature", &format!("v1,{signature}"));
    request.header("content-type", "application/json").body(body)
}

fn order(app: &TestApp) -> Request {
    signed(app, &TAKE_ORDER, "msg_1", "{\"order\": \"o-1\"}", SECRET)
}

#[tokio::test]
async fn a_genuine_call_is_admitted_with_unknown_fields_and_headers() {
    let app = app().await;
    let body = "{\"order\": \"o-1\", \"new\": 1, \"new\": {\"deep\": [2]}}";
    let call = signed(&app, &TAKE_ORDER, "msg_1", body, SECRET);
    let answer = app.call(call.query("version", "2").query("version", "3").header("idempotency-key", "k")).await;
    let expected = "o-1 msg_1 {\"kind\":\"webhook\",\"sender\":\"shop\"}";
    assert_eq!(answer.expect(200).body, json!(expected));
    let twice = signed(&app, &TAKE_ORDER, "msg_2", "{\"order\": \"o-1\", \"order\": \"o-2\"}", SECRET);
    assert_eq!(app.call(twice).await.expect(422).fields(), ["order"], "a field that we do read");
}

#[tokio::test]
async fn an_unsigned_or_modified_call_is_403_without_a_reason() {
    let app = app().await;
    let owner = app.owner().await.unwrap();
    let cases = [
        ("no signature", Request::to(&TAKE_ORDER).json(json!({ "order": "o-1" }))),
        ("a session instead", Request::to(&TAKE_ORDER).json(json!({ "order": "o-1" })).by(&owner)),
        ("another body", order(&app).body("{\"order\": \"o-2\"}")),
        ("another id", order(&app).header("webhook-id", "msg_2")),
        ("another secret", signed(&app, &TAKE_ORDER, "msg_1", "{\"order\": \"o-1\"}", OTHER)),
        ("no JSON", order(&app).body("{")),
        ("another type", order(&app).header("content-type", "text/plain").body("text")),
        ("no UTF-8", order(&app).body(b"{\"order\": \"\xff\"}")),
    ];
    let mut answers = Vec::new();
    for (what, request) in cases {
        let mut answer = app.call(request).await;
        assert_eq!((answer.status, answer.code()), (403, "signature_invalid"), "{what}");
        answer.body["instance"] = json!(null);
        answers.push(answer.body);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[tokio::test]
async fn a_genuine_call_gets_the_same_checks_as_any_request() {
    let app = app().await;
    for (body, media_type, status) in [
        ("{", "application/json", 422),
        ("[]", "application/json", 422),
        ("{\"order\": \"o-1\"}", "text/plain", 415),
        ("{\"order\": \"\u{fffd}\"}", "application/json", 400),
        ("{\"order\": 1}", "application/json", 422),
    ] {
        let call = signed(&app, &TAKE_ORDER, "msg_1", body, SECRET).header("content-type", media_type);
        app.call(call).await.expect(status);
    }
    let large = format!("{{\"order\": \"{}\"}}", "x".repeat(70_000));
    app.call(signed(&app, &TAKE_ORDER, "msg_1", &large, SECRET)).await.expect(413);
}

#[tokio::test]
async fn a_call_replayed_after_five_minutes_is_refused() {
    let app = app().await;
    let call = order(&app);
    app.call(call.clone()).await.expect(200);
    app.advance(SignedDuration::from_mins(5));
    app.call(call.clone()).await.expect(200);
    app.advance(SignedDuration::from_secs(1));
    app.call(call).await.expect(403);
}

#[tokio::test]
async fn a_sender_is_admitted_only_with_its_current_keys_a_minute_after_a_replacement() {
    let app = app().await;
    app.sender_keys("bank", &[OTHER]).await.unwrap();
    app.call(signed(&app, &TAKE_PAYMENT, "msg_1", "{}", SECRET)).await.expect(403);
    app.call(signed(&app, &TAKE_PAYMENT, "msg_1", "{}", OTHER)).await.expect(200);
    app.call(order(&app)).await.expect(200);
    app.sender_keys("shop", &[OTHER, SECRET]).await.unwrap();
    app.advance(SignedDuration::from_secs(60));
    let with = |secret: &str| signed(&app, &TAKE_ORDER, "msg_1", "{\"order\": \"o-1\"}", secret);
    app.call(with(SECRET)).await.expect(200);
    app.call(with(OTHER)).await.expect(200);
    app.sender_keys("shop", &[OTHER]).await.unwrap();
    app.advance(SignedDuration::from_secs(60));
    app.call(with(SECRET)).await.expect(403);
    app.call(with(OTHER)).await.expect(200);
}

#[tokio::test]
async fn a_call_without_a_stored_key_is_500() {
    let app = TestApp::new();
    assert_eq!(app.call(order(&app)).await.expect(500).code(), "internal");
}

#[tokio::test]
async fn a_sender_has_its_declared_limit_instead_of_the_address_limit() {
    let app = app().await;
    let mut admitted = 0;
    for _ in 0..240 {
        let answer = app.call(order(&app)).await;
        match answer.status {
            200 => admitted += 1,
            429 => assert!(answer.header("ratelimit").contains("\"shop\";r=0"), "{:?}", answer.headers),
            other => panic!("{other}: {}", answer.text),
        }
        assert_eq!(answer.header("ratelimit-policy"), "\"shop\";q=230;w=80");
    }
    assert_eq!(admitted, 230);
    app.sender_keys("bank", &[SECRET]).await.unwrap();
    let bank = app.call(signed(&app, &TAKE_PAYMENT, "msg_1", "{}", SECRET)).await.expect(200);
    assert_eq!(bank.header("ratelimit-policy"), "\"bank\";q=1200;w=80");
    app.call(Request::to(&super::notes::LIST).path("workspace_id", "ws_0")).await.expect(401);
}

#[tokio::test]
async fn inbound_routes_are_on_the_hooks_plane_and_read_no_proof_of_a_person() {
    let Declared::Route(RouteDeclaration { planes, level: access, .. }) = TAKE_ORDER.declared() else {
        panic!("a route")
    };
    assert_eq!((planes, access), (&[Plane::HOOKS][..], Level::Inbound("shop")));
    let app = app().await;
    assert_eq!(app.call(order(&app).on(Plane::PRODUCT)).await.expect(500).code(), "internal");
    app.wire(&TAKE_ORDER).take();
    app.call(order(&app)).await.expect(200);
    app.call(order(&app)).await.expect(200);
    let calls = app.wire(&TAKE_ORDER).take();
    assert_eq!(calls, ["DynamoDB.UpdateItem", "DynamoDB.GetItem", "KMS.Decrypt", "DynamoDB.UpdateItem"]);
}
