//! An attacker guesses a password, in parallel, from one address and from many.

use std::time::Duration;

use futures::future::{BoxFuture, join_all};
use serde_json::json;
use sign_in::routes::login;
use tokio::time::Instant;

use super::Story;
use super::people::{PASSWORD, newcomer, post};
use crate::client::Client;

/// Guesses at once, of which an address has five in five minutes.
const AT_ONCE: usize = 8;
const OF_AN_ADDRESS: usize = 5;
/// After this many consecutive failures, the next attempt waits for 16 seconds.
const FAILURES: u32 = 9;
/// Two clocks of the server differ by at most two seconds.
const WAIT: Duration = Duration::from_secs(16 - 2 - 1);

pub struct Guessing;

impl Story for Guessing {
    fn run<'a>(&'a mut self, client: &'a Client) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let email = newcomer(client).await.email;
            let attempt = async |from: &Client, password: &str| {
                let request = post(&login::FUNCTION, json!({ "email": email, "password": password }));
                from.send(request).await.map_or(0, |answer| answer.status)
            };
            let attacker = client.another("attacker");
            let guesses = (0..AT_ONCE).map(|_| attempt(&attacker, "123456 and a guess"));
            let refused = join_all(guesses).await.into_iter().filter(|status| *status == 401).count();
            if refused > OF_AN_ADDRESS {
                client.fault(&format!("{refused} guesses at once from one address"));
            }
            // At least as many failures are counted: each refusal was, unless it came during a wait, which more failures
            // cause than are known here.
            let mut began = Instant::now();
            for failures in u32::try_from(refused).unwrap_or_default()..FAILURES {
                client.wait_s((1 << failures.saturating_sub(OF_AN_ADDRESS as u32)) + 3, 30).await;
                began = Instant::now();
                let mut tries = 0;
                while attempt(&client.another(&format!("{failures} {tries}")), "123456 and a guess").await != 401 {
                    tries += 1;
                    client.wait_s(0, 1).await;
                    began = Instant::now();
                }
            }
            let found = attempt(&client.another("found"), PASSWORD).await;
            if found == 200 && began.elapsed() < WAIT {
                client.fault(&format!("the password was accepted {:?} after {FAILURES} guesses", began.elapsed()));
            }
        })
    }
}
