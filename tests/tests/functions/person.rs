//! Users for the samples of the accounts domain: each is prepared for one route, which consumes it.

use accounts::recovery::Recovery;
use accounts::routes::request_password_reset;
use mail::SendEmail;
use passkeys::routes::{register_passkey, start_passkey_registration, start_passkey_sign_in};
use profiles::routes::{change_email, create_access_token, delete_account};
use recovery::jobs::tell_of_recovery::TellOfRecovery;
use serde_json::{Value, json};
use shared::crypto::digest::from_base64url;
use shared::identity::{AccountChanges, AccountKey, EpochTurn, Strength};
use shared::kernel::ids::UserId;
use shared::kernel::time::SignedDuration;
use shared::tenancy::Role;
use shared::testing::Request;
use sign_in::routes::{confirm_totp, enrol_totp};
use totp_rs::{Builder, Secret};

use crate::cloud;
use crate::place::{Account, World, text};
use crate::sample::Filling;
use test_support::authenticator::Authenticator;

impl World {
    /// The filling with which the sample of a function of accounts succeeds; none if the place's own suffices.
    pub async fn ready_for_person(&self, function: &str, ready: Filling) -> Filling {
        match function {
            "verify-email" => ready.with("link_token", self.registered(&self.email()).await),
            "refresh-session" => {
                let tokens = self.account().await.tokens;
                ready.with("refresh_token", text(&tokens["refresh_token"]))
            }
            "logout"
            | "logout-everywhere"
            | "revoke-session"
            | "enrol-totp"
            | "change-email"
            | "change-password"
            | "delete-account"
            | "start-passkey-registration" => self.as_someone(ready).await,
            "cancel-email-change" => {
                let ready = self.as_someone(ready).await;
                self.asked_for_another_email(&ready).await;
                ready
            }
            "confirm-email-change" => {
                let ready = self.as_someone(ready).await;
                let email = self.asked_for_another_email(&ready).await;
                ready.with("link_token", cloud::mailed_token(&email).await)
            }
            "restore-account" => {
                let ready = self.as_someone(ready).await;
                self.call(&delete_account::FUNCTION, ready.get("token"), &Filling::default(), Value::Null).await;
                self.post_letters(ready.get("user")).await;
                let token = cloud::mailed_token(ready.get("email")).await;
                ready.with("link_token", token)
            }
            "reset-password" => {
                let ready = self.as_someone(ready).await;
                self.anyone(&request_password_reset::FUNCTION, json!({ "email": ready.get("email") })).await;
                self.post_letters(ready.get("user")).await;
                let token = cloud::mailed_token(ready.get("email")).await;
                ready.with("link_token", token)
            }
            "start-recovery" => {
                let ready = self.with_an_app(ready).await;
                let asked = self.signed_in(ready.get("email")).await;
                ready.with("challenge", text(&asked["second_factor"]["challenge"]))
            }
            "cancel-recovery" | "tell-of-recovery" => self.recovering(ready, false).await,
            "offer-recoveries" => self.recovering(ready, true).await,
            "complete-recovery" => {
                let ready = self.recovering(ready, true).await;
                self.app.tick(&recovery::jobs::offer_recoveries::FUNCTION).await.unwrap();
                self.post_letters(ready.get("user")).await;
                let token = cloud::mailed_token(ready.get("email")).await;
                ready.with("link_token", token)
            }
            "revoke-access-token" => {
                let ready = self.as_someone(ready).await;
                let body = json!({ "name": "CI", "scopes": ["posts:read"] });
                let path = Filling::default();
                let made = self.call(&create_access_token::FUNCTION, ready.get("token"), &path, body).await;
                ready.with("token_id", text(&made["id"]))
            }
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
            "register-passkey" => {
                let ready = self.as_someone(ready).await;
                let started = self.begun(&ready).await;
                with_credential(ready, &started, Authenticator::es256().create(&started["options"]))
            }
            "rename-passkey" | "delete-passkey" => self.with_a_passkey(ready).await.0,
            "sign-in-with-passkey" | "step-up-with-passkey" => {
                let (ready, mut authenticator) = self.with_a_passkey(ready).await;
                let started = self.anyone(&start_passkey_sign_in::FUNCTION, json!({})).await;
                with_credential(ready, &started, authenticator.get(&started["options"]))
            }
            "expire-sessions" => self.and_wait(self.as_someone(ready).await, 13),
            "purge-unverified-accounts" => {
                self.registered(&self.email()).await;
                self.and_wait(ready, 25)
            }
            "purge-deleted-accounts" => {
                let ready = self.as_someone(ready).await;
                self.call(&delete_account::FUNCTION, ready.get("token"), &Filling::default(), Value::Null).await;
                self.and_wait(ready, 31 * 24)
            }
            "purge-login-history" => self.and_wait(self.as_someone(ready).await, 91 * 24),
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

    fn and_wait(&self, ready: Filling, hours: i64) -> Filling {
        self.app.advance(SignedDuration::from_hours(hours));
        ready
    }

    /// Wrong passwords for one address, from many networks.
    async fn guessed_at(&self, email: &str) {
        for _ in 0..12 {
            self.app.move_address();
            let body = json!({ "email": email, "password": "not the right one at all" });
            let answer = self.app.call(Request::to(&sign_in::routes::login::FUNCTION).json(body)).await;
            assert_eq!(answer.status, 401, "{}", answer.text);
        }
    }

    async fn begun(&self, ready: &Filling) -> Value {
        let function = &start_passkey_registration::FUNCTION;
        self.call(function, ready.get("token"), &Filling::default(), json!({})).await
    }

    async fn with_a_passkey(&self, ready: Filling) -> (Filling, Authenticator) {
        let ready = self.as_someone(ready).await;
        let started = self.begun(&ready).await;
        let mut authenticator = Authenticator::es256();
        let credential = authenticator.create(&started["options"]);
        let body = json!({ "ceremony": started["ceremony"], "name": "Laptop", "credential": credential });
        let made = self.call(&register_passkey::FUNCTION, ready.get("token"), &Filling::default(), body).await;
        (ready.with("passkey_id", text(&made["id"])), authenticator)
    }

    /// Replaces the owner by a new user who has just signed in.
    async fn as_someone(&self, ready: Filling) -> Filling {
        let Account { email, tokens } = self.account().await;
        let session = session_of(&text(&tokens["access_token"]));
        ready
            .with("email", email)
            .with("token", text(&tokens["access_token"]))
            .with("user", text(&tokens["user_id"]))
            .with("session_id", session)
    }

    async fn with_an_app(&self, ready: Filling) -> Filling {
        let ready = self.as_someone(ready).await;
        let secret = self.enrolled(&ready).await;
        let body = json!({ "code": self.code(&secret) });
        self.call(&confirm_totp::FUNCTION, ready.get("token"), &Filling::default(), body).await;
        ready.with("secret", secret)
    }

    /// A user with an authenticator app and a started recovery, in a workspace whose owner must be notified. The
    /// waiting time may be over or not: three days would end every other session here.
    async fn recovering(&self, ready: Filling, is_over: bool) -> Filling {
        let ready = self.with_an_app(ready).await;
        let (owner, admin) = (self.account().await, self.account().await);
        let token = text(&owner.tokens["access_token"]);
        let body = json!({ "name": "Northwind Studio" });
        let made = self.call(&workspaces::routes::create_workspace::FUNCTION, &token, &Filling::default(), body).await;
        let workspace = text(&made["id"]).parse().unwrap();
        let user: UserId = ready.get("user").parse().unwrap();
        self.app.add_member(workspace, user, Role::Member).await.unwrap();
        let admin = text(&admin.tokens["user_id"]).parse().unwrap();
        self.app.add_member(workspace, admin, Role::Admin).await.unwrap();
        let asked = self.signed_in(ready.get("email")).await;
        let body = json!({ "challenge": asked["second_factor"]["challenge"] });
        self.anyone(&recovery::routes::start_recovery::FUNCTION, body).await;
        let posted = self.app.outbox::<TellOfRecovery>(&format!("U#{user}")).await.unwrap();
        let told: TellOfRecovery = posted.last().unwrap().payload().unwrap();
        if is_over {
            let accounts = self.app.accounts();
            let mut recovery = accounts.find::<Recovery>(&AccountKey::User(user)).await.unwrap().unwrap();
            recovery.ready_at = self.app.now();
            accounts.commit(AccountChanges::default().replace(&recovery)).await.unwrap();
        }
        self.app.advance(SignedDuration::from_millis(1));
        ready.with("recovery_started_at", told.started_at)
    }

    /// A code works once, so the one that confirmed the app cannot be reused.
    fn with_a_new_code(&self, ready: Filling) -> Filling {
        self.app.advance(SignedDuration::from_secs(30));
        let code = self.code(ready.get("secret"));
        ready.with("totp_code", code)
    }

    async fn enrolled(&self, ready: &Filling) -> String {
        let begun = self.call(&enrol_totp::FUNCTION, ready.get("token"), &Filling::default(), Value::Null).await;
        text(&begun["secret"])
    }

    fn code(&self, secret: &str) -> String {
        let app = Builder::new().with_secret(Secret::try_from_base32(secret).unwrap()).build().unwrap();
        app.generate(u64::try_from(self.app.now().as_second()).unwrap()).to_string()
    }

    /// The new address, to which the email was sent.
    async fn asked_for_another_email(&self, ready: &Filling) -> String {
        let email = self.email();
        let body = json!({ "email": email });
        self.call(&change_email::FUNCTION, ready.get("token"), &Filling::default(), body).await;
        self.post_letters(ready.get("user")).await;
        email
    }

    async fn post_letters(&self, user: &str) {
        let posted = self.app.outbox::<SendEmail>(&format!("U#{user}")).await.unwrap();
        self.app.deliver(&mail::jobs::send_email::FUNCTION, &posted).await.unwrap();
    }

    /// Marks a second factor as just verified in a session.
    pub async fn prove_second_factor(&self, token: &str) {
        let accounts = self.app.accounts();
        let (user, session) = (claim(token, "sub"), claim(token, "sid"));
        let (user, session) = (user.parse().unwrap(), session.parse().unwrap());
        let epoch = accounts.epoch(user).await.unwrap();
        let changes = AccountChanges::default().turn(user, epoch, EpochTurn::default().and_enrolling()).prove_factor(
            user,
            session,
            (Strength::Multi, epoch.with_other_factors()),
            self.app.now(),
        );
        accounts.commit(changes).await.unwrap();
    }
}

/// The parts of an authenticator's response.
fn with_credential(ready: Filling, started: &Value, credential: Value) -> Filling {
    let pieces = [
        ("client_data", "clientDataJSON"),
        ("attestation_object", "attestationObject"),
        ("authenticator_data", "authenticatorData"),
        ("signature", "signature"),
        ("user_handle", "userHandle"),
    ];
    let ready = ready.with("ceremony", text(&started["ceremony"])).with("credential_id", text(&credential["id"]));
    pieces.iter().fold(ready, |ready, (name, member)| match credential["response"][*member].as_str() {
        Some(piece) => ready.with(name, piece),
        None => ready,
    })
}

pub fn session_of(token: &str) -> String {
    claim(token, "sid")
}

/// A claim of an access token.
pub fn claim(token: &str, name: &str) -> String {
    member(token, 1, name)
}

fn header(token: &str, name: &str) -> String {
    member(token, 0, name)
}

fn member(token: &str, part: usize, name: &str) -> String {
    let members = from_base64url(token.split('.').nth(part).unwrap()).unwrap();
    let members: Value = serde_json::from_slice(&members).unwrap();
    text(&members[name])
}
