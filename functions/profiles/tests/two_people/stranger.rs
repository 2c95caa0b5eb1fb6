//! The stranger, who tries to access the owner's account, learns leaked passwords and keeps every credential.

use accounts::routes::{register, request_password_reset, resend_verification};
use profiles::routes::{change_email, create_access_token, delete_account};
use proptest::prelude::*;
use recovery::routes::start_recovery;
use serde_json::{Value, json};
use shared::function::Function;
use shared::testing::{Request, Response, TestApp};
use sign_in::routes::{change_password, confirm_totp, enrol_totp, login, verify_second_factor};
use totp_rs::{Builder, Secret};

use test_support::people::{PASSWORD, get_me, login as login_as, post, refresh, user};

#[derive(Clone, Copy, Debug)]
pub enum StrangersMove {
    Register,
    Resend,
    RequestReset,
    /// With the newest password that the stranger knows.
    LogIn,
    /// Answers the last challenge with a code from the stranger's own app.
    AnswerChallenge,
    /// Refreshes the newest session.
    Refresh,
    EnrolApp,
    MakeToken,
    ChangePassword,
    /// Requests the address for the stranger's own account.
    WantAddress,
    /// Requests the stranger's own address for the owner's account.
    MoveAccount,
    Delete,
    StartRecovery,
}

pub fn any_move() -> impl Strategy<Value = StrangersMove> {
    prop_oneof![
        2 => Just(StrangersMove::Register),
        1 => Just(StrangersMove::Resend),
        1 => Just(StrangersMove::RequestReset),
        4 => Just(StrangersMove::LogIn),
        1 => Just(StrangersMove::AnswerChallenge),
        2 => Just(StrangersMove::Refresh),
        3 => Just(StrangersMove::EnrolApp),
        3 => Just(StrangersMove::MakeToken),
        2 => Just(StrangersMove::ChangePassword),
        1 => Just(StrangersMove::WantAddress),
        1 => Just(StrangersMove::MoveAccount),
        1 => Just(StrangersMove::Delete),
        1 => Just(StrangersMove::StartRecovery),
    ]
}

/// The password that the stranger sets.
const OWN: &str = "a stranger's own password, long";

pub struct Stranger<'a> {
    app: &'a TestApp,
    email: String,
    /// The address of the stranger's own account.
    own_email: String,
    passwords: Vec<String>,
    /// Sessions of the owner's account.
    sessions: Vec<Value>,
    refresh_tokens: Vec<Value>,
    access_tokens: Vec<Value>,
    challenge: Option<Value>,
    secret: Option<String>,
    recovery_codes: Vec<String>,
}

impl<'a> Stranger<'a> {
    pub async fn of(app: &'a TestApp, email: &str) -> Self {
        Self {
            app,
            email: email.to_owned(),
            own_email: user(app).await.0,
            passwords: vec![OWN.to_owned()],
            sessions: Vec::new(),
            refresh_tokens: Vec::new(),
            access_tokens: Vec::new(),
            challenge: None,
            secret: None,
            recovery_codes: Vec::new(),
        }
    }

    pub fn learns(&mut self, password: &str) {
        self.passwords.push(password.to_owned());
    }

    async fn ask(&self, route: &'static Function, token: &Value, body: Value) -> Response {
        self.app.move_address();
        let request = Request::to(route).bearer(token.as_str().unwrap());
        self.app.call(if body.is_null() { request } else { request.json(body) }).await
    }

    /// Calls a route in the newest session of the owner's account.
    async fn there(&self, route: &'static Function, body: Value) -> Option<Response> {
        let token = self.sessions.last()?;
        Some(self.ask(route, token, body).await)
    }

    fn keep(&mut self, answer: &Response) {
        if answer.body["access_token"].is_string() {
            self.sessions.push(answer.body["access_token"].clone());
            self.refresh_tokens.push(answer.body["refresh_token"].clone());
        }
        if let Some(challenge) = answer.body["second_factor"].get("challenge") {
            self.challenge = Some(challenge.clone());
        }
    }

    fn code(&self) -> Option<String> {
        let secret = Secret::try_from_base32(self.secret.as_ref()?).unwrap();
        let now = u64::try_from(self.app.now().as_second()).unwrap();
        Some(Builder::new().with_secret(secret).build().unwrap().generate(now).to_string())
    }

    async fn log_in(&self, password: &str) -> Response {
        post(self.app, &login::FUNCTION, json!({ "email": self.email, "password": password })).await
    }

    async fn answer_challenge(&self) -> Option<Response> {
        let (challenge, code) = (self.challenge.as_ref()?, self.code()?);
        let body = json!({ "challenge": challenge, "code": code });
        Some(post(self.app, &verify_second_factor::FUNCTION, body).await)
    }

