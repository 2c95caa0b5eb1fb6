//! Model-based test of an account: for any sequence of commands, each status and code is the predicted one, and so is
//! the state of every session.
//!
//! 24 sequences of about a dozen commands; 1,000 with `BULKHEAD_LONG=1`. The seed that `TestApp` prints reproduces
//! them, and a failing sequence is shrunk.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod commands;
mod limits;
mod world;

use accounts::routes::{register, request_password_reset, verify_email};
use commands::{Code, Command, Factor, PASSWORDS, Pick, commands};
use profiles::routes::{logout_everywhere, revoke_session};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use recovery::routes::reset_password;
use serde_json::{Value, json};
use shared::crypto::digest::from_base64url;
use shared::function::Function;
use shared::kernel::time::SignedDuration;
use shared::testing::{Request, Response, TestApp};
use sign_in::routes::{
    change_password, confirm_totp, disable_totp, enrol_totp, login, logout, refresh_session, step_up,
    verify_second_factor,
};
use test_support::people::{email, get_me, letters};
use totp_rs::{Builder, Secret};
use world::{World, nth};

/// All credentials that the account's user ever received.
struct Client<'a> {
    app: &'a TestApp,
    /// The key that signs emailed links.
    link_key: &'a [u8],
    email: String,
    links: Vec<String>,
    /// The newest access token of each session, and the session's id.
    sessions: Vec<(Value, String)>,
    refresh_tokens: Vec<(usize, Value)>,
    challenge: Value,
    secret: Option<String>,
}

impl<'a> Client<'a> {
    fn empty(app: &'a TestApp, link_key: &'a [u8]) -> Self {
        let (links, sessions, refresh_tokens) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            app,
            link_key,
            email: email(app),
            links,
            sessions,
            refresh_tokens,
            challenge: json!("a.b"),
            secret: None,
        }
    }

    fn now_ms(&self) -> i64 {
        self.app.now().as_millisecond()
    }

    async fn post(&self, route: &'static Function, body: Value) -> Response {
        self.app.move_address();
        self.app.call(Request::to(route).json(body)).await
    }

    /// A request in a session. Without sessions, it has an invalid token.
    fn by(&self, route: &'static Function, session: Pick) -> Request {
        self.app.move_address();
        let token = nth(session, self.sessions.len()).map_or("none", |at| self.sessions[at].0.as_str().unwrap());
        Request::to(route).bearer(token)
    }

    async fn ask(&self, route: &'static Function, session: Pick, body: Value) -> Response {
        let request = self.by(route, session);
        self.app.call(if body.is_null() { request } else { request.json(body) }).await
    }

    fn link(&self, pick: Pick) -> String {
        nth(pick, self.links.len()).map_or("a.b".to_owned(), |at| self.links[at].clone())
    }

    fn code(&self, code: Code) -> String {
        let Some(secret) = &self.secret else { return "000000".to_owned() };
        let totp = Builder::new().with_secret(Secret::try_from_base32(secret).unwrap()).build().unwrap();
        let now = u64::try_from(self.app.now().as_second()).unwrap();
        let near = [now - 30, now, now + 30].map(|at| totp.generate(at).to_string());
        match code {
            Code::Before => near[0].clone(),
            Code::Now => near[1].clone(),
            Code::Wrong => (0..).map(|number| format!("{number:06}")).find(|text| !near.contains(text)).unwrap(),
        }
    }

    /// Carries out a command and keeps the credentials that it returns.
    async fn carry_out(&mut self, command: Command) -> Response {
        let email = self.email.clone();
        match command {
            Command::Register => {
                let answer = self.post(&register::FUNCTION, json!({ "email": email })).await;
                self.keep_link().await;
                answer
            }
            Command::RequestReset => {
                let answer = self.post(&request_password_reset::FUNCTION, json!({ "email": email })).await;
                self.keep_link().await;
                answer
            }
            Command::Verify { link, password } => {
                let body = json!({ "token": self.link(link), "name": "Grace", "password": PASSWORDS[password] });
                self.post(&verify_email::FUNCTION, body).await
            }
            Command::Reset { link, new } => {
                let body = json!({ "token": self.link(link), "password": PASSWORDS[new] });
                self.post(&reset_password::FUNCTION, body).await
            }
            Command::Login { password } => {
                let body = json!({ "email": email, "password": PASSWORDS[password] });
                let answer = self.post(&login::FUNCTION, body).await;
                match answer.body["second_factor"]["challenge"].clone() {
                    Value::Null => self.keep_tokens(&answer),
                    challenge => self.challenge = challenge,
                }
                answer
            }
            Command::SecondFactor(code) => {
                let body = json!({ "challenge": self.challenge, "code": self.code(code) });
                let answer = self.post(&verify_second_factor::FUNCTION, body).await;
                self.keep_tokens(&answer);
                answer
            }
            Command::Refresh { token } => self.refresh(token).await,
            Command::Logout { session } => self.ask(&logout::FUNCTION, session, Value::Null).await,
            Command::LogoutEverywhere { session } => self.ask(&logout_everywhere::FUNCTION, session, Value::Null).await,
            Command::Revoke { by, session } => {
                let unused_id = format!("ses_{:032x}", 0);
                let id = nth(session, self.sessions.len()).map_or(&unused_id, |at| &self.sessions[at].1);
                self.app.call(self.by(&revoke_session::FUNCTION, by).path("session_id", id)).await
            }
            Command::ChangePassword { session, current, new } => {
                let body = json!({ "current_password": PASSWORDS[current], "new_password": PASSWORDS[new] });
                let answer = self.ask(&change_password::FUNCTION, session, body).await;
                self.keep_tokens(&answer);
                answer
            }
            Command::EnrolTotp { session } => {
                let answer = self.ask(&enrol_totp::FUNCTION, session, Value::Null).await;
                if let Some(secret) = answer.body["secret"].as_str() {
                    self.secret = Some(secret.to_owned());
                }
                answer
            }
            Command::ConfirmTotp { session, code } => {
                self.ask(&confirm_totp::FUNCTION, session, json!({ "code": self.code(code) })).await
            }
            Command::DisableTotp { session } => self.ask(&disable_totp::FUNCTION, session, Value::Null).await,
            Command::StepUp { session, factor } => {
                let body = match factor {
                    Factor::Password(password) => json!({ "password": PASSWORDS[password] }),
                    Factor::Code(code) => json!({ "code": self.code(code) }),
                };
                self.ask(&step_up::FUNCTION, session, body).await
            }
            Command::Wait { .. } => panic!("waiting is not a request"),
        }
    }

    async fn refresh(&mut self, token: Pick) -> Response {
        let known = nth(token, self.refresh_tokens.len()).map(|at| self.refresh_tokens[at].clone());
        let (session, token) = known.unwrap_or((0, json!("A".repeat(86))));
        let answer = self.post(&refresh_session::FUNCTION, json!({ "refresh_token": token })).await;
        if answer.status == 200 {
            self.sessions[session].0 = answer.body["access_token"].clone();
            self.refresh_tokens.push((session, answer.body["refresh_token"].clone()));
        }
        answer
    }

    /// Keeps the tokens of a new session.
    fn keep_tokens(&mut self, answer: &Response) {
        if let Some(access_token) = answer.body["access_token"].as_str() {
            let claims = from_base64url(access_token.split('.').nth(1).unwrap()).unwrap();
            let claims: Value = serde_json::from_slice(&claims).unwrap();
            self.sessions.push((json!(access_token), claims["sid"].as_str().unwrap().to_owned()));
            self.refresh_tokens.push((self.sessions.len() - 1, answer.body["refresh_token"].clone()));
        }
    }

    /// Keeps the link of the newest letter, if it has one, signed as by the job that sends it.
    async fn keep_link(&mut self) {
        let Some(address) = test_support::people::address(self.app, &self.email).await else { return };
        let Some(user) = address.owner().or(address.registered(self.app.now())) else { return };
        let Some(newest) = letters(self.app, user).await.pop() else { return };
        let is_kept = [accounts::letters::VERIFY_EMAIL, accounts::letters::RESET_PASSWORD];
        if let Some(link) = newest.letter.link().filter(|_| is_kept.contains(&newest.letter.subject())) {
            let token = test_support::mailed_links::sign(self.link_key, link);
            if self.links.last() != Some(&token) {
                self.links.push(token);
            }
        }
    }
}

