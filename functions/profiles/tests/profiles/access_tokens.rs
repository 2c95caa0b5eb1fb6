//! Personal access tokens: creation, scopes, workspaces, revocation and expiry.

use crate::owner::*;
use accounts::routes::request_password_reset;
use mail::testing::Waiting;
use profiles::access_token::AccessToken;
use profiles::jobs::purge_login_history;
use profiles::letters::ACCESS_TOKEN_CREATED;
use profiles::routes::{create_access_token, delete_account, list_access_tokens, logout_everywhere};
use recovery::routes::reset_password;
use serde_json::{Value, json};
use shared::identity::{AccountChanges, AccountKey, EpochTurn};
use shared::kernel::ids::WorkspaceId;
use shared::kernel::time::{SignedDuration, sortable};
use shared::testing::{Request, TestApp};
use test_support::people::*;

#[tokio::test]
async fn a_new_tokens_secret_is_shown_only_once() {
    let app = TestApp::new();
    let owner = Owner::new(&app).await;
    let body = json!({
        "name": " Nightly import ",
        "scopes": ["posts:write", "me:read"],
        "workspace_id": owner.workspaces[0],
        "expires_in_days": 7,
    });
    let made = owner.make(&app, body).await.expect(201).body;
    let (token, id) = (made["token"].as_str().unwrap(), &made["id"]);
    assert!(token.starts_with("bhp_") && token.len() == 74, "{token}");
    let view = json!({
        "id": id,
        "name": "Nightly import",
        "scopes": ["me:read", "posts:write"],
        "workspace_id": owner.workspaces[0],
        "created_at": sortable(app.now()),
        "expires_at": sortable(app.now() + SignedDuration::from_hours(7 * 24)),
        "last_used_at": null,
    });
    for (name, value) in view.as_object().unwrap().iter().filter(|(name, _)| *name != "last_used_at") {
        assert_eq!(&made[name], value, "{name}");
    }
    assert_eq!(owner.list(&app).await, [view]);

    let events = owner.events(&app, "access_token_created").await;
    assert_eq!(
        events,
        [json!({ "token": id, "scopes": ["me:read", "posts:write"], "workspace": owner.workspaces[0] })]
    );
    let Some(Waiting { to, letter }) = letters(&app, owner.user).await.pop() else { panic!("no letter") };
    assert_eq!(to.as_str(), owner.email);
    assert_eq!(letter.subject(), ACCESS_TOKEN_CREATED);
    assert!(letter.paragraphs().any(|paragraph| paragraph.contains(": Nightly import.")));
}

/// An attacker who knew the password may have created it (decision 19).
#[tokio::test]
async fn a_password_reset_by_link_ends_every_token() {
    let app = TestApp::new();
    let owner = Owner::new(&app).await;
    let token = owner.made(&app, &["me:read"]).await;
    me(&app, &token).await.expect(200);
    post(&app, &request_password_reset::FUNCTION, json!({ "email": owner.email })).await.expect(202);
    let link = mailed_token(&app, &owner.email, owner.user, "reset-password").await;
    let body = json!({ "token": link, "password": "4 lamps, a tram and a crow" });
    post(&app, &reset_password::FUNCTION, body).await.expect(200);
    me(&app, &token).await.expect(401);
}

#[tokio::test]
async fn a_token_is_limited_to_its_scopes() {
    let app = TestApp::new();
    let owner = Owner::new(&app).await;
    let here = &owner.workspaces[0];
    let reads = owner.made(&app, &["posts:read"]).await;
    with(&app, &reads, &READ_POSTS, here).await.expect(202);
    let refused = with(&app, &reads, &WRITE_POST, here).await.expect(403);
    assert_eq!(refused.code(), "scope_missing");
    assert!(refused.text.contains("posts:write"), "{}", refused.text);
    assert_eq!(me(&app, &reads).await.expect(403).code(), "scope_missing");

    // A write scope includes read access.
    let writes = owner.made(&app, &["posts:write"]).await;
    with(&app, &writes, &READ_POSTS, here).await.expect(202);
    with(&app, &writes, &WRITE_POST, here).await.expect(204);
    let knows = owner.made(&app, &["me:read", "channels:write"]).await;
    assert_eq!(me(&app, &knows).await.expect(200).body["email"], json!(owner.email));
    assert_eq!(with(&app, &knows, &READ_POSTS, here).await.expect(403).code(), "scope_missing");

    // It has no access where its user has none, and it cannot change the account.
    let elsewhere = Owner::new(&app).await;
    assert_eq!(with(&app, &writes, &READ_POSTS, &elsewhere.workspaces[0]).await.expect(404).code(), "not_found");
    for route in [&list_access_tokens::FUNCTION, &logout_everywhere::FUNCTION, &delete_account::FUNCTION] {
        let request = Request::to(route).bearer(knows["token"].as_str().unwrap());
        assert_eq!(app.call(request).await.expect(403).code(), "session_needed");
    }
}