    pub async fn make(&mut self, next: StrangersMove) {
        let about = json!({ "email": self.email });
        let answer = match next {
            StrangersMove::Register => Some(post(self.app, &register::FUNCTION, about).await),
            StrangersMove::Resend => Some(post(self.app, &resend_verification::FUNCTION, about).await),
            StrangersMove::RequestReset => Some(post(self.app, &request_password_reset::FUNCTION, about).await),
            StrangersMove::LogIn => Some(self.log_in(&self.passwords[self.passwords.len() - 1]).await),
            StrangersMove::AnswerChallenge => self.answer_challenge().await,
            StrangersMove::EnrolApp => self.enrol_app().await,
            StrangersMove::MakeToken => {
                let body = json!({ "name": "mine", "scopes": ["me:read"], "expires_in_days": 365 });
                self.there(&create_access_token::FUNCTION, body).await
            }
            StrangersMove::ChangePassword => {
                let known = &self.passwords[self.passwords.len() - 1];
                let body = json!({ "current_password": known, "new_password": OWN });
                self.there(&change_password::FUNCTION, body).await
            }
            StrangersMove::WantAddress => {
                let own = login_as(self.app, &self.own_email, PASSWORD).await.expect(200).body;
                Some(self.ask(&change_email::FUNCTION, &own["access_token"], about).await)
            }
            StrangersMove::Refresh => self.refresh_newest().await,
            StrangersMove::MoveAccount => {
                let elsewhere = json!({ "email": format!("stranger.{}", self.email) });
                self.there(&change_email::FUNCTION, elsewhere).await
            }
            StrangersMove::Delete => self.there(&delete_account::FUNCTION, Value::Null).await,
            StrangersMove::StartRecovery => match &self.challenge {
                Some(challenge) => {
                    Some(post(self.app, &start_recovery::FUNCTION, json!({ "challenge": challenge })).await)
                }
                None => None,
            },
        };
        if let Some(answer) = answer {
            assert!(answer.status < 500, "{next:?}: {}", answer.text);
            self.keep(&answer);
            if let Some(token) = answer.body.get("token") {
                self.access_tokens.push(token.clone());
            }
        }
    }

    async fn refresh_newest(&mut self) -> Option<Response> {
        // Each token works once, and the stranger avoids raising the alarm.
        let token = self.refresh_tokens.pop()?;
        Some(refresh(self.app, &token).await)
    }

    async fn enrol_app(&mut self) -> Option<Response> {
        let begun = self.there(&enrol_totp::FUNCTION, Value::Null).await?;
        self.secret = Some(begun.body.get("secret")?.as_str().unwrap().to_owned());
        let code = self.code()?;
        let confirmed = self.there(&confirm_totp::FUNCTION, json!({ "code": code })).await?;
        let codes = confirmed.body["recovery_codes"].as_array().into_iter().flatten();
        self.recovery_codes.extend(codes.map(|code| code.as_str().unwrap().to_owned()));
        Some(confirmed)
    }

    /// Tries every credential that the stranger ever set, created, held or learned on the owner's account. Returns
    /// those that still work.
    pub async fn what_works(&mut self) -> Vec<String> {
        let mut works = Vec::new();
        for (number, token) in self.sessions.iter().enumerate() {
            if get_me(self.app, token).await.status != 401 {
                works.push(format!("session {number}"));
            }
        }
        for (number, token) in self.access_tokens.iter().enumerate() {
            if get_me(self.app, token).await.status != 401 {
                works.push(format!("personal access token {number}"));
            }
        }
        for (number, token) in self.refresh_tokens.iter().enumerate() {
            if refresh(self.app, token).await.status != 401 {
                works.push(format!("refresh token {number}"));
            }
        }
        for password in &self.passwords {
            if self.log_in(password).await.status != 401 {
                works.push(format!("the password “{password}”"));
            }
        }
        if let Some(answer) = self.answer_challenge().await
            && answer.status == 200
        {
            works.push("the challenge, with the stranger's own app".to_owned());
        }
        if let (Some(challenge), Some(code)) = (&self.challenge, self.recovery_codes.first()) {
            let body = json!({ "challenge": challenge, "recovery_code": code });
            if post(self.app, &verify_second_factor::FUNCTION, body).await.status == 200 {
                works.push("the challenge, with a recovery code".to_owned());
            }
        }
        if let Some(challenge) = &self.challenge
            && post(self.app, &start_recovery::FUNCTION, json!({ "challenge": challenge })).await.status == 200
        {
            works.push("the challenge, for a recovery".to_owned());
        }
        works
    }
}
