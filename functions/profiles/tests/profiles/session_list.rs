//! Sessions and login history: listing, revocation and removal.

use profiles::jobs::purge_login_history;
use profiles::routes::{list_sessions, list_sign_ins, logout_everywhere, revoke_session};
use serde_json::{Value, json};
use shared::aws::wire::Fault;
use shared::function::Function;
use shared::identity::{AccountChanges, AccountKey};
use shared::kernel::ids::UserId;
use shared::kernel::time::{SignedDuration, sortable};
use shared::tenancy::Page;
use shared::testing::{Request, Response, TestApp};
use sign_in::history::SignIn;
use sign_in::jobs::expire_sessions;
use sign_in::session::SessionRecord;
use test_support::people::*;

const CHROME: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";

async fn ask(app: &TestApp, route: &'static Function, tokens: &Value) -> Response {
    app.advance(SignedDuration::from_millis(1));
    app.call(Request::to(route).bearer(tokens["access_token"].as_str().unwrap())).await
}

async fn sessions(app: &TestApp, tokens: &Value) -> Vec<Value> {
    let listed = ask(app, &list_sessions::FUNCTION, tokens).await.expect(200).body;
    assert!(listed.get("next_cursor").is_none(), "the list must be complete: {listed}");
    listed["items"].as_array().unwrap().clone()
}

/// The id of the caller's session in the list.
async fn current(app: &TestApp, tokens: &Value) -> Value {
    let own = sessions(app, tokens).await.into_iter().find(|session| session["current"] == true);
    own.expect("the current session")["id"].clone()
}

async fn revoke(app: &TestApp, tokens: &Value, session: &Value) -> Response {
    let request = Request::to(&revoke_session::FUNCTION).bearer(tokens["access_token"].as_str().unwrap());
    app.call(request.path("session_id", session.as_str().unwrap())).await
}

async fn history(app: &TestApp, tokens: &Value) -> Vec<Value> {
    let listed = ask(app, &list_sign_ins::FUNCTION, tokens).await.expect(200).body;
    listed["items"].as_array().unwrap().clone()
}

async fn count_of(app: &TestApp, event: &str) -> usize {
    let events = app.events_since(app.now() - SignedDuration::from_hours(2)).await.unwrap();
    events.iter().filter(|found| found.name == event).count()
}

fn user_id(tokens: &Value) -> UserId {
    tokens["user_id"].as_str().unwrap().parse().unwrap()
}

async fn records(app: &TestApp, tokens: &Value) -> usize {
    app.accounts().list::<SessionRecord>(&AccountKey::User(user_id(tokens))).await.unwrap().len()
}

#[tokio::test]
async fn a_user_lists_their_sessions() {
    let app = TestApp::new();
    let (email, _) = user(&app).await;
    app.move_address();
    let body = json!({ "email": email, "password": PASSWORD });
    let request = Request::to(&sign_in::routes::login::FUNCTION).json(body).header("user-agent", CHROME);
    let (address, started_at) = (app.address(), app.now());
    let here = app.call(request).await.expect(200).body;
    let there = login(&app, &email, PASSWORD).await.expect(200).body;
    let stranger = signed_in(&app).await;

    let listed = sessions(&app, &here).await;
    assert_eq!(listed.len(), 2, "{listed:?}");
    assert_eq!((&listed[0]["current"], &listed[1]["current"]), (&json!(false), &json!(true)));
    let own = &listed[1];
    let client = json!({ "ip": address, "user_agent": CHROME, "browser": "Chrome", "system": "Windows" });
    assert_eq!((&own["method"], &own["client"]), (&json!("password"), &client));
    assert_eq!(
        (&own["started_at"], &own["last_used_at"]),
        (&json!(sortable(started_at)), &json!(sortable(started_at)))
    );
    assert_eq!(own["idle_ends_at"], json!(sortable(started_at + SignedDuration::from_hours(12))));
    assert_eq!(own["ends_at"], json!(sortable(started_at + SignedDuration::from_hours(30 * 24))));

    // The most recently used session is first.
    app.advance(SignedDuration::from_mins(5));
    let refreshed_at = app.now() + SignedDuration::from_millis(1);
    let here = refresh(&app, &here["refresh_token"]).await.expect(200).body;
    let listed = sessions(&app, &there).await;
    assert_eq!((&listed[0]["id"], listed.len()), (&own["id"], 2));
    assert_eq!(
        (&listed[0]["last_used_at"], &listed[0]["started_at"]),
        (&json!(sortable(refreshed_at)), &json!(sortable(started_at)))
    );
    assert_eq!(sessions(&app, &stranger).await.len(), 1);

    // The other session is idle: it is not listed, although it is still stored.
    app.advance(SignedDuration::from_hours(12) - SignedDuration::from_mins(3));
    let here = refresh(&app, &here["refresh_token"]).await.expect(200).body;
    assert_eq!(sessions(&app, &here).await.len(), 1);
}

