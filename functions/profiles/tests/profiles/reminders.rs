//! Reminders before a personal access token expires.

use crate::owner::*;
use profiles::access_token::AccessToken;
use profiles::jobs::remind_expiring_access_tokens;
use profiles::letters::ACCESS_TOKEN_EXPIRES;
use profiles::reminded::Reminded;
use serde_json::{Value, json};
use shared::identity::{AccountChanges, AccountKey, EpochTurn};
use shared::kernel::time::SignedDuration;
use shared::testing::TestApp;
use test_support::people::letters;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Runs the job, and returns how many reminders the owner was sent since the last call.
async fn reminded(app: &TestApp, owner: &Owner) -> usize {
    app.advance(SignedDuration::from_secs(1));
    app.empty_outbox().await.unwrap();
    app.tick(&remind_expiring_access_tokens::FUNCTION).await.unwrap();
    let sent = letters(app, owner.user).await;
    assert!(sent.iter().all(|waiting| waiting.letter.subject() == ACCESS_TOKEN_EXPIRES));
    sent.len()
}

async fn token(app: &TestApp, owner: &Owner) -> Value {
    owner.make(app, json!({ "name": "Nightly import", "scopes": ["me:read"] })).await.expect(201).body
}

#[tokio::test]
async fn the_user_is_reminded_14_days_and_one_day_before_once_each() {
    let app = TestApp::new();
    let (owner, other) = (Owner::new(&app).await, Owner::new(&app).await);
    let made = token(&app, &owner).await;
    app.advance(DAY * 76 - SignedDuration::from_secs(10));
    assert_eq!(reminded(&app, &owner).await, 0);
    app.advance(SignedDuration::from_secs(10));
    assert_eq!(reminded(&app, &owner).await, 1);
    assert_eq!(letters(&app, other.user).await.len(), 0);
    assert_eq!(reminded(&app, &owner).await, 0);
    app.advance(DAY * 13);
    assert_eq!(reminded(&app, &owner).await, 1);
    assert_eq!(reminded(&app, &owner).await, 0);
    me(&app, &made).await.expect(200);
    app.advance(DAY);
    assert_eq!(reminded(&app, &owner).await, 0);
}

#[tokio::test]
async fn a_token_of_an_earlier_release_is_reminded_of() {
    let app = TestApp::new();
    let owner = Owner::new(&app).await;
    let body = json!({ "name": "Import", "scopes": ["me:read"], "expires_in_days": 7 });
    let id = owner.make(&app, body).await.expect(201).body["id"].as_str().unwrap().to_owned();
    assert_eq!(reminded(&app, &owner).await, 0, "a short lifetime was just chosen");
    let (accounts, key) = (app.accounts(), AccountKey::User(owner.user));
    let mut token = accounts.find_part::<AccessToken>(&key, &id).await.unwrap().unwrap();
    token.reminded = Reminded::default();
    accounts.commit(AccountChanges::default().replace(&token)).await.unwrap();
    assert_eq!(reminded(&app, &owner).await, 1);
}

#[tokio::test]
async fn a_token_that_no_longer_works_is_not_reminded_of() {
    let app = TestApp::new();
    let (owner, other) = (Owner::new(&app).await, Owner::new(&app).await);
    let made = token(&app, &owner).await;
    token(&app, &other).await;
    owner.revoke(&app, &made["id"]).await.expect(204);
    let (accounts, user) = (app.accounts(), other.user);
    let epoch = accounts.epoch(user).await.unwrap();
    let turn = EpochTurn::default().and_revoking_everything();
    accounts.commit(AccountChanges::default().turn(user, epoch, turn)).await.unwrap();
    app.advance(DAY * 80);
    assert_eq!((reminded(&app, &owner).await, letters(&app, user).await.len()), (0, 0));
}
