//! A stranger claims the address of another person, who signs up at the same time.

use accounts::routes::register;
use futures::future::BoxFuture;
use serde_json::json;
use shared::testing::Request;

use super::Story;
use super::people::{PASSWORD, email, post, sign_up};
use crate::client::Client;

/// A delayed sign-in is tried for this long.
const PATIENCE: usize = 200;

pub struct Claiming;

impl Story for Claiming {
    fn run<'a>(&'a mut self, client: &'a Client) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let email = email(client);
            let log_in = |password: &str| -> Request {
                post(&sign_in::routes::login::FUNCTION, json!({ "email": email, "password": password }))
            };
            let stranger = async {
                let client = client.another("stranger");
                let mut got_in = false;
                for _ in 0..client.between(1, 6) {
                    if client.once_in(2) {
                        let _seen = client.send(post(&register::FUNCTION, json!({ "email": email }))).await;
                    } else {
                        let answer = client.send(log_in("123456 and a guess")).await;
                        got_in |= answer.is_some_and(|answer| answer.status == 200);
                    }
                    client.pause_s(0, 40).await;
                }
                got_in
            };
            let owner = async {
                sign_up(client, &email).await;
                for _ in 0..PATIENCE {
                    if client.send_until_answered(log_in(PASSWORD)).await.status() == 200 {
                        return true;
                    }
                    client.pause_s(5, 20).await;
                }
                false
            };
            let (stranger_got_in, owner_got_in) = tokio::join!(stranger, owner);
            if stranger_got_in {
                client.fault("the stranger got in");
            }
            if !owner_got_in {
                client.fault("the owner never got in");
            }
        })
    }
}
