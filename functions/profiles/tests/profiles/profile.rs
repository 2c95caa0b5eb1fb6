//! A user's own account: display name and email address.

use accounts::routes::request_password_reset;
use mail::testing::waiting;
use mail::{Letter, SendEmail};
use profiles::letters;
use profiles::routes::{cancel_email_change, change_email, confirm_email_change, delete_account, update_profile};
use recovery::routes::reset_password;
use serde_json::{Value, json};
use shared::function::Function;
use shared::kernel::ids::UserId;
use shared::kernel::time::SignedDuration;
use shared::testing::{Request, Response, TestApp};
use test_support::mailed_links;
use test_support::people::*;

pub const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A user who has just signed in.
pub struct Ada {
    pub email: String,
    pub user: UserId,
    pub tokens: Value,
}

impl Ada {
    pub async fn new(app: &TestApp) -> Self {
        let (email, user) = user(app).await;
        let tokens = login(app, &email, PASSWORD).await.expect(200).body;
        Self { email, user, tokens }
    }

    pub async fn call(&self, app: &TestApp, route: &'static Function, body: Value) -> Response {
        app.move_address();
        app.advance(SignedDuration::from_millis(1));
        let request = Request::to(route).bearer(self.tokens["access_token"].as_str().unwrap());
        app.call(if body.is_null() { request } else { request.json(body) }).await
    }

    async fn request_change(&self, app: &TestApp, email: &str) -> Response {
        self.call(app, &change_email::FUNCTION, json!({ "email": email })).await
    }

    /// Requests a change of address and returns the token from its email.
    async fn requested_change(&self, app: &TestApp, email: &str) -> String {
        self.request_change(app, email).await.expect(202);
        token(app, self.user, email, "confirm-email").await
    }

    /// Confirms the change in a session of the user.
    async fn confirm(&self, app: &TestApp, token: &str) -> Response {
        self.call(app, &confirm_email_change::FUNCTION, json!({ "token": token })).await
    }

    pub async fn delete(&self, app: &TestApp) -> Response {
        self.call(app, &delete_account::FUNCTION, Value::Null).await
    }

    pub async fn deleted(&self, app: &TestApp) -> String {
        self.delete(app).await.expect(200);
        token(app, self.user, &self.email, "restore-account").await
    }
}

/// The letters in a user's outbox to one address.
pub async fn letters_from(app: &TestApp, user: UserId, email: &str) -> Vec<Letter> {
    let letters = letters(app, user).await.into_iter();
    letters.filter(|letter| letter.to.as_str() == email).map(|letter| letter.letter).collect()
}

/// Delivers the newest letter to an address that links to a page, and returns the token from its email.
pub async fn token(app: &TestApp, user: UserId, email: &str, page: &str) -> String {
    let posted = app.outbox::<SendEmail>(&format!("U#{user}")).await.unwrap();
    let mut newest = None;
    for posted in &posted {
        let waiting = waiting(app, std::slice::from_ref(posted)).await.unwrap();
        if waiting.iter().any(|sent| sent.to.as_str() == email && sent.letter.opens() == Some(page)) {
            newest = Some(posted);
        }
    }
    app.deliver(&mail::jobs::send_email::FUNCTION, std::slice::from_ref(newest.expect("a letter"))).await.unwrap();
    mailed_links::token(app, email, page)
}

/// How often an event about a subject was raised in the last hour.
pub async fn raised(app: &TestApp, name: &str, subject: &str) -> usize {
    let since = shared::kernel::time::after(app.now(), SignedDuration::from_hours(-1));
    let events = app.events_since(since).await.unwrap();
    events.iter().filter(|event| event.name == name && event.subject == subject).count()
}

#[tokio::test]
async fn a_user_changes_their_display_name() {
    let app = TestApp::new();
    let ada = Ada::new(&app).await;
    let renamed = ada.call(&app, &update_profile::FUNCTION, json!({ "name": " Ada King " })).await.expect(200).body;
    assert_eq!((&renamed["name"], &renamed["email"]), (&json!("Ada King"), &json!(ada.email)));
    assert_eq!(get_me(&app, &ada.tokens["access_token"]).await.expect(200).body, renamed);
    let copied = json!({ "name": "\u{2068}Ada\u{2069} \u{2068}Lovelace\u{2069}" });
    assert_eq!(ada.call(&app, &update_profile::FUNCTION, copied).await.expect(200).body["name"], "Ada Lovelace");
    for name in ["", "\u{200B}", "\u{FE0F}", "Ada\u{202E}gnik", "see https://example.com", &"x".repeat(81)] {
        let refused = ada.call(&app, &update_profile::FUNCTION, json!({ "name": name })).await.expect(422);
        assert_eq!(refused.fields(), ["name"]);
    }
    let stranger = app.call(Request::to(&update_profile::FUNCTION).json(json!({ "name": "Eve" }))).await.expect(401);
    assert_eq!(stranger.code(), "not_signed_in");
}

