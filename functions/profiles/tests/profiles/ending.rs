//! Deletion, restoration and erasure of accounts, and the purge of unverified registrations.

use crate::profile::{Ada, letters_from, token};
use accounts::jobs::purge_unverified_accounts;
use accounts::routes::request_password_reset;
use accounts::user::{PasswordRecord, User};
use profiles::jobs::purge_deleted_accounts;
use profiles::routes::delete_account;
use recovery::routes::restore_account;
use serde_json::json;
use shared::aws::wire::Fault;
use shared::identity::AccountKey;
use shared::kernel::time::{SignedDuration, sortable};
use shared::testing::{Request, Response, TestApp};
use test_support::authenticator_app::enrolled;
use test_support::people::*;

use crate::profile::{DAY, raised};

async fn restore(app: &TestApp, token: &str) -> Response {
    post(app, &restore_account::FUNCTION, json!({ "token": token, "password": PASSWORD })).await
}

#[tokio::test]
async fn a_deleted_account_behaves_like_a_missing_one_until_restored() {
    let app = TestApp::new();
    let ada = Ada::new(&app).await;
    let elsewhere = login(&app, &ada.email, PASSWORD).await.expect(200).body;
    let until = app.now() + SignedDuration::from_millis(1) + DAY * 30;
    let deleted = ada.delete(&app).await.expect(200).body;
    assert_eq!(deleted, json!({ "erased_at": sortable(until) }));
    let link = token(&app, ada.user, &ada.email, "restore-account").await;
    for tokens in [&ada.tokens, &elsewhere] {
        get_me(&app, &tokens["access_token"]).await.expect(401);
        refresh(&app, &tokens["refresh_token"]).await.expect(401);
    }
    assert_eq!(login(&app, &ada.email, PASSWORD).await.expect(401).code(), "wrong_credentials");
    // The address stays in use until the account is erased; requests for it send the restore link.
    for route in [&accounts::routes::register::FUNCTION, &request_password_reset::FUNCTION] {
        post(&app, route, json!({ "email": ada.email })).await.expect(202);
        let letter = letters(&app, ada.user).await.pop().unwrap().letter;
        assert_eq!((letter.subject(), letter.link().unwrap().expires_at), (accounts::letters::ACCOUNT_IN_TRASH, until));
    }
    let link_again = token(&app, ada.user, &ada.email, "restore-account").await;

    app.advance(DAY * 29);
    assert_eq!(link_again, link, "every letter must have the same link");
    assert_eq!(restore(&app, &link).await.expect(200).body["email"], json!(ada.email));
    register(&app, &ada.email).await.expect(202);
    assert_eq!(last_subject(&app, ada.user).await, accounts::letters::ALREADY_REGISTERED);
    get_me(&app, &ada.tokens["access_token"]).await.expect(401);
    login(&app, &ada.email, PASSWORD).await.expect(200);
    let sent = letters_from(&app, ada.user, &ada.email).await;
    assert!(sent.iter().any(|letter| letter.subject() == sign_in::letters::ACCOUNT_RESTORED), "{sent:?}");
    let again = restore(&app, &link).await.expect(422);
    assert_eq!((again.code(), again.fields()), ("link_invalid", vec!["token"]));
    assert_eq!(raised(&app, "account_restored", &ada.user.to_string()).await, 1);
}

/// An attacker who learned the password adds a factor of their own and deletes the account.
#[tokio::test]
async fn a_restore_can_remove_recently_added_factors() {
    let app = TestApp::new();
    let ada = enrolled(&app).await;
    app.call(Request::to(&delete_account::FUNCTION).bearer(ada.token.as_str().unwrap())).await.expect(200);
    let link = token(&app, ada.user, &ada.email, "restore-account").await;
    let body = json!({ "token": link, "password": PASSWORD, "remove_recent_factors": true });
    let restored = post(&app, &restore_account::FUNCTION, body).await.expect(200).body;
    let removed = json!({ "authenticator_apps": 1, "passkeys": 0, "recovery_codes": 1 });
    assert_eq!(restored["recent_factors"], removed);
    let opened = login(&app, &ada.email, PASSWORD).await.expect(200).body;
    assert!(opened["access_token"].is_string(), "{opened}");
}