#[tokio::test]
async fn a_route_without_a_scope_or_for_sessions_only_refuses_tokens() {
    let app = TestApp::new();
    let owner = Owner::new(&app).await;
    let here = &owner.workspaces[0];
    let token = owner.made(&app, &["workspaces:read", "posts:write"]).await;
    for route in [&READ_SETTINGS, &READ_SESSION] {
        assert_eq!(with(&app, &token, route, here).await.expect(403).code(), "session_needed", "{}", route.name());
    }
    let session = json!({ "token": bearer(&owner.tokens) });
    with(&app, &session, &READ_SETTINGS, here).await.expect(202);
    let answer = with(&app, &session, &READ_SESSION, here).await.expect(200);
    assert!(answer.body.as_str().unwrap().starts_with("ses"), "{}", answer.text);
}

#[tokio::test]
async fn a_token_for_one_workspace_cannot_access_another() {
    let app = TestApp::new();
    let owner = Owner::new(&app).await;
    let [here, there] = &owner.workspaces;
    let body = json!({ "name": "Import", "scopes": ["posts:write"], "workspace_id": here });
    let bound = owner.make(&app, body).await.expect(201).body;
    with(&app, &bound, &WRITE_POST, here).await.expect(204);
    let other = with(&app, &bound, &READ_POSTS, there).await.expect(404);
    let unused_id: WorkspaceId = app.new_id();
    let never = with(&app, &bound, &READ_POSTS, &unused_id.to_string()).await.expect(404);
    assert_eq!(other.body["detail"], never.body["detail"]);
    let free = owner.made(&app, &["posts:read"]).await;
    for workspace in [here, there] {
        with(&app, &free, &READ_POSTS, workspace).await.expect(202);
    }
}

#[tokio::test]
async fn an_invalid_token_request_names_the_field_and_the_rule() {
    let app = TestApp::new();
    let owner = Owner::new(&app).await;
    let stranger = Owner::new(&app).await;
    let unknown: WorkspaceId = app.new_id();
    let whole = json!({ "name": "Import", "scopes": ["posts:read"] });
    for (field, value, rule) in [
        ("name", json!(""), "must have 1 to 60 characters"),
        ("name", json!("a\nb"), "must not have line breaks"),
        ("name", json!("\u{3164}"), "must contain a visible character"),
        ("name", Value::Null, "must be"),
        ("scopes", json!([]), "must be 1 to 20 scopes"),
        ("scopes", json!(vec!["posts:read"; 21]), "must be 1 to 20 scopes"),
        ("scopes", json!(["posts:read", "posts:read"]), "must not repeat a scope"),
        ("scopes", json!(["posts:read", "posts:*"]), "must only contain: audit-entries:read, "),
        ("scopes", json!("posts:read"), "must be"),
        ("expires_in_days", json!(0), "from 1 to 365"),
        ("expires_in_days", json!(366), "from 1 to 365"),
        ("expires_in_days", json!(4_294_967_297_u64), "from 1 to 365"),
        ("workspace_id", json!("ws_1"), "must be an id"),
        ("workspace_id", json!(unknown), "must be a workspace that you are a member of"),
        ("workspace_id", json!(stranger.workspaces[0]), "must be a workspace that you are a member of"),
    ] {
        let mut body = whole.clone();
        body[field] = value;
        let refused = owner.make(&app, body).await.expect(422);
        assert_eq!(refused.fields(), [field], "{}", refused.text);
        assert!(refused.text.contains(rule), "{}", refused.text);
    }
    assert_eq!(owner.list(&app).await, Vec::<Value>::new());
}

#[tokio::test]
async fn creating_a_token_requires_a_fresh_factor() {
    let app = TestApp::new();
    let owner = Owner::new(&app).await;
    app.advance(SignedDuration::from_mins(10));
    let body = json!({ "name": "Import", "scopes": ["posts:read"] });
    let refused = owner.make(&app, body).await.expect(401);
    assert_eq!(refused.code(), "fresh_factor_needed");
    assert!(refused.header("www-authenticate").contains("insufficient_user_authentication"));
    owner.ask(&app, &list_access_tokens::FUNCTION).await.expect(200);
}