/// Carries out the commands one by one and compares each with the model. Returns the first difference.
async fn compare(app: &TestApp, link_key: &[u8], commands: &[Command]) -> Result<(), String> {
    let (mut client, mut world) = (Client::empty(app, link_key), World::default());
    for (at, command) in commands.iter().copied().enumerate() {
        app.advance(SignedDuration::from_millis(1));
        if let Command::Wait { seconds } = command {
            app.advance(SignedDuration::from_secs(seconds));
        } else {
            let answer = client.carry_out(command).await;
            let predicted = world.take(command, client.now_ms());
            if (answer.status, answer.code()) != predicted {
                return Err(format!("{at}: {command:?}: {predicted:?} was predicted, not {}", answer.text));
            }
            let held = (client.sessions.len(), client.refresh_tokens.len(), client.links.len());
            if held != world.handed_out() {
                return Err(format!("{at}: {command:?}: sessions, tokens and links are {held:?}"));
            }
        }
        for (session, (access_token, _)) in client.sessions.iter().enumerate() {
            app.move_address();
            let predicted = if world.admits(session, client.now_ms()) { 200 } else { 401 };
            let status = get_me(app, access_token).await.status;
            if status != predicted {
                return Err(format!("after {at}: {command:?}: session {session} got {status}, not {predicted}"));
            }
        }
    }
    Ok(())
}

#[test]
fn an_account_behaves_like_its_model() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let app = TestApp::new();
    let link_key = test_support::mailed_links::key(&app);
    let cases = if test_support::is_long() { 1_000 } else { 24 };
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 100, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &app.entropy().bytes::<32>());
    let outcome = TestRunner::new_with_rng(config, rng).run(&commands(), |commands| {
        runtime.block_on(compare(&app, &link_key, &commands)).map_err(TestCaseError::fail)
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(reason, shortest)) => panic!("{reason}\nthe shortest failing sequence: {shortest:#?}"),
        Err(aborted) => panic!("{aborted}"),
    }
}