#[tokio::test]
async fn deleting_an_account_requires_a_fresh_factor_and_no_workspaces() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let refused = app.call(Request::to(&delete_account::FUNCTION).bearer(&owner.token)).await.expect(409);
    assert_eq!(refused.code(), "member_of_workspaces");
    assert!(refused.text.contains(&owner.workspace.to_string()), "{}", refused.text);
    let stranger = app.call(Request::to(&delete_account::FUNCTION)).await.expect(401);
    assert_eq!(stranger.code(), "not_signed_in");
    let ada = Ada::new(&app).await;
    app.advance(SignedDuration::from_mins(11));
    assert_eq!(ada.delete(&app).await.expect(401).code(), "fresh_factor_needed");
    get_me(&app, &ada.tokens["access_token"]).await.expect(200);
}

#[tokio::test]
async fn a_deleted_account_is_erased_after_thirty_days() {
    let app = TestApp::new();
    let [ada, bob, eve] = [Ada::new(&app).await, Ada::new(&app).await, Ada::new(&app).await];
    let link = ada.deleted(&app).await;
    let back = bob.deleted(&app).await;
    restore(&app, &back).await.expect(200);
    app.advance(DAY * 30 - SignedDuration::from_mins(1));
    app.tick(&purge_deleted_accounts::FUNCTION).await.unwrap();
    assert!(
        app.accounts().find::<User>(&AccountKey::User(ada.user)).await.unwrap().is_some(),
        "the link is still valid"
    );

    app.advance(SignedDuration::from_hours(1));
    let link_is_over = restore(&app, &link).await.expect(422);
    assert_eq!(link_is_over.code(), "link_invalid");
    for _ in 0..2 {
        app.advance(SignedDuration::from_secs(1));
        app.tick(&purge_deleted_accounts::FUNCTION).await.unwrap();
    }
    let key = AccountKey::User(ada.user);
    assert!(app.accounts().find::<User>(&key).await.unwrap().is_none());
    assert!(app.accounts().find::<PasswordRecord>(&key).await.unwrap().is_none());
    assert!(address(&app, &ada.email).await.is_none());
    assert_eq!(raised(&app, "account_erased", &ada.user.to_string()).await, 1);
    for stays in [&bob, &eve] {
        assert_eq!(address(&app, &stays.email).await.unwrap().owner(), Some(stays.user));
        login(&app, &stays.email, PASSWORD).await.expect(200);
    }
    // The address is available again.
    register(&app, &ada.email).await.expect(202);
    assert_ne!(registered(&app, &ada.email).await, ada.user);
}

#[tokio::test]
async fn a_purge_that_crashes_is_completed_by_the_next_run() {
    let app = TestApp::new();
    let ada = Ada::new(&app).await;
    ada.delete(&app).await.expect(200);
    app.advance(DAY * 31);
    let (began_at, mut erased) = (app.now(), false);
    for call in 1..30 {
        app.advance(SignedDuration::from_mins(10));
        app.wire(&purge_deleted_accounts::FUNCTION).arm(Fault::CrashAfter(call));
        let run = app.tick(&purge_deleted_accounts::FUNCTION);
        if app.until_crash(&purge_deleted_accounts::FUNCTION, run).await.is_ok() {
            erased = app.accounts().find::<User>(&AccountKey::User(ada.user)).await.unwrap().is_none();
            break;
        }
    }
    assert!(erased, "no run completed");
    assert!(address(&app, &ada.email).await.is_none());
    assert!(app.accounts().find::<PasswordRecord>(&AccountKey::User(ada.user)).await.unwrap().is_none());
    let events = app.events_since(began_at).await.unwrap();
    assert_eq!(events.iter().filter(|event| event.name == "account_erased").count(), 1);
}

#[tokio::test]
async fn an_unverified_registration_is_purged() {
    let app = TestApp::new();
    let (never, later, (verified, owner)) = (email(&app), email(&app), user(&app).await);
    register(&app, &never).await.expect(202);
    app.advance(SignedDuration::from_hours(23));
    register(&app, &later).await.expect(202);
    app.tick(&purge_unverified_accounts::FUNCTION).await.unwrap();
    assert!(address(&app, &never).await.is_some(), "its link is still valid");

    app.advance(SignedDuration::from_hours(2));
    assert!(address(&app, &never).await.is_some(), "only the job removes it");
    for _ in 0..2 {
        app.advance(SignedDuration::from_secs(1));
        app.tick(&purge_unverified_accounts::FUNCTION).await.unwrap();
    }
    assert!(address(&app, &never).await.is_none());
    assert!(address(&app, &later).await.is_some());
    assert_eq!(address(&app, &verified).await.unwrap().owner(), Some(owner));
    assert_eq!(raised(&app, "unverified_accounts_purged", "accounts").await, 1);
    login(&app, &verified, PASSWORD).await.expect(200);
}