#[tokio::test]
async fn a_token_is_as_strong_as_the_session_that_created_it() {
    let app = TestApp::new();
    let owner = Owner::by_password(&app).await;
    let here = &owner.workspaces[0];
    let weak = owner.made(&app, &["posts:read"]).await;
    assert_eq!(with(&app, &weak, &READ_POSTS, here).await.expect(403).code(), "second_factor_needed");

    // Proving a second factor later makes the session strong, but not the token.
    owner.prove_second_factor(&app).await;
    let strong = owner.made(&app, &["posts:read"]).await;
    with(&app, &strong, &READ_POSTS, here).await.expect(202);
    assert_eq!(with(&app, &weak, &READ_POSTS, here).await.expect(403).code(), "second_factor_needed");

    // The token is strong only as long as the factor exists; adding another one later does not restore it.
    let accounts = app.accounts();
    let epoch = accounts.epoch(owner.user).await.unwrap();
    let gone = AccountChanges::default().turn(owner.user, epoch, EpochTurn::default().and_unenrolling());
    accounts.commit(gone).await.unwrap();
    assert_eq!(with(&app, &strong, &READ_POSTS, here).await.expect(403).code(), "second_factor_needed");
    owner.prove_second_factor(&app).await;
    assert_eq!(with(&app, &strong, &READ_POSTS, here).await.expect(403).code(), "second_factor_needed");
}

#[tokio::test]
async fn a_revoked_token_is_refused_at_once() {
    let app = TestApp::new();
    let (owner, stranger) = (Owner::new(&app).await, Owner::new(&app).await);
    let (token, other) = (owner.made(&app, &["me:read"]).await, owner.made(&app, &["me:read"]).await);
    me(&app, &token).await.expect(200);
    assert_eq!(stranger.revoke(&app, &token["id"]).await.expect(404).code(), "not_found");
    owner.revoke(&app, &json!("pat_1")).await.expect(404);
    me(&app, &token).await.expect(200);

    owner.revoke(&app, &token["id"]).await.expect(204);
    assert_eq!(me(&app, &token).await.expect(401).code(), "not_signed_in");
    owner.revoke(&app, &token["id"]).await.expect(404);
    me(&app, &other).await.expect(200);
    let ids: Vec<_> = owner.list(&app).await.into_iter().map(|token| token["id"].clone()).collect();
    assert_eq!(ids, [other["id"].clone()]);
    assert_eq!(owner.events(&app, "access_token_revoked").await, [json!({ "token": token["id"] })]);
}