#[tokio::test]
async fn a_session_can_be_ended_from_another() {
    let app = TestApp::new();
    let (email, _) = user(&app).await;
    let here = login(&app, &email, PASSWORD).await.expect(200).body;
    let there = login(&app, &email, PASSWORD).await.expect(200).body;
    let stranger = signed_in(&app).await;
    let (own, other) = (current(&app, &here).await, current(&app, &there).await);

    for unused_id in [json!(format!("ses_{:032x}", 7)), json!("ses_1"), current(&app, &stranger).await] {
        assert_eq!(revoke(&app, &here, &unused_id).await.expect(404).code(), "not_found");
    }
    get_me(&app, &stranger["access_token"]).await.expect(200);

    revoke(&app, &here, &other).await.expect(204);
    get_me(&app, &there["access_token"]).await.expect(401);
    assert_eq!(refresh(&app, &there["refresh_token"]).await.expect(401).code(), "session_ended");
    revoke(&app, &here, &other).await.expect(404);
    assert_eq!(sessions(&app, &here).await.len(), 1);

    // The current session can be ended like any other.
    revoke(&app, &here, &own).await.expect(204);
    get_me(&app, &here["access_token"]).await.expect(401);
    assert_eq!(refresh(&app, &here["refresh_token"]).await.expect(401).code(), "session_ended");
}

#[tokio::test]
async fn signing_out_everywhere_ends_every_session() {
    let app = TestApp::new();
    let (email, user) = user(&app).await;
    let mut before = Vec::new();
    for _ in 0..3 {
        before.push(login(&app, &email, PASSWORD).await.expect(200).body);
    }
    let stranger = signed_in(&app).await;
    ask(&app, &logout_everywhere::FUNCTION, &before[1]).await.expect(204);
    for tokens in &before {
        get_me(&app, &tokens["access_token"]).await.expect(401);
        assert_eq!(refresh(&app, &tokens["refresh_token"]).await.expect(401).code(), "session_ended");
    }
    get_me(&app, &stranger["access_token"]).await.expect(200);
    let later = login(&app, &email, PASSWORD).await.expect(200).body;
    assert_eq!(sessions(&app, &later).await.len(), 1, "ended sessions are listed");
    assert_eq!(records(&app, &later).await, 4, "ended sessions are stored until their idle timeout");
    let events = app.events_since(app.now() - SignedDuration::from_hours(1)).await.unwrap();
    let raised =
        events.iter().filter(|event| event.name == "signed_out_everywhere" && event.subject == user.to_string());
    assert_eq!(raised.count(), 1);
    ask(&app, &logout_everywhere::FUNCTION, &before[1]).await.expect(401);
}

#[tokio::test]
async fn signing_out_everywhere_succeeds_despite_a_lost_answer() {
    let app = TestApp::new();
    let (email, _) = user(&app).await;
    for call in 1..=5 {
        let tokens = login(&app, &email, PASSWORD).await.expect(200).body;
        app.wire(&logout_everywhere::FUNCTION).arm(Fault::LoseAnswer(call));
        ask(&app, &logout_everywhere::FUNCTION, &tokens).await.expect(204);
        app.wire(&logout_everywhere::FUNCTION).disarm();
        get_me(&app, &tokens["access_token"]).await.expect(401);
    }
}

