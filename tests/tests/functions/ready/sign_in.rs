//! What the functions of sign-in need.

use serde_json::{Value, json};
use shared::kernel::time::SignedDuration;
use shared::testing::Request;
use sign_in::routes::{confirm_totp, enrol_totp};
use totp_rs::{Builder, Secret};

use crate::person::header;
use crate::place::{World, text};
use crate::sample::Filling;

impl World {
    pub(super) async fn ready_for_sign_in(&self, function: &str, ready: Filling) -> Filling {
        match function {
            "refresh-session" => {
                let tokens = self.account().await.tokens;
                ready.with("refresh_token", text(&tokens["refresh_token"]))
            }
            "logout" | "enrol-totp" | "change-password" => self.as_someone(ready).await,
            "confirm-totp" => {
                let ready = self.as_someone(ready).await;
                let secret = self.enrolled(&ready).await;
                ready.with("totp_code", self.code(&secret))
            }
            "disable-totp" | "regenerate-recovery-codes" => self.with_an_app(ready).await,
            "step-up" => self.with_a_new_code(self.with_an_app(ready).await),
            "verify-second-factor" => {
                let ready = self.with_a_new_code(self.with_an_app(ready).await);
                let asked = self.signed_in(ready.get("email")).await;
                ready.with("challenge", text(&asked["second_factor"]["challenge"]))
            }
            "expire-sessions" => self.and_wait(self.as_someone(ready).await, 13),
            "rotate-signing-keys" => self.and_wait(self.as_someone(ready).await, 29 * 24 + 1),
            "withdraw-signing-key" => {
                let ready = self.as_someone(ready).await;
                let kid = header(ready.get("token"), "kid");
                ready.with("kid", kid)
            }
            "watch-failed-logins" => {
                let ready = self.as_someone(ready).await;
                self.guessed_at(ready.get("email")).await;
                ready
            }
            _ => ready,
        }
    }

    /// Wrong passwords for one address, from many networks.
    pub(super) async fn guessed_at(&self, email: &str) {
        for _ in 0..12 {
            self.app.move_address();
            let body = json!({ "email": email, "password": "not the right one at all" });
            let answer = self.app.call(Request::to(&sign_in::routes::login::FUNCTION).json(body)).await;
            assert_eq!(answer.status, 401, "{}", answer.text);
        }
    }

    pub(super) async fn with_an_app(&self, ready: Filling) -> Filling {
        let ready = self.as_someone(ready).await;
        let secret = self.enrolled(&ready).await;
        let body = json!({ "code": self.code(&secret) });
        self.call(&confirm_totp::FUNCTION, ready.get("token"), &Filling::default(), body).await;
        ready.with("secret", secret)
    }

    /// A code works once, so the one that confirmed the app cannot be reused.
    pub(super) fn with_a_new_code(&self, ready: Filling) -> Filling {
        self.app.advance(SignedDuration::from_secs(30));
        let code = self.code(ready.get("secret"));
        ready.with("totp_code", code)
    }

    pub(super) async fn enrolled(&self, ready: &Filling) -> String {
        let begun = self.call(&enrol_totp::FUNCTION, ready.get("token"), &Filling::default(), Value::Null).await;
        text(&begun["secret"])
    }

    pub(super) fn code(&self, secret: &str) -> String {
        let app = Builder::new().with_secret(Secret::try_from_base32(secret).unwrap()).build().unwrap();
        app.generate(u64::try_from(self.app.now().as_second()).unwrap()).to_string()
    }
}
