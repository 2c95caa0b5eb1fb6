//! The entry of a session that ends by its time.

use override_sessions::jobs::expire_override_session::{self, ExpireOverrideSession};
use override_sessions::routes::{approve_override_session, end_override_session, list_override_sessions};
use serde_json::{Value, json};
use shared::aws::wire::Fault;
use shared::identity::Strength;
use shared::kernel::time::{SignedDuration, sortable};
use shared::testing::{Ended, Person, Posted, Request, TestApp};
use test_support::overrides::{Opened, entries, opened, set_plan};

use crate::visits::founded;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// The messages that are due, as the relay sends them.
async fn due(app: &TestApp, owner: &Person) -> Vec<Posted> {
    let mut posted = app.outbox::<ExpireOverrideSession>(&owner.outbox()).await.unwrap();
    posted.retain(|posted| posted.envelope.not_before.unwrap() <= app.now());
    posted
}

async fn deliver(app: &TestApp, messages: &[Posted]) {
    app.deliver(&expire_override_session::FUNCTION, messages).await.unwrap();
}

async fn actions(app: &TestApp, owner: &Person, session: &Opened) -> Vec<String> {
    let logged = entries(app, owner.workspace, &session.id).await;
    logged.into_iter().map(|entry| entry.action.trim_start_matches("override_session.").to_owned()).collect()
}

/// What an owner sees of the only session.
async fn shown(app: &TestApp, owner: &Person) -> Value {
    let owner = app.with_strength(owner, Strength::Multi).await.unwrap();
    let listed = app.call(Request::to(&list_override_sessions::FUNCTION).by(&owner)).await.expect(200).body;
    let [session] = &listed["items"].as_array().unwrap()[..] else { panic!("{listed}") };
    session.clone()
}

#[tokio::test]
async fn an_expiry_is_in_the_audit_log_once_with_its_instant_and_in_the_owners_list() {
    let app = TestApp::new();
    let owner = founded(&app).await;
    let session = opened(&app, owner.workspace, "read_only").await;
    let end = app.now() + HOUR;
    let messages = app.outbox::<ExpireOverrideSession>(&owner.outbox()).await.unwrap();
    let [message] = &messages[..] else { panic!("{messages:?}") };
    assert_eq!(message.envelope.not_before, Some(end));
    app.advance(HOUR - SignedDuration::from_mins(1));
    // Too early: it is delivered again.
    app.deliver(&expire_override_session::FUNCTION, &messages).await.unwrap_err();
    assert_eq!(actions(&app, &owner, &session).await, ["opened"]);
    assert_eq!(shown(&app, &owner).await["state"], "open");
    // The message may be late, and the list is right before it.
    app.advance(SignedDuration::from_mins(31));
    let before = shown(&app, &owner).await;
    assert_eq!((&before["state"], &before["ended_at"]), (&json!("expired"), &json!(sortable(end))));
    // Once more the same, and as another message.
    let mut other = message.clone();
    other.envelope.id = "another".to_owned();
    for message in [message, message, &other] {
        deliver(&app, std::slice::from_ref(message)).await;
        assert_eq!(actions(&app, &owner, &session).await, ["opened", "expired"]);
        assert_eq!(shown(&app, &owner).await, before);
    }
    let expired = entries(&app, owner.workspace, &session.id).await.pop().unwrap();
    let detail = expired.target.detail.unwrap();
    assert_eq!((&detail["expired_at"], &detail["approved"]), (&json!(sortable(end)), &json!(true)));
    assert_eq!(json!(expired.origin.actor)["kind"], "job");
}

#[tokio::test]
async fn a_session_that_was_ended_before_has_no_second_entry() {
    let app = TestApp::new();
    let owner = founded(&app).await;
    let session = opened(&app, owner.workspace, "read_only").await;
    app.advance(SignedDuration::from_mins(1));
    let end = Request::to(&end_override_session::FUNCTION).path("override_session_id", &session.id).by(&owner);
    app.call(end).await.expect(204);
    app.advance(HOUR);
    deliver(&app, &due(&app, &owner).await).await;
    assert_eq!(actions(&app, &owner, &session).await, ["opened", "ended"]);
    assert_eq!(shown(&app, &owner).await["state"], "ended");
}

