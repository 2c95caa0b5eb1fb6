//! An attacker guesses a password, in parallel, from one address and from many.

use std::time::Duration;

use futures::future::{BoxFuture, join_all};
use serde_json::json;
use sign_in::routes::login;
use tokio::time::Instant;

use super::Story;
use super::people::{PASSWORD, newcomer, post};
use crate::client::Client;

const WRONG: &str = "123456 and a guess";
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
            // So that those at once find a count.
            let first = attempt(&client.another("first"), WRONG).await;
            let attacker = client.another("attacker");
            let guesses = (0..AT_ONCE).map(|_| attempt(&attacker, WRONG));
            let refused = join_all(guesses).await.into_iter().filter(|status| *status == 401).count();
            if refused > OF_AN_ADDRESS {
                client.fault(&format!("{refused} guesses at once from one address"));
            }
            let counted = refused + usize::from(first == 401);
            // Each refusal was counted, unless it came during a wait. So each next guess comes after the longest possible
            // one: a request whose response was lost may have been counted, and one that arrived twice counted twice.
            let (mut began, mut most) = (Instant::now(), OF_AN_ADDRESS + 2);
            for failures in u32::try_from(counted).unwrap_or_default()..FAILURES {
                let mut tries = 0;
                loop {
                    let longest_s = 1 << (most - OF_AN_ADDRESS).min(10);
                    client.wait_s(longest_s + 3, longest_s + 30).await;
                    began = Instant::now();
                    most += 2;
                    if attempt(&client.another(&format!("{failures} {tries}")), WRONG).await == 401 {
                        break;
                    }
                    tries += 1;
                }
            }
            let found = attempt(&client.another("found"), PASSWORD).await;
            if found == 200 && began.elapsed() < WAIT {
                client.fault(&format!("the password was accepted {:?} after {FAILURES} guesses", began.elapsed()));
            }
        })
    }
}