#[tokio::test]
async fn a_user_lists_their_sign_ins_and_failed_attempts() {
    let app = TestApp::new();
    let (email, _) = user(&app).await;
    login(&app, &email, "not the right password").await.expect(401);
    let tokens = login(&app, &email, PASSWORD).await.expect(200).body;
    let listed = history(&app, &tokens).await;
    let outcomes: Vec<_> = listed.iter().map(|entry| entry["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["signed_in", "wrong_password"]);
    assert_eq!(listed[0]["session_id"], current(&app, &tokens).await);
    assert_eq!((&listed[1]["session_id"], &listed[1]["method"]), (&Value::Null, &json!("password")));
    assert_eq!(
        (&listed[0]["client"]["ip"], &listed[0]["at"]),
        (&json!(app.address()), &json!(sortable(last_login(&app, &tokens).await)))
    );

    let limited = |limit: &str| {
        let request = Request::to(&list_sign_ins::FUNCTION).bearer(tokens["access_token"].as_str().unwrap());
        app.call(request.query("limit", limit))
    };
    let first = limited("1").await.expect(200).body;
    assert_eq!(first["items"].as_array().unwrap().len(), 1);
    assert!(first["next_cursor"].is_string(), "another entry follows: {first}");
    for wrong in ["0", "101", "x", "-1", "4294967297"] {
        assert_eq!(limited(wrong).await.expect(422).fields(), ["limit"], "{wrong}");
    }
    assert_eq!(history(&app, &signed_in(&app).await).await.len(), 1, "another user's history");
}

/// An attacker fails a hundred times, from as many networks. The user's other entries are still listed.
#[tokio::test]
async fn failures_within_an_hour_share_one_entry() {
    let app = TestApp::new();
    let (email, _) = user(&app).await;
    let first = login(&app, &email, PASSWORD).await.expect(200).body;
    for _ in 0..100 {
        login(&app, &email, "not the right password").await.expect(401);
    }
    let listed = history(&app, &first).await;
    let entries: Vec<_> = listed.iter().map(|entry| (entry["outcome"].as_str().unwrap(), &entry["times"])).collect();
    assert_eq!(entries[1], ("signed_in", &json!(1)));
    assert_eq!((entries.len(), entries[0].0), (2, "wrong_password"));
    assert!(entries[0].1.as_u64().unwrap() > 5, "{entries:?}");
    assert_eq!(listed[0]["client"]["ip"], json!(app.address()), "the last client is shown");
    // Each further hour adds at most one entry, however long the address is locked.
    for hours in 1..=3 {
        app.advance(SignedDuration::from_hours(hours));
        for _ in 0..20 {
            login(&app, &email, "not the right password").await.expect(401);
        }
    }
    let tokens = json!({ "access_token": app.mint(user_id(&first), crate::owner::session_of(&first)).await.unwrap() });
    let after = history(&app, &tokens).await.len();
    assert!((3..=5).contains(&after), "{after} entries");
}

#[tokio::test]
async fn paging_returns_the_whole_history() {
    let app = TestApp::new();
    let (email, _) = user(&app).await;
    for _ in 0..6 {
        login(&app, &email, PASSWORD).await.expect(200);
    }
    let tokens = login(&app, &email, PASSWORD).await.expect(200).body;
    let whole = history(&app, &tokens).await;
    let (mut seen, mut cursor): (Vec<Value>, Option<String>) = (Vec::new(), None);
    loop {
        let request = Request::to(&list_sign_ins::FUNCTION).bearer(tokens["access_token"].as_str().unwrap());
        let request = request.query("limit", "3");
        let request = match &cursor {
            Some(cursor) => request.query("cursor", cursor),
            None => request,
        };
        let page = app.call(request).await.expect(200).body;
        seen.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
        assert!(seen.len() <= whole.len(), "the pages do not end");
    }
    assert_eq!((seen.len(), &seen), (7, &whole));
    // A cursor is only valid for its user.
    let other = signed_in(&app).await;
    let request = Request::to(&list_sign_ins::FUNCTION).bearer(other["access_token"].as_str().unwrap());
    let refused = app.call(request.query("limit", "3").query("cursor", cursor.as_deref().unwrap())).await.expect(422);
    assert_eq!(refused.fields(), ["cursor"]);
}

async fn last_login(app: &TestApp, tokens: &Value) -> shared::kernel::time::Timestamp {
    let key = AccountKey::User(user_id(tokens));
    let page = Page { limit: 1, cursor: None, newest_first: true };
    app.accounts().page::<SignIn>(&key, "test", &page).await.unwrap().items[0].at
}

#[tokio::test]
async fn ended_sessions_and_refresh_tokens_are_removed() {
    let app = TestApp::new();
    let (email, user) = user(&app).await;
    let busy = login(&app, &email, PASSWORD).await.expect(200).body;
    let idle = login(&app, &email, PASSWORD).await.expect(200).body;
    app.advance(SignedDuration::from_hours(11));
    let busy = refresh(&app, &busy["refresh_token"]).await.expect(200).body;
    app.tick(&expire_sessions::FUNCTION).await.unwrap();
    assert_eq!(count_of(&app, "sessions_expired").await, 0, "no session had ended");

    app.advance(SignedDuration::from_hours(1));
    app.tick(&expire_sessions::FUNCTION).await.unwrap();
    let busy = refresh(&app, &busy["refresh_token"]).await.expect(200).body;
    assert_eq!(proofs(&app, user), ["EPOCH", &format!("SESSION#{}", session_of(&app, &busy).await)]);
    assert_eq!(kept(&app, user, "SESSION"), 1);
    assert_eq!(sessions(&app, &busy).await.len(), 1);
    // Its refresh token is kept until the end of the session, so that reuse is detected.
    assert_eq!(refresh(&app, &idle["refresh_token"]).await.expect(401).code(), "session_ended");
    let first_run = expired(&app).await;
    assert_eq!(first_run, [json!({ "sessions": 1, "refresh_tokens": 0 })]);

    app.advance(SignedDuration::from_secs(1));
    app.tick(&expire_sessions::FUNCTION).await.unwrap();
    assert_eq!(expired(&app).await, first_run, "a second run found something");

    app.advance(SignedDuration::from_hours(30 * 24));
    app.tick(&expire_sessions::FUNCTION).await.unwrap();
    assert_eq!(expired(&app).await.last().unwrap(), &json!({ "sessions": 1, "refresh_tokens": 4 }));
    assert_eq!((proofs(&app, user), kept(&app, user, "SESSION")), (vec!["EPOCH".to_owned()], 0));
}

/// The details of the job's events in the last hour.
async fn expired(app: &TestApp) -> Vec<Value> {
    let events = app.events_since(app.now() - SignedDuration::from_hours(1)).await.unwrap();
    let raised = events.into_iter().filter(|event| event.name == "sessions_expired");
    raised.map(|event| event.detail).collect()
}

async fn session_of(app: &TestApp, tokens: &Value) -> String {
    current(app, tokens).await.as_str().unwrap().to_owned()
}

/// The sort keys of a partition in the table, including expired items.
fn stored(app: &TestApp, table: &str, partition: &str) -> Vec<String> {
    let query = json!({
        "TableName": table,
        "ConsistentRead": true,
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": { ":pk": { "S": partition } },
    });
    let answer = app.cloud().call("DynamoDB_20120810.Query", &query).unwrap();
    answer["Items"].as_array().unwrap().iter().map(|item| item["sk"]["S"].as_str().unwrap().to_owned()).collect()
}

/// The sort keys of a user's proofs.
fn proofs(app: &TestApp, user: UserId) -> Vec<String> {
    stored(app, &app.tables().proofs, &format!("S#{user}"))
}

/// The number of a user's records of a kind.
fn kept(app: &TestApp, user: UserId, kind: &str) -> usize {
    let sorts = stored(app, &app.tables().accounts, &format!("U#{user}"));
    sorts.iter().filter(|sort| sort.starts_with(&format!("{kind}#"))).count()
}

#[tokio::test]
async fn a_session_refreshed_concurrently_is_kept() {
    let app = TestApp::new();
    let (email, user) = user(&app).await;
    for _ in 0..2 {
        login(&app, &email, PASSWORD).await.expect(200);
    }
    app.advance(SignedDuration::from_hours(12));
    let refreshed = login(&app, &email, PASSWORD).await.expect(200).body;
    // Simulate a session that is refreshed between the job's read and its write: the record says that it has ended, but
    // the proof is valid.
    let mut read_before = app.accounts().list::<SessionRecord>(&AccountKey::User(user)).await.unwrap().pop().unwrap();
    read_before.idle_ends_at = app.now();
    app.accounts().commit(AccountChanges::default().overwrite(&*read_before)).await.unwrap();

    app.tick(&expire_sessions::FUNCTION).await.unwrap();
    assert_eq!(expired(&app).await, [json!({ "sessions": 2, "refresh_tokens": 0 })], "the other sessions are removed");
    assert_eq!(proofs(&app, user), ["EPOCH", &format!("SESSION#{}", read_before.session)]);
    get_me(&app, &refreshed["access_token"]).await.expect(200);
    let refreshed = refresh(&app, &refreshed["refresh_token"]).await.expect(200).body;
    assert_eq!(sessions(&app, &refreshed).await.len(), 1);
}

#[tokio::test]
async fn login_history_is_removed_after_ninety_days() {
    let app = TestApp::new();
    let (email, user) = user(&app).await;
    login(&app, &email, "not the right password").await.expect(401);
    app.advance(SignedDuration::from_hours(1));
    login(&app, &email, PASSWORD).await.expect(200);
    app.advance(SignedDuration::from_hours(90 * 24 - 1));
    app.tick(&purge_login_history::FUNCTION).await.unwrap();
    assert_eq!(kept(&app, user, "SIGN_IN"), 1);
    let tokens = login(&app, &email, PASSWORD).await.expect(200).body;
    let outcomes: Vec<_> = history(&app, &tokens).await.into_iter().map(|entry| entry["outcome"].clone()).collect();
    assert_eq!(outcomes, ["signed_in", "signed_in"]);
    assert_eq!(count_of(&app, "login_history_purged").await, 1);

    app.advance(SignedDuration::from_secs(1));
    app.tick(&purge_login_history::FUNCTION).await.unwrap();
    assert_eq!(count_of(&app, "login_history_purged").await, 1, "a second run found something");
    assert_eq!(kept(&app, user, "SIGN_IN"), 2);
}
