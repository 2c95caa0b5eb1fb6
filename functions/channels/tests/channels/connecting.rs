//! Connecting, listing and disconnecting channels, through the HTTP and the job boundary.

use channels::jobs::end_channel_session;
use channels::jobs::end_channel_session::EndChannelSession;
use channels::routes::{connect_bluesky, disconnect_channel, get_channel, list_channels};
use serde_json::{Value, json};
use shared::function::Function;
use shared::testing::{Person, Request, Response, TestApp};
use test_support::scripted_server::{PASSWORD, Scripted, ScriptedServer, refusal};

fn account(server: &ScriptedServer, identifier: &str) -> Value {
    json!({ "service": server.url, "identifier": identifier, "app_password": PASSWORD })
}

async fn connect(app: &TestApp, person: &Person, body: Value) -> Response {
    app.call(Request::to(&connect_bluesky::FUNCTION).by(person).json(body)).await
}

async fn call(app: &TestApp, function: &'static Function, person: &Person, channel: &Value) -> Response {
    app.call(Request::to(function).by(person).path("channel_id", channel["id"].as_str().unwrap())).await
}

async fn started() -> (TestApp, Person, ScriptedServer) {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let server = ScriptedServer::start(app.now());
    (app, owner, server)
}

#[tokio::test]
async fn an_account_is_connected_with_an_app_password() {
    let (app, owner, server) = started().await;
    let channel = connect(&app, &owner, account(&server, "@alice.test")).await.expect(201);
    for secret in [PASSWORD, "access-1", "refresh-1"] {
        assert!(!channel.text.contains(secret), "{secret} is in the response");
    }
    let channel = channel.body;
    assert_eq!(
        channel,
        json!({
            "id": channel["id"],
            "platform": "bluesky",
            "service": server.url,
            "account_id": "did:plc:alice",
            "handle": "alice.test",
            "state": "connected",
            "refusal": null,
            "read_only": false,
            "guarantee": { "kind": "exactly_once", "for_s": null },
            "limits": {
                "text": [{ "measure": "graphemes", "most": 300 }, { "measure": "utf8_bytes", "most": 3000 }],
                "least_pictures": 0,
                "pictures": 4,
                "picture_bytes": 2_000_000,
                "picture_types": ["image/jpeg", "image/png"],
                "aspect_ratios": null,
                "alt_text": null,
            },
            "connected_at": channel["connected_at"],
        })
    );
    assert_eq!(call(&app, &get_channel::FUNCTION, &owner, &channel).await.expect(200).body, channel);
    let listed = app.call(Request::to(&list_channels::FUNCTION).by(&owner)).await.expect(200).body;
    assert_eq!(listed, json!({ "items": [channel], "next_cursor": null }));
    let stranger = app.owner().await.unwrap();
    for function in [&get_channel::FUNCTION, &disconnect_channel::FUNCTION] {
        let body = call(&app, function, &stranger, &channel).await.expect(404).body;
        assert_eq!(body["code"], "not_found");
    }
    let audited = app.scope(owner.workspace).audit_entries(&page()).await.unwrap().items;
    assert!(audited.iter().any(|entry| entry.action == "channel.connected" && json!(entry.target.id) == channel["id"]));
}

fn page() -> shared::tenancy::Page {
    shared::tenancy::Page { limit: 100, cursor: None, newest_first: true }
}

/// The refresh tokens whose sessions were ended.
fn tokens(server: &ScriptedServer) -> Vec<String> {
    server.calls("server.deleteSession").into_iter().map(|call| call.token).collect()
}

#[tokio::test]
async fn a_refused_sign_in_shows_the_servers_own_error() {
    let (app, owner, server) = started().await;
    let mut wrong = account(&server, "alice.test");
    wrong["app_password"] = json!("zzzz-zzzz-zzzz-zzzz");
    let refused = connect(&app, &owner, wrong).await.expect(422);
    assert_eq!((refused.code(), refused.fields()), ("channel_sign_in_refused", vec!["app_password"]));
    assert_eq!(refused.body["detail"], "The server says: AuthenticationRequired: as scripted");

    let headers = vec![("retry-after", "77".to_owned())];
    let limited = Scripted::AnswerWith(429, headers, json!({ "error": "RateLimitExceeded" }));
    server.next("server.createSession", limited);
    let limited = connect(&app, &owner, account(&server, "alice.test")).await.expect(429);
    assert_eq!((limited.code(), limited.header("retry-after")), ("platform_rate_limited", "77"));

    for (scripted, status, code) in [
        (refusal(500, "InternalServerError", "x"), 502, "platform_failed"),
        (refusal(401, "AuthFactorTokenRequired", "x"), 422, "app_password_needed"),
        (refusal(401, "AccountTakedown", "x"), 422, "channel_account_inactive"),
        (Scripted::Answer(200, json!({ "did": "did:plc:alice" })), 502, "platform_answer_malformed"),
        (Scripted::Answer(200, json!("<html>")), 502, "platform_answer_malformed"),
        (Scripted::Break, 504, "platform_timed_out"),
    ] {
        server.next("server.createSession", scripted);
        let response = connect(&app, &owner, account(&server, "alice.test")).await.expect(status);
        assert_eq!(response.code(), code);
    }
    let listed = app.call(Request::to(&list_channels::FUNCTION).by(&owner)).await.expect(200).body;
    assert_eq!(listed["items"], json!([]));
}