/// The owner's request was admitted just before the end.
#[tokio::test]
async fn of_an_end_by_an_owner_and_an_expiry_at_the_same_time_one_is_recorded() {
    let app = TestApp::new();
    let owner = founded(&app).await;
    let session = opened(&app, owner.workspace, "read_only").await;
    app.advance(HOUR - SignedDuration::from_secs(1));
    let fresh = app.with_strength(&owner, Strength::Multi).await.unwrap();
    let end = Request::to(&end_override_session::FUNCTION).path("override_session_id", &session.id).by(&fresh);
    let expiry = async {
        app.advance(SignedDuration::from_secs(1));
        deliver(&app, &due(&app, &owner).await).await;
    };
    let (answer, reached) = app.call_while(end, expiry).await;
    assert!(reached.is_some());
    assert_eq!(answer.expect(409).code(), "modified_concurrently");
    assert_eq!(actions(&app, &owner, &session).await, ["opened", "expired"]);
}

/// The message of the request finds a session that an owner has approved, whether or not its minutes are over.
#[tokio::test]
async fn an_approved_session_expires_by_its_minutes_and_an_unapproved_one_after_a_day() {
    for (approved_after, expected) in
        [(None, vec!["requested", "expired"]), (Some(1), vec!["requested", "approved", "expired"])]
    {
        for rest_mins in [30, 90] {
            let app = TestApp::new();
            let owner = founded(&app).await;
            set_plan(&app, owner.workspace, "enterprise").await;
            let session = opened(&app, owner.workspace, "read_only").await;
            // Half an hour before the request expires: the minutes of the session reach beyond it.
            app.advance(SignedDuration::from_mins(24 * 60 - 30));
            if approved_after.is_some() {
                let owner = app.with_strength(&owner, Strength::Multi).await.unwrap();
                let approve = Request::to(&approve_override_session::FUNCTION).path("override_session_id", &session.id);
                app.call(approve.by(&owner)).await.expect(200);
            }
            app.advance(SignedDuration::from_mins(rest_mins));
            for _ in 0..2 {
                deliver(&app, &due(&app, &owner).await).await;
            }
            let is_open = approved_after.is_some() && rest_mins < 60;
            let expected = if is_open { &expected[..2] } else { &expected[..] };
            assert_eq!(actions(&app, &owner, &session).await, expected, "{approved_after:?}, {rest_mins}");
            let state = if is_open { "open" } else { "expired" };
            assert_eq!(shown(&app, &owner).await["state"], state, "{approved_after:?}, {rest_mins}");
        }
    }
}

#[tokio::test]
async fn an_expiry_that_fails_at_any_call_is_recorded_once() {
    let calls = {
        let (app, owner, _) = over().await;
        app.forget(&expire_override_session::FUNCTION);
        let wire = app.wire(&expire_override_session::FUNCTION);
        deliver(&app, &due(&app, &owner).await).await;
        wire.take().len()
    };
    assert!(calls > 2, "{calls}");
    for call in 1..=calls {
        for fault in [Fault::CrashBefore(call), Fault::CrashAfter(call), Fault::LoseAnswer(call)] {
            let (app, owner, session) = over().await;
            let messages = due(&app, &owner).await;
            app.forget(&expire_override_session::FUNCTION);
            app.wire(&expire_override_session::FUNCTION).arm(fault);
            match app.deliver_until_crash(&expire_override_session::FUNCTION, &messages).await {
                Ok(()) | Err(Ended::Crashed | Ended::With(Err(_))) => {}
                Err(other) => panic!("{other:?}"),
            }
            app.wire(&expire_override_session::FUNCTION).disarm();
            // The lease of the run that crashed is over.
            app.advance(HOUR);
            deliver(&app, &messages).await;
            assert_eq!(actions(&app, &owner, &session).await, ["opened", "expired"], "{fault:?}");
        }
    }
}

/// A session whose time is over.
async fn over() -> (TestApp, Person, Opened) {
    let app = TestApp::new();
    let owner = founded(&app).await;
    let session = opened(&app, owner.workspace, "read_only").await;
    app.advance(HOUR);
    (app, owner, session)
}
