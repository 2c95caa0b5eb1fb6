//! One transaction per write, exactly once, in one workspace.

use serde_json::json;
use shared::audit::Actor;
use shared::aws::wire::Fault;
use shared::tenancy::Page;
use shared::testing::{Request, TestApp};

use super::notes::{GET, NoteId, NoteWritten, OPEN, WRITE};

fn page() -> Page {
    Page { limit: 50, cursor: None, newest_first: false }
}

#[tokio::test]
async fn a_write_is_one_transaction_with_its_audit_entry_and_message() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let made = app.call(Request::to(&WRITE).by(&owner).json(json!({ "text": "hello" }))).await.expect(201);
    let id = made.body["id"].as_str().unwrap();
    let entries = app.scope(owner.workspace).audit_entries(&page()).await.unwrap().items;
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].action.as_str(), entries[0].target.id.as_str()), ("note.written", id));
    assert_eq!((entries[0].v, &entries[0].origin.actor), (1, &Actor::User { id: owner.user }));
    let posted = app.outbox::<NoteWritten>(&owner.outbox()).await.unwrap();
    assert_eq!(posted.len(), 1);
    assert_eq!(posted[0].payload::<NoteWritten>().unwrap().note_id.to_string(), id);
}

#[tokio::test]
async fn another_workspaces_id_answers_like_a_missing_one() {
    let app = TestApp::new();
    let (owner, stranger) = (app.owner().await.unwrap(), app.owner().await.unwrap());
    let made = app.call(Request::to(&WRITE).by(&owner).json(json!({ "text": "hello" }))).await.expect(201);
    let id = made.body["id"].as_str().unwrap();
    let mine = app.call(Request::to(&GET).by(&owner).path("note_id", id)).await.expect(200);
    assert_eq!(mine.body["text"], "hello");
    let theirs = app.call(Request::to(&GET).by(&stranger).path("note_id", id)).await.expect(404);
    let into = Request::to(&GET).by(&stranger).path("workspace_id", owner.workspace).path("note_id", id);
    let inside = app.call(into.clone()).await.expect(404);
    let unchecked = app.call_unchecked(into, &stranger).await.expect(404);
    let nowhere = app.call(Request::to(&GET).by(&stranger).path("note_id", app.new_id::<super::notes::Note>())).await;
    for answer in [&theirs, &inside, &unchecked, &nowhere] {
        assert_eq!((answer.status, answer.code(), &answer.body["detail"]), (404, "not_found", &theirs.body["detail"]));
    }
}

#[tokio::test]
async fn a_write_whose_response_is_lost_succeeds_once() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let write = || Request::to(&WRITE).by(&owner).json(json!({ "text": "once" }));
    app.call(write()).await.expect(201);
    let calls = app.wire(&WRITE).take().len();
    app.call(write()).await.expect(201);
    let warm = app.wire(&WRITE).take();
    assert!(warm.len() <= calls);
    for k in 1..=warm.len() {
        let before = app.outbox::<NoteWritten>(&owner.outbox()).await.unwrap().len();
        app.wire(&WRITE).arm(Fault::LoseAnswer(k));
        app.call(write()).await.expect(201);
        app.wire(&WRITE).disarm();
        let after = app.outbox::<NoteWritten>(&owner.outbox()).await.unwrap().len();
        assert_eq!(after, before + 1, "the response to call {k} ({}) was lost", warm[k - 1]);
    }
}

#[tokio::test]
async fn warm_reads_and_writes_take_two_calls() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let mut id = String::new();
    // The fourth request leases four of the address's two hundred, so the fifth needs no write.
    for _ in 0..4 {
        let made =
            app.call(Request::to(&WRITE).by(&owner).json(json!({ "text": "x", "secret": "s" }))).await.expect(201);
        id = made.body["id"].as_str().unwrap().to_owned();
        app.call(Request::to(&GET).by(&owner).path("note_id", &id)).await.expect(200);
        app.call(Request::to(&OPEN).by(&owner).path("note_id", &id)).await.expect(200);
    }
    for function in [&WRITE, &GET, &OPEN] {
        app.wire(function).take();
    }
    app.call(Request::to(&WRITE).by(&owner).json(json!({ "text": "x", "secret": "s" }))).await.expect(201);
    assert_eq!(app.wire(&WRITE).take(), ["DynamoDB.BatchGetItem", "DynamoDB.TransactWriteItems"]);
    app.call(Request::to(&GET).by(&owner).path("note_id", &id)).await.expect(200);
    assert_eq!(app.wire(&GET).take(), ["DynamoDB.BatchGetItem", "DynamoDB.GetItem"]);
    app.call(Request::to(&OPEN).by(&owner).path("note_id", &id)).await.expect(200);
    assert_eq!(app.wire(&OPEN).take(), ["DynamoDB.BatchGetItem", "DynamoDB.GetItem"]);
}

#[tokio::test]
async fn a_secret_opens_only_for_its_purpose_owner_and_workspace() {
    let app = TestApp::new();
    let (owner, other) = (app.owner().await.unwrap(), app.owner().await.unwrap());
    let write = Request::to(&WRITE).by(&owner).json(json!({ "text": "x", "secret": "hush" }));
    let made = app.call(write).await.expect(201);
    assert!(!made.text.contains("hush"));
    let id: NoteId = made.body["id"].as_str().unwrap().parse().unwrap();
    let opened = app.call(Request::to(&OPEN).by(&owner).path("note_id", id)).await.expect(200);
    assert_eq!(opened.body, "hush");
    let note = app.scope(owner.workspace).get::<super::notes::Note>(&id).await.unwrap();
    let sealed = note.secret.clone().unwrap();
    let scope = app.scope(owner.workspace);
    assert!(scope.open("note", &id, &sealed).await.is_ok());
    assert!(scope.open("other", &id, &sealed).await.is_err(), "opened for another purpose");
    assert!(scope.open("note", &"note_2", &sealed).await.is_err(), "opened for another owner");
    assert!(app.scope(other.workspace).open("note", &id, &sealed).await.is_err(), "opened in another workspace");
    // Also under another workspace's own key.
    let write = Request::to(&WRITE).by(&other).json(json!({ "text": "x", "secret": "own" }));
    app.call(write).await.expect(201);
    assert!(app.scope(other.workspace).open("note", &id, &sealed).await.is_err());
}

#[tokio::test]
async fn a_panic_is_a_500_with_every_header_and_without_its_message() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let note = app.new_id::<super::notes::Note>();
    let answer = app.call(Request::to(&OPEN).by(&owner).path("note_id", note).query("panic", true)).await.expect(500);
    assert_eq!(answer.header("x-frame-options"), "DENY");
    assert_eq!(answer.code(), "internal");
    assert!(!answer.text.contains("as asked"));
}
