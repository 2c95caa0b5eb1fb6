//! A person who forgot the password sets another by a mailed link, and one who lost the second factor waits for a link.

use accounts::routes::request_password_reset;
use futures::future::BoxFuture;
use recovery::routes::{complete_recovery, reset_password, start_recovery};
use serde_json::{Value, json};
use shared::function::Function;
use shared::kernel::time::{CLOCKS_DIFFER_BY, SignedDuration};
use sign_in::routes::login;

use super::Story;
use super::people::{Account, PASSWORD, enrol, expect, mailed_token, newcomer, post};
use crate::client::Client;

const OTHER: &str = "9 grey crows under a lamp";
const ANOTHER: &str = "7 white geese on a pond";

const CHALLENGE_LASTS: SignedDuration = SignedDuration::from_mins(5);

pub struct Recovering;

impl Story for Recovering {
    fn run<'a>(&'a mut self, client: &'a Client) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let account = newcomer(client).await;
            if client.once_in(2) || client.deployment.region().is_none() {
                self.reset(client, &account).await;
            } else if enrol(client, &account).await.is_some() {
                self.recover(client, &account).await;
            }
        })
    }
}

impl Recovering {
    async fn reset(&mut self, client: &Client, account: &Account) {
        expect(client, post(&request_password_reset::FUNCTION, json!({ "email": account.email })), 202).await;
        let Some(token) = mailed_token(client, &account.email, "reset-password").await else { return };
        self.finish(client, account, &reset_password::FUNCTION, &token).await;
    }

    /// After the waiting time, not before.
    async fn recover(&mut self, client: &Client, account: &Account) {
        let challenge = self.sign_in(client, account, PASSWORD).await["second_factor"]["challenge"].clone();
        let began = client.now();
        let start = post(&start_recovery::FUNCTION, json!({ "challenge": challenge }));
        let again = client.another("again");
        let (mut outcome, _) = tokio::join!(client.send_until_answered(start.clone()), again.send(start.clone()));
        if outcome.code() == "modified_concurrently" {
            outcome = client.send_until_answered(start).await;
        }
        // Repetitions, and the wait of an address that has used up its attempts, may take longer than the challenge lasts.
        let taken = client.now().duration_since(began);
        if outcome.code() == "challenge_expired" && taken >= CHALLENGE_LASTS - CLOCKS_DIFFER_BY {
            return;
        }
        if outcome.status() != 200 {
            client.fault(&format!("starting a recovery returns {}: {}", outcome.status(), outcome.response.text));
        }
        let Some(token) = mailed_token(client, &account.email, "complete-recovery").await else { return };
        let waited = client.now().duration_since(began).as_secs();
        // A client may learn of the recovery later than it began, by its repetitions.
        let wait_hours = client.deployment.region().map_or(0, |region| region.app.config().recovery_wait_hours);
        if waited + 300 < i64::from(wait_hours) * 3600 {
            client.fault(&format!("the link came after {waited} s"));
        }
        self.finish(client, account, &complete_recovery::FUNCTION, &token).await;
    }

    /// The link sets one password, although it is opened twice at once, and ends every session.
    async fn finish(&mut self, client: &Client, account: &Account, route: &'static Function, token: &str) {
        let other = client.another("other");
        let open = async |client: &Client, password: &str| {
            client.send_until_answered(post(route, json!({ "token": token, "password": password }))).await
        };
        let (one, two) = tokio::join!(open(client, OTHER), open(&other, ANOTHER));
        if one.status() == 200 && two.status() == 200 {
            client.fault("the link worked twice");
        }
        let is_known = !one.is_repeated && !two.is_repeated;
        if is_known && one.status() != 200 && two.status() != 200 {
            client.fault(&format!("the link returns {} and {}", one.response.text, two.response.text));
        }
        let mut tried = [(&one, OTHER), (&two, ANOTHER)];
        // The one that was set comes first: a wrong one that arrives often would delay it.
        tried.sort_by_key(|(outcome, _)| outcome.status() != 200);
        for (outcome, password) in tried {
            let signed_in = client
                .send_until_answered(post(&login::FUNCTION, json!({ "email": account.email, "password": password })));
            let signed_in = signed_in.await.response.body;
            let is_in = signed_in.get("access_token").is_some_and(|token| !token.is_null());
            if is_in != (outcome.status() == 200) && is_known {
                client.fault(&format!("the link returned {}, then: {signed_in}", outcome.status()));
            }
        }
        let body = json!({ "refresh_token": account.refresh_token });
        let refreshed = client.send_until_answered(post(&sign_in::routes::refresh_session::FUNCTION, body)).await;
        if refreshed.status() == 200 {
            client.fault("a session outlived the loss of its password");
        }
    }

    async fn sign_in(&self, client: &Client, account: &Account, password: &str) -> Value {
        let body = json!({ "email": account.email, "password": password });
        expect(client, post(&login::FUNCTION, body), 200).await.response.body
    }
}
