//! Runs: a message is handled once, however often it is delivered.

use serde_json::json;
use shared::aws::wire::Fault;
use shared::testing::{Ended, Person, Posted, Request, TestApp};

use super::notes::{Note, NoteId, NoteWritten, TELL, TELL_BY_PLAN, WRITE};

async fn written(app: &TestApp) -> (Person, NoteId, Vec<Posted>) {
    let owner = app.owner().await.unwrap();
    written_by(app, owner).await
}

async fn written_by(app: &TestApp, owner: Person) -> (Person, NoteId, Vec<Posted>) {
    let made = app.call(Request::to(&WRITE).by(&owner).json(json!({ "text": "a" }))).await.expect(201);
    let posted = app.outbox::<NoteWritten>(&owner.outbox()).await.unwrap();
    (owner, made.body["id"].as_str().unwrap().parse().unwrap(), posted)
}

async fn times_told(app: &TestApp, owner: &Person, note: NoteId) -> u32 {
    app.scope(owner.workspace).get::<Note>(&note).await.unwrap().told
}

#[tokio::test]
async fn a_message_delivered_twice_is_handled_once() {
    let app = TestApp::new();
    let (owner, note, posted) = written(&app).await;
    app.deliver(&TELL, &posted).await.unwrap();
    app.deliver(&TELL, &posted).await.unwrap();
    app.forget_warm();
    app.deliver(&TELL, &[posted.clone(), posted].concat()).await.unwrap();
    assert_eq!(times_told(&app, &owner, note).await, 1);
}

#[tokio::test]
async fn a_run_with_a_lost_response_has_one_effect() {
    let app = TestApp::new();
    let (_, _, posted) = written(&app).await;
    app.deliver(&TELL, &posted).await.unwrap();
    let calls = app.wire(&TELL).take();
    for k in 1..=calls.len() {
        let (owner, note, posted) = written(&app).await;
        app.wire(&TELL).arm(Fault::LoseAnswer(k));
        app.deliver(&TELL, &posted).await.unwrap();
        assert_eq!(times_told(&app, &owner, note).await, 1, "the response to call {k} ({}) was lost", calls[k - 1]);
    }
}

#[tokio::test]
async fn a_crashed_run_is_repeated_after_its_lease() {
    let app = TestApp::new();
    let (owner, note, posted) = written(&app).await;
    app.wire(&TELL).arm(Fault::CrashBefore(2));
    assert!(matches!(app.deliver_until_crash(&TELL, &posted).await, Err(Ended::Crashed)));
    // A run that comes too early cannot know that the first one is dead.
    assert!(app.deliver(&TELL, &posted).await.is_err());
    app.advance(jiff::SignedDuration::from_secs(120));
    app.deliver(&TELL, &posted).await.unwrap();
    assert_eq!(times_told(&app, &owner, note).await, 1);
}

#[tokio::test]
async fn the_workspace_is_read_from_the_row_key_not_the_payload() {
    let app = TestApp::new();
    let (owner, note, posted) = written(&app).await;
    let other = app.owner().await.unwrap();
    let moved = Posted { partition: other.outbox(), ..posted[0].clone() };
    app.deliver(&TELL, &[moved]).await.unwrap();
    assert_eq!(times_told(&app, &owner, note).await, 0, "a message of one workspace reached another's note");
}

#[tokio::test]
async fn a_job_with_the_grant_reads_its_workspaces_plan() {
    let app = TestApp::new();
    for (plan, channels) in [("free", 3), ("studio", 40), ("none", 0)] {
        let owner = app.founder_on(plan).await.unwrap();
        let (owner, note, posted) = written_by(&app, owner).await;
        app.deliver(&TELL_BY_PLAN, &posted).await.unwrap();
        assert_eq!(times_told(&app, &owner, note).await, channels, "{plan}");
    }
}
