//! An authenticator app, and the requests of its user.

use mail::Letter;
use serde_json::{Value, json};
use shared::function::Function;
use shared::kernel::ids::UserId;
use shared::kernel::time::{SignedDuration, Timestamp};
use shared::testing::{Request, Response, TestApp};
use sign_in::routes::{
    confirm_totp, disable_totp, enrol_totp, list_factors, regenerate_recovery_codes, step_up, verify_second_factor,
};
use totp_rs::{Builder, Secret};

use crate::people::{PASSWORD, letters, login, post, user};

/// A user with an authenticator app, signed in with it.
pub struct Enrolled {
    pub email: String,
    pub user: UserId,
    pub token: Value,
    pub secret: String,
    pub recovery_codes: Vec<String>,
}

/// The current code of the app.
pub fn code(app: &TestApp, secret: &str) -> String {
    code_at(app.now(), secret)
}

/// The code that the app shows at an instant.
pub fn code_at(now: Timestamp, secret: &str) -> String {
    let totp = Builder::new().with_secret(Secret::try_from_base32(secret).unwrap()).build().unwrap();
    totp.generate(u64::try_from(now.as_second()).unwrap()).to_string()
}

/// A code that is valid neither now nor in the adjacent steps.
pub fn wrong_code(app: &TestApp, secret: &str) -> String {
    let totp = Builder::new().with_secret(Secret::try_from_base32(secret).unwrap()).build().unwrap();
    let now = u64::try_from(app.now().as_second()).unwrap();
    (0..).map(|number| format!("{number:06}")).find(|text| totp.check(text, now).is_none()).unwrap()
}

pub async fn ask(app: &TestApp, route: &'static Function, token: &Value, body: Value) -> Response {
    app.advance(SignedDuration::from_millis(1));
    let request = Request::to(route).bearer(token.as_str().unwrap());
    app.call(if body.is_null() { request } else { request.json(body) }).await
}

pub async fn enrol(app: &TestApp, token: &Value) -> Response {
    ask(app, &enrol_totp::FUNCTION, token, Value::Null).await
}

pub async fn confirm(app: &TestApp, token: &Value, code: &str) -> Response {
    ask(app, &confirm_totp::FUNCTION, token, json!({ "code": code })).await
}

pub async fn disable(app: &TestApp, token: &Value) -> Response {
    ask(app, &disable_totp::FUNCTION, token, Value::Null).await
}

pub async fn regenerate(app: &TestApp, token: &Value) -> Response {
    ask(app, &regenerate_recovery_codes::FUNCTION, token, Value::Null).await
}

pub async fn factors(app: &TestApp, token: &Value) -> Value {
    ask(app, &list_factors::FUNCTION, token, Value::Null).await.expect(200).body
}

pub async fn step(app: &TestApp, token: &Value, body: Value) -> Response {
    ask(app, &step_up::FUNCTION, token, body).await
}

/// The challenge after a correct password.
pub async fn challenge(app: &TestApp, email: &str) -> Value {
    login(app, email, PASSWORD).await.expect(200).body["second_factor"]["challenge"].clone()
}

pub async fn verify(app: &TestApp, challenge: &Value, name: &str, value: &str) -> Response {
    post(app, &verify_second_factor::FUNCTION, json!({ "challenge": challenge, name: value })).await
}

/// Advances the clock until the app shows another code, and the previous one is used or expired.
pub fn next_code(app: &TestApp) {
    app.advance(SignedDuration::from_secs(30));
}

pub async fn enrolled(app: &TestApp) -> Enrolled {
    let (email, user) = user(app).await;
    let token = login(app, &email, PASSWORD).await.expect(200).body["access_token"].clone();
    let begun = enrol(app, &token).await.expect(201).body;
    let secret = begun["secret"].as_str().unwrap().to_owned();
    let confirmed = confirm(app, &token, &code(app, &secret)).await.expect(200).body;
    let recovery_codes = serde_json::from_value(confirmed["recovery_codes"].clone()).unwrap();
    next_code(app);
    Enrolled { email, user, token, secret, recovery_codes }
}

/// The letters to a user with this subject.
pub async fn letters_about(app: &TestApp, user: UserId, subject: &str) -> Vec<Letter> {
    let letters = letters(app, user).await.into_iter().map(|sent| sent.letter);
    letters.filter(|letter| letter.subject() == subject).collect()
}
