//! A person who sets up a second factor, steps up with it, and uses a recovery code in two places at once.

use futures::future::BoxFuture;
use serde_json::{Value, json};
use shared::function::Function;
use shared::testing::Request;
use sign_in::routes::{
    change_password, disable_totp, list_factors, login, regenerate_recovery_codes, step_up, verify_second_factor,
};
use test_support::authenticator_app::code_at;

use super::Story;
use super::people::{Account, PASSWORD, enrol, expect, newcomer, post};
use crate::client::Client;

/// Allowed only with a second factor.
const SHORT_PASSWORD: &str = "3 crows, tram";

pub struct Proving;

impl Story for Proving {
    fn run<'a>(&'a mut self, client: &'a Client) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let account = newcomer(client).await;
            let Some((secret, codes)) = enrol(client, &account).await else { return };
            // The next code: each works once.
            client.wait_s(31, 60).await;
            let request = Request::to(&step_up::FUNCTION).bearer(&account.access_token);
            let outcome =
                client.send_until_answered(request.json(json!({ "code": code_at(client.now(), &secret) }))).await;
            if outcome.status() != 200 && !outcome.is_repeated {
                client.fault(&format!("stepping up returns {}: {}", outcome.status(), outcome.response.text));
            }
            if let Some(recovery_code) = codes.first() {
                self.use_twice(client, &account.email, json!({ "recovery_code": recovery_code })).await;
            }
            client.wait_s(31, 60).await;
            self.use_twice(client, &account.email, json!({ "code": code_at(client.now(), &secret) })).await;
            self.remove_and_replace(client, &account).await;
        })
    }
}

impl Proving {
    /// A code works once, however often it arrives.
    async fn use_twice(&mut self, client: &Client, email: &str, code: Value) {
        let mut challenges = Vec::new();
        for _ in 0..2 {
            let body = json!({ "email": email, "password": PASSWORD });
            let outcome = expect(client, post(&login::FUNCTION, body), 200).await;
            challenges.push(outcome.response.body["second_factor"]["challenge"].clone());
        }
        let verify = async |challenge: &Value| {
            let mut body = code.clone();
            body["challenge"] = challenge.clone();
            client.send(post(&verify_second_factor::FUNCTION, body)).await.map_or(0, |answer| answer.status)
        };
        let (one, other) = tokio::join!(verify(&challenges[0]), verify(&challenges[1]));
        if one == 200 && other == 200 {
            client.fault(&format!("{code} worked twice"));
        }
    }

    /// Without another factor there are no recovery codes and no short password, although both are set while the app is
    /// removed.
    async fn remove_and_replace(&mut self, client: &Client, account: &Account) {
        let to = |route: &'static Function| Request::to(route).bearer(&account.access_token);
        let short = json!({ "current_password": PASSWORD, "new_password": SHORT_PASSWORD });
        let change = async {
            if client.once_in(2) {
                client.send(to(&change_password::FUNCTION).json(short)).await;
            }
        };
        let remove = client.send(to(&disable_totp::FUNCTION));
        tokio::join!(remove, client.send(to(&regenerate_recovery_codes::FUNCTION)), change);
        let factors = client.send_until_answered(to(&list_factors::FUNCTION)).await.response.body;
        if factors["second_factor_required"] == false && !factors["recovery_codes"].is_null() {
            client.fault(&format!("recovery codes without a factor: {factors}"));
        }
        let sign_in = post(&login::FUNCTION, json!({ "email": account.email, "password": SHORT_PASSWORD }));
        let signed_in = client.send_until_answered(sign_in).await;
        if !signed_in.text("access_token").is_empty() {
            client.fault("a short password is the only factor");
        }
    }
}
