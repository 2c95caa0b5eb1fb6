//! Idempotency-Key: a repeated POST takes effect once.

use serde_json::json;
use shared::testing::{Request, TestApp};

use super::notes::{GREET, KNOCK, NoteWritten, WRITE};

#[tokio::test]
async fn a_repeated_key_with_the_same_body_takes_effect_once() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let write =
        |text: &str| Request::to(&WRITE).by(&owner).header("idempotency-key", "k-1").json(json!({ "text": text }));
    let first = app.call(write("a")).await.expect(201);
    app.wire(&WRITE).take();
    let again = app.call(write("a")).await.expect(201);
    assert_eq!(first.body["id"], again.body["id"]);
    assert_eq!([&first, &again].map(|answer| answer.header("idempotency-replayed")), ["", "true"]);
    assert_eq!(app.outbox::<NoteWritten>(&owner.outbox()).await.unwrap().len(), 1);
    let other = app.call(write("b")).await.expect(422);
    assert_eq!((other.code(), other.fields()), ("idempotency_key_reused", vec!["Idempotency-Key"]));
    // The same key of another member is another key.
    let colleague = app.join(owner.workspace, shared::tenancy::Role::Member).await.unwrap();
    let theirs = Request::to(&WRITE).by(&colleague).header("idempotency-key", "k-1").json(json!({ "text": "b" }));
    app.call(theirs).await.expect(201);
    app.advance(jiff::SignedDuration::from_hours(25));
    let later = app.mint(owner.user, owner.session).await.unwrap();
    let later = app.call(write("b").bearer(&later)).await;
    // The session has expired by then (12 hours without use); the key can be used again.
    assert_eq!(later.status, 401);
}

#[tokio::test]
async fn eight_concurrent_requests_with_one_key_create_one() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let write = || Request::to(&WRITE).by(&owner).header("idempotency-key", "k-2").json(json!({ "text": "a" }));
    let answers = futures::future::join_all((0..8).map(|_| app.call(write()))).await;
    let ids: std::collections::BTreeSet<_> =
        answers.into_iter().map(|answer| answer.expect(201).body["id"].to_string()).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(app.outbox::<NoteWritten>(&owner.outbox()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_key_that_is_not_visible_ascii_is_refused() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    for key in [" ", "a b", &"k".repeat(256)] {
        let write = Request::to(&WRITE).by(&owner).header("idempotency-key", key).json(json!({ "text": "a" }));
        assert_eq!(app.call(write).await.expect(422).fields(), ["Idempotency-Key"], "{key:?}");
        let stranger = Request::to(&WRITE).path("workspace_id", owner.workspace).header("idempotency-key", key);
        app.call(stranger.json(json!({ "text": "a" }))).await.expect(401);
        let outsider = app.owner().await.unwrap();
        let outsider = Request::to(&WRITE).bearer(&outsider.token).path("workspace_id", owner.workspace);
        app.call(outsider.header("idempotency-key", key).json(json!({ "text": "a" }))).await.expect(404);
    }
}

#[tokio::test]
async fn a_key_is_refused_by_routes_that_do_not_support_it() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let keyed = |function| Request::to(function).header("idempotency-key", "k-1");
    for request in [keyed(&GREET).by(&owner), keyed(&KNOCK).json(json!({ "word": "open" }))] {
        let refused = app.call(request).await.expect(422);
        assert_eq!((refused.code(), refused.fields()), ("idempotency_key_unsupported", vec!["Idempotency-Key"]));
    }
    app.call(keyed(&GREET)).await.expect(401);
}