#[tokio::test]
async fn an_address_changes_when_the_link_is_confirmed() {
    let app = TestApp::new();
    let (ada, new) = (Ada::new(&app).await, email(&app));
    let link = ada.requested_change(&app, &new).await;
    let sent = letters_from(&app, ada.user, &ada.email).await;
    assert_eq!(sent.last().unwrap().subject(), letters::EMAIL_CHANGE_ASKED);
    let asked = letters_from(&app, ada.user, &new).await;
    assert_eq!(asked.iter().map(Letter::subject).collect::<Vec<_>>(), [letters::CONFIRM_EMAIL_CHANGE]);
    login(&app, &new, PASSWORD).await.expect(401);

    let confirmed = ada.confirm(&app, &link).await.expect(200);
    assert_eq!(confirmed.body, json!({ "email": new }));
    assert_eq!(get_me(&app, &ada.tokens["access_token"]).await.expect(200).body["email"], json!(new));
    login(&app, &ada.email, PASSWORD).await.expect(401);
    login(&app, &new, PASSWORD).await.expect(200);
    let sent = letters_from(&app, ada.user, &ada.email).await;
    assert_eq!(sent.last().unwrap().subject(), letters::EMAIL_CHANGED);

    // A link that is opened again is not an error.
    assert_eq!(ada.confirm(&app, &link).await.expect(200).body, json!({ "email": new }));
    assert_eq!(letters_from(&app, ada.user, &ada.email).await.len(), sent.len());
    // The old address is available again.
    assert!(address(&app, &ada.email).await.is_none());
    register(&app, &ada.email).await.expect(202);
    assert_ne!(registered(&app, &ada.email).await, ada.user);
    assert_eq!(raised(&app, "email_changed", &ada.user.to_string()).await, 1);
}

