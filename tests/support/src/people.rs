//! Users who sign up and in, for the tests of accounts.

use accounts::address::Address;
use mail::SendEmail;
use mail::testing::{Waiting, waiting};
use serde_json::{Value, json};
use shared::function::Function;
use shared::identity::AccountKey;
use shared::kernel::ids::UserId;
use shared::kernel::time::SignedDuration;
use shared::testing::{Request, Response, TestApp};

use crate::mailed_links;

pub const PASSWORD: &str = "a tram, a lamp and 3 crows";

/// An address that is unique to this test.
pub fn email(app: &TestApp) -> String {
    format!("ada.{:032x}@example.com", u128::from_le_bytes(app.entropy().bytes()))
}

/// Calls a route from its own address, so that no limit is hit by accident, and a millisecond after the previous call,
/// so that writes are ordered.
pub async fn post(app: &TestApp, route: &'static Function, body: Value) -> Response {
    app.move_address();
    app.advance(SignedDuration::from_millis(1));
    app.call(Request::to(route).json(body)).await
}

pub async fn register(app: &TestApp, email: &str) -> Response {
    post(app, &accounts::routes::register::FUNCTION, json!({ "email": email })).await
}

/// Opens the link of a registration, with its token, a name and a password.
pub async fn verify_email(app: &TestApp, token: &str, password: &str) -> Response {
    let body = json!({ "token": token, "name": "Ada Lovelace", "password": password });
    post(app, &accounts::routes::verify_email::FUNCTION, body).await
}

pub async fn login(app: &TestApp, email: &str, password: &str) -> Response {
    post(app, &sign_in::routes::login::FUNCTION, json!({ "email": email, "password": password })).await
}

pub async fn refresh(app: &TestApp, refresh_token: &Value) -> Response {
    post(app, &sign_in::routes::refresh_session::FUNCTION, json!({ "refresh_token": refresh_token })).await
}

pub async fn get_me(app: &TestApp, access_token: &Value) -> Response {
    app.call(Request::to(&accounts::routes::get_me::FUNCTION).bearer(access_token.as_str().unwrap())).await
}

pub async fn address(app: &TestApp, email: &str) -> Option<Address> {
    app.accounts().find::<Address>(&AccountKey::email(email)).await.unwrap().map(|stored| stored.into_inner())
}

/// The user of an address's registration.
pub async fn registered(app: &TestApp, email: &str) -> UserId {
    address(app, email).await.unwrap().registered(app.now()).unwrap()
}

/// Letters in a user's outbox.
pub async fn letters(app: &TestApp, user: UserId) -> Vec<Waiting> {
    let posted = app.outbox::<SendEmail>(&format!("U#{user}")).await.unwrap();
    waiting(app, &posted).await.unwrap()
}

/// Letters to an address, in any user's outbox. For an app with its own tables.
pub async fn letters_to(app: &TestApp, email: &str) -> Vec<Waiting> {
    let posted = app.whole_outbox::<SendEmail>().await.unwrap();
    let letters = waiting(app, &posted).await.unwrap().into_iter();
    letters.filter(|letter| letter.to.as_str() == email).collect()
}

/// The number of letters with this subject in a user's outbox.
pub async fn count_letters(app: &TestApp, user: UserId, subject: &str) -> usize {
    letters(app, user).await.iter().filter(|sent| sent.letter.subject() == subject).count()
}

/// The subject of the last letter in a user's outbox.
pub async fn last_subject(app: &TestApp, user: UserId) -> String {
    letters(app, user).await.last().expect("a letter").letter.subject().to_owned()
}

/// Sends the newest letter of a user and reads the mail at SES: returns the token of the link to that page.
pub async fn mailed_token(app: &TestApp, email: &str, user: UserId, page: &str) -> String {
    let posted = app.outbox::<SendEmail>(&format!("U#{user}")).await.unwrap();
    app.deliver(&mail::jobs::send_email::FUNCTION, &posted[posted.len() - 1..]).await.unwrap();
    mailed_links::token(app, email, page)
}

/// Registers an address and reads the token of its link.
pub async fn registration_token(app: &TestApp, email: &str) -> String {
    register(app, email).await.expect(202);
    mailed_token(app, email, registered(app, email).await, "verify-email").await
}

/// A user with a verified address.
pub async fn user(app: &TestApp) -> (String, UserId) {
    let email = email(app);
    let token = registration_token(app, &email).await;
    let user = registered(app, &email).await;
    verify_email(app, &token, PASSWORD).await.expect(200);
    (email, user)
}

/// The response body of a user's sign-in.
pub async fn signed_in(app: &TestApp) -> Value {
    let (email, _) = user(app).await;
    login(app, &email, PASSWORD).await.expect(200).body
}