#[tokio::test]
async fn a_token_outlives_sessions_until_it_expires() {
    let app = TestApp::new();
    let owner = Owner::new(&app).await;
    let body = json!({ "name": "Import", "scopes": ["me:read"], "expires_in_days": 1 });
    let (short, long) = (owner.make(&app, body).await.expect(201).body, owner.made(&app, &["me:read"]).await);
    owner.ask(&app, &logout_everywhere::FUNCTION).await.expect(204);
    for token in [&short, &long] {
        me(&app, token).await.expect(200);
    }
    app.advance(SignedDuration::from_hours(24));
    me(&app, &short).await.expect(401);
    me(&app, &long).await.expect(200);

    let purged = || async {
        app.advance(SignedDuration::from_secs(1));
        app.tick(&purge_login_history::FUNCTION).await.unwrap();
        let events = app.events_since(app.now() - SignedDuration::from_hours(1)).await.unwrap();
        let purges = events.into_iter().filter(|event| event.name == "login_history_purged");
        purges.map(|event| event.detail["access_tokens"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(purged().await, [json!(1)]);
    assert_eq!(purged().await, [json!(1)], "a second run found something");
    let left = app.accounts().list::<AccessToken>(&AccountKey::User(owner.user)).await.unwrap();
    assert_eq!(left.iter().map(|token| json!(token.id)).collect::<Vec<_>>(), [long["id"].clone()]);
    me(&app, &long).await.expect(200);
    // The default lifetime is 90 days.
    app.advance(SignedDuration::from_hours(89 * 24));
    me(&app, &long).await.expect(401);
}

#[tokio::test]
async fn deleting_the_account_ends_every_token() {
    let app = TestApp::new();
    let (email, user) = user(&app).await;
    let tokens = login(&app, &email, PASSWORD).await.expect(200).body;
    let owner = Owner { email, user, tokens, workspaces: Default::default() };
    let token = owner.made(&app, &["me:read"]).await;
    me(&app, &token).await.expect(200);
    owner.ask(&app, &delete_account::FUNCTION).await.expect(200);
    assert_eq!(me(&app, &token).await.expect(401).code(), "not_signed_in");

    // Restoring the account does not restore its tokens.
    let link = mailed_token(&app, &owner.email, user, "restore-account").await;
    let body = json!({ "token": link, "password": PASSWORD });
    post(&app, &recovery::routes::restore_account::FUNCTION, body).await.expect(200);
    assert_eq!(me(&app, &token).await.expect(401).code(), "not_signed_in");
    let tokens = login(&app, &owner.email, PASSWORD).await.expect(200).body;
    let owner = Owner { tokens, ..owner };
    assert!(owner.list(&app).await.is_empty(), "a token that no longer works is listed");
    let token = owner.made(&app, &["me:read"]).await;
    me(&app, &token).await.expect(200);
}

#[tokio::test]
async fn a_tokens_last_use_is_shown_to_ten_minutes() {
    let app = TestApp::new();
    let owner = Owner::new(&app).await;
    let token = owner.made(&app, &["posts:read"]).await;
    let here = &owner.workspaces[0];
    let ledger = app.wire(&READ_POSTS);
    let used_at = app.now();
    // Warm up: takes the rate lease of the address.
    with(&app, &token, &READ_POSTS, here).await.expect(202);
    assert_eq!(owner.list(&app).await[0]["last_used_at"], json!(shared::kernel::time::sortable(used_at)));

    let mut updates = Vec::new();
    for _ in 0..3 {
        app.advance(SignedDuration::from_mins(3));
        ledger.take();
        with(&app, &token, &READ_POSTS, here).await.expect(202);
        updates.push(ledger.take().iter().filter(|call| *call == "DynamoDB.UpdateItem").count());
    }
    let lease = updates[0];
    assert!(lease <= 1, "{updates:?}");
    assert!(updates.iter().all(|count| *count == lease), "a use within ten minutes is written: {updates:?}");
    assert_eq!(owner.list(&app).await[0]["last_used_at"], json!(shared::kernel::time::sortable(used_at)));
    app.advance(SignedDuration::from_mins(1));
    ledger.take();
    let used_at = app.now();
    with(&app, &token, &READ_POSTS, here).await.expect(202);
    assert_eq!(ledger.take().iter().filter(|call| *call == "DynamoDB.UpdateItem").count(), lease + 1);
    assert_eq!(owner.list(&app).await[0]["last_used_at"], json!(shared::kernel::time::sortable(used_at)));
}

#[tokio::test]
async fn a_51st_token_is_refused_even_in_parallel() {
    let app = TestApp::new();
    let owner = Owner::new(&app).await;
    for _ in 0..48 {
        owner.made(&app, &["me:read"]).await;
    }
    // Of parallel requests that compete for two free places, at most two succeed.
    let body = json!({ "name": "Import", "scopes": ["me:read"] });
    let answers = futures::future::join_all((0..6).map(|_| owner.make(&app, body.clone()))).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    assert!((1..=2).contains(&made), "{answers:?}");
    assert!(answers.iter().all(|answer| matches!(answer.status, 201 | 409)), "{answers:?}");
    while owner.list(&app).await.len() < 50 {
        owner.made(&app, &["me:read"]).await;
    }
    let full = owner.make(&app, body.clone()).await.expect(409);
    assert_eq!(full.code(), "too_many_access_tokens");
    let listed = owner.list(&app).await;
    assert_eq!(listed.len(), 50);
    owner.revoke(&app, &listed[0]["id"]).await.expect(204);
    owner.make(&app, body).await.expect(201);
}

#[tokio::test]
async fn creating_a_token_refuses_an_idempotency_key() {
    let app = TestApp::new();
    let owner = Owner::new(&app).await;
    let request = |body: Value| {
        app.advance(SignedDuration::from_millis(1));
        let request = Request::to(&create_access_token::FUNCTION).bearer(bearer(&owner.tokens));
        app.call(request.header("idempotency-key", "the same").json(body))
    };
    let body = json!({ "name": "Import", "scopes": ["me:read"] });
    assert_eq!(request(body).await.expect(422).code(), "idempotency_key_unsupported");
    assert_eq!(owner.list(&app).await.len(), 0);
}

#[tokio::test]
async fn a_session_that_ends_concurrently_creates_no_token() {
    let app = TestApp::new();
    let owner = Owner::new(&app).await;
    let accounts = app.accounts();
    let ended = async {
        let epoch = accounts.epoch(owner.user).await.unwrap();
        accounts.commit(AccountChanges::default().revoke_sessions(owner.user, epoch)).await.unwrap();
    };
    let request = Request::to(&create_access_token::FUNCTION).bearer(bearer(&owner.tokens));
    let body = json!({ "name": "Import", "scopes": ["me:read"] });
    let (refused, reached) = app.call_while(request.json(body), ended).await;
    assert!(reached.is_some());
    assert_eq!(refused.expect(401).code(), "not_signed_in");
    assert!(accounts.list::<AccessToken>(&AccountKey::User(owner.user)).await.unwrap().is_empty());
}