#[tokio::test]
async fn a_change_to_an_address_in_use_gets_the_same_response() {
    let app = TestApp::new();
    let (ada, bob, gone) = (Ada::new(&app).await, Ada::new(&app).await, Ada::new(&app).await);
    let (first, waits, free) = (email(&app), email(&app), email(&app));
    register(&app, &waits).await.expect(202);
    gone.delete(&app).await.expect(200);
    ada.request_change(&app, &first).await.expect(202);
    let mut responses = Vec::new();
    for email in [&bob.email, &waits, &free, &gone.email] {
        app.wire(&change_email::FUNCTION).take();
        let before = letters_from(&app, ada.user, &ada.email).await.len();
        let answer = ada.request_change(&app, email).await.expect(202);
        let notified = letters_from(&app, ada.user, &ada.email).await.len() - before;
        responses.push((answer.text, notified, app.wire(&change_email::FUNCTION).take()));
    }
    assert!(responses.iter().all(|response| *response == responses[0]), "{responses:?}");
    assert_eq!(responses[0].1, 1, "the old address is notified in every case");
    assert!(letters_from(&app, ada.user, &bob.email).await.is_empty());
    assert_eq!(letters_from(&app, bob.user, &bob.email).await.last(), Some(&accounts::letters::address_taken()));
    let sent = letters_from(&app, gone.user, &gone.email).await;
    assert_eq!(sent.last().unwrap().subject(), accounts::letters::ACCOUNT_IN_TRASH);
    assert_eq!(sent.last().unwrap().opens(), Some("restore-account"));
    login(&app, &bob.email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn an_invalid_or_stale_change_of_address_is_refused() {
    let app = TestApp::new();
    let ada = Ada::new(&app).await;
    let refused = ada.request_change(&app, &ada.email.to_uppercase()).await.expect(422);
    assert_eq!((refused.code(), refused.fields()), ("same_address", vec!["email"]));
    let refused = ada.request_change(&app, "ada").await.expect(422);
    assert_eq!((refused.code(), refused.fields()), ("invalid_input", vec!["email"]));
    let stranger = Request::to(&change_email::FUNCTION).json(json!({ "email": email(&app) }));
    assert_eq!(app.call(stranger).await.expect(401).code(), "not_signed_in");
    app.advance(SignedDuration::from_mins(11));
    assert_eq!(ada.request_change(&app, &email(&app)).await.expect(401).code(), "fresh_factor_needed");
}

#[tokio::test]
async fn a_sixth_change_of_address_in_an_hour_is_refused() {
    let app = TestApp::new();
    let ada = Ada::new(&app).await;
    for _ in 0..5 {
        ada.request_change(&app, &email(&app)).await.expect(202);
    }
    assert_eq!(ada.request_change(&app, &email(&app)).await.expect(429).code(), "too_many_requests");
}

#[tokio::test]
async fn the_link_of_a_replaced_cancelled_or_expired_change_is_refused() {
    let app = TestApp::new();
    let invalid = async |by: &Ada, token: &str| {
        let refused = by.confirm(&app, token).await.expect(422);
        assert_eq!((refused.code(), refused.fields()), ("link_invalid", vec!["token"]));
    };

    let ada = Ada::new(&app).await;
    let replaced = ada.requested_change(&app, &email(&app)).await;
    let cancelled = ada.requested_change(&app, &email(&app)).await;
    invalid(&ada, &replaced).await;
    for _ in 0..2 {
        ada.call(&app, &cancel_email_change::FUNCTION, Value::Null).await.expect(204);
    }
    invalid(&ada, &cancelled).await;
    let stranger = app.call(Request::to(&cancel_email_change::FUNCTION)).await.expect(401);
    assert_eq!(stranger.code(), "not_signed_in");

    // Revoking every session cancels a change requested in one of them.
    let stolen = ada.requested_change(&app, &email(&app)).await;
    refresh(&app, &ada.tokens["refresh_token"]).await.expect(200);
    refresh(&app, &ada.tokens["refresh_token"]).await.expect(401);
    let ada = Ada { tokens: login(&app, &ada.email, PASSWORD).await.expect(200).body, ..ada };
    invalid(&ada, &stolen).await;

    let ada = Ada::new(&app).await;
    let link = ada.requested_change(&app, &email(&app)).await;
    for forged in [format!("{link}A"), link.replace('.', ""), String::new(), "x".repeat(5000)] {
        invalid(&ada, &forged).await;
    }
    let bob = Ada::new(&app).await;
    let for_another_purpose = bob.deleted(&app).await;
    invalid(&ada, &for_another_purpose).await;

    let late = ada.requested_change(&app, &email(&app)).await;
    app.advance(DAY);
    let ada = Ada { tokens: login(&app, &ada.email, PASSWORD).await.expect(200).body, ..ada };
    invalid(&ada, &late).await;
}

/// An attacker requests a victim's address for the attacker's own account, and the victim is emailed the link. Opening
/// it proves only control of the mailbox: the address does not become the attacker's.
#[tokio::test]
async fn the_link_of_a_change_requires_a_session_of_its_user() {
    let app = TestApp::new();
    let (stranger, victim) = (Ada::new(&app).await, Ada::new(&app).await);
    let wanted = email(&app);
    let link = stranger.requested_change(&app, &wanted).await;
    let without = app.call(Request::to(&confirm_email_change::FUNCTION).json(json!({ "token": link }))).await;
    assert_eq!(without.expect(401).code(), "not_signed_in");
    assert_eq!(victim.confirm(&app, &link).await.expect(422).code(), "link_invalid");
    assert!(address(&app, &wanted).await.is_none());
    // The mailbox's owner registers as if no change had been requested.
    let token = registration_token(&app, &wanted).await;
    verify_email(&app, &token, PASSWORD).await.expect(200);
    assert_eq!(stranger.confirm(&app, &link).await.expect(409).code(), "email_taken");
}

#[tokio::test]
async fn a_change_of_address_and_a_reset_invalidate_each_others_links() {
    let app = TestApp::new();
    let reset_link = async |ada: &Ada| {
        post(&app, &request_password_reset::FUNCTION, json!({ "email": ada.email })).await.expect(202);
        token(&app, ada.user, &ada.email, "reset-password").await
    };
    let reset = async |token: &str| {
        let body = json!({ "token": token, "password": "4 lamps, a tram and a crow" });
        post(&app, &reset_password::FUNCTION, body).await
    };

    // Control of the old mailbox does not give access to an account that moved to a new address.
    let ada = Ada::new(&app).await;
    let (old_reset, change) = (reset_link(&ada).await, ada.requested_change(&app, &email(&app)).await);
    ada.confirm(&app, &change).await.expect(200);
    assert_eq!(reset(&old_reset).await.expect(422).code(), "link_invalid");

    // An attacker with a stolen session loses access when the owner resets the password.
    let ada = Ada::new(&app).await;
    let (attackers, own) = (ada.requested_change(&app, &email(&app)).await, reset_link(&ada).await);
    reset(&own).await.expect(200);
    assert_eq!(ada.confirm(&app, &attackers).await.expect(401).code(), "not_signed_in");
    let tokens = login(&app, &ada.email, "4 lamps, a tram and a crow").await.expect(200).body;
    let ada = Ada { tokens, ..ada };
    assert_eq!(ada.confirm(&app, &attackers).await.expect(422).code(), "link_invalid");
}

#[tokio::test]
async fn two_parallel_confirmations_of_one_address_succeed_once() {
    let app = TestApp::new();
    let (ada, bob, wanted) = (Ada::new(&app).await, Ada::new(&app).await, email(&app));
    let links = [ada.requested_change(&app, &wanted).await, bob.requested_change(&app, &wanted).await];
    let (one, two) = futures::join!(ada.confirm(&app, &links[0]), bob.confirm(&app, &links[1]));
    let answers = [one, two];
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{answers:?}");
    let (winner, loser) = if answers[0].status == 200 { (&ada, 1) } else { (&bob, 0) };
    assert_eq!(address(&app, &wanted).await.unwrap().owner(), Some(winner.user));
    let lost = [&ada, &bob][loser];
    assert_eq!(lost.confirm(&app, &links[loser]).await.expect(409).code(), "email_taken");
    assert_eq!(get_me(&app, &lost.tokens["access_token"]).await.expect(200).body["email"], json!(lost.email));
    assert_eq!(address(&app, &lost.email).await.unwrap().owner(), Some(lost.user));
}