#[tokio::test]
async fn invalid_credentials_are_not_sent_to_any_server() {
    let (app, owner, server) = started().await;
    for (field, value) in [
        ("service", "https://169.254.169.254"),
        ("service", "ftp://bsky.social"),
        ("service", "https://bsky.social/xrpc"),
        ("identifier", "a b"),
        ("app_password", "the password of the account"),
    ] {
        let mut body = account(&server, "alice.test");
        body[field] = json!(value);
        let refused = connect(&app, &owner, body).await.expect(422);
        assert_eq!(refused.fields(), [field], "{value}");
    }
    let mut unreachable = account(&server, "alice.test");
    unreachable["service"] = json!("http://127.0.0.1:1");
    assert_eq!(connect(&app, &owner, unreachable).await.expect(502).code(), "platform_unreachable");
    assert!(server.calls("server.createSession").is_empty());
}

#[tokio::test]
async fn a_repeated_idempotency_key_connects_once_and_leaves_no_session() {
    let (app, owner, server) = started().await;
    let request = Request::to(&connect_bluesky::FUNCTION).by(&owner).json(account(&server, "alice.test"));
    let request = request.header("idempotency-key", "11111111-2222-4333-8444-555555555555");
    let first = app.call(request.clone()).await.expect(201);
    let second = app.call(request).await.expect(201);
    assert_eq!(first.body, second.body);
    assert_eq!(app.outbox::<EndChannelSession>(&owner.outbox()).await.unwrap().len(), 0);
    // The commit checks the key, so the repeat has signed in before it is recognised.
    assert_eq!(server.calls("server.createSession").len(), 2);
    assert_eq!(tokens(&server), ["refresh-2"]);
}

#[tokio::test]
async fn reconnecting_keeps_the_channel_and_ends_the_old_session_once() {
    let (app, owner, server) = started().await;
    let first = connect(&app, &owner, account(&server, "alice.test")).await.expect(201).body;
    let second = connect(&app, &owner, account(&server, "alice.test")).await.expect(201).body;
    assert_eq!(first["id"], second["id"]);
    let messages = app.outbox::<EndChannelSession>(&owner.outbox()).await.unwrap();
    assert_eq!(messages.len(), 1);
    assert!(!format!("{messages:?}").contains("refresh"));
    app.deliver(&end_channel_session::FUNCTION, &messages).await.unwrap();
    app.deliver(&end_channel_session::FUNCTION, &messages).await.unwrap();
    assert_eq!(tokens(&server), ["refresh-1"]);
}

#[tokio::test]
async fn a_disconnected_channel_is_deleted_and_its_session_ended_once_the_server_answers() {
    let (app, owner, server) = started().await;
    let channel = connect(&app, &owner, account(&server, "alice.test")).await.expect(201).body;
    call(&app, &disconnect_channel::FUNCTION, &owner, &channel).await.expect(204);
    assert!(server.calls("server.deleteSession").is_empty(), "a request called the platform");
    call(&app, &get_channel::FUNCTION, &owner, &channel).await.expect(404);
    call(&app, &disconnect_channel::FUNCTION, &owner, &channel).await.expect(404);
    let messages = app.outbox::<EndChannelSession>(&owner.outbox()).await.unwrap();
    server.next("server.deleteSession", refusal(503, "NotNow", "x"));
    assert!(app.deliver(&end_channel_session::FUNCTION, &messages).await.is_err(), "the message was not retried");
    app.deliver(&end_channel_session::FUNCTION, &messages).await.unwrap();
    app.deliver(&end_channel_session::FUNCTION, &messages).await.unwrap();
    assert_eq!(server.calls("server.deleteSession").len(), 2);
    let again = connect(&app, &owner, account(&server, "alice.test")).await.expect(201).body;
    assert_ne!(again["id"], channel["id"]);
}

#[tokio::test]
async fn concurrent_requests_do_not_exceed_the_plans_channels() {
    let app = TestApp::new();
    let owner = app.founder_on("free").await.unwrap();
    let server = ScriptedServer::start(app.now());
    for name in ["alice.test", "bob.test"] {
        connect(&app, &owner, account(&server, name)).await.expect(201);
    }
    let (third, fourth) = tokio::join!(
        connect(&app, &owner, account(&server, "carol.test")),
        connect(&app, &owner, account(&server, "dave.test"))
    );
    let mut statuses = [third.status, fourth.status];
    statuses.sort_unstable();
    assert!(matches!(statuses, [201, 409]), "{statuses:?}");
    let refused = connect(&app, &owner, account(&server, "erin.test")).await.expect(409);
    assert_eq!(refused.code(), "too_many_channels");
    // Both the request that came too late and this one signed out again.
    assert_eq!(tokens(&server).len(), 2);
    // An account that is already connected does not count again.
    connect(&app, &owner, account(&server, "alice.test")).await.expect(201);
    let listed = app.call(Request::to(&list_channels::FUNCTION).by(&owner).query("limit", 2)).await.expect(200).body;
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    let next =
        Request::to(&list_channels::FUNCTION).by(&owner).query("cursor", listed["next_cursor"].as_str().unwrap());
    assert_eq!(app.call(next).await.expect(200).body["items"].as_array().unwrap().len(), 1);
    let zero = app.call(Request::to(&list_channels::FUNCTION).by(&owner).query("limit", 0)).await.expect(422);
    assert_eq!(zero.fields(), ["limit"]);
}
