//! A session that is refreshed among faults, and in some stories a thief who presents a used refresh token.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::json;
use shared::testing::Request;
use sign_in::routes::refresh_session;
use tokio::time::Instant;

use super::Story;
use super::people::{newcomer, post};
use crate::client::Client;
use crate::deployment::Deployment;
use crate::judge::Tables;

/// A client may repeat its own attempt for 60 seconds by the clocks of the server, which differ by two.
const REPEATABLE: Duration = Duration::from_secs(57);

#[derive(Default)]
pub struct Refreshing {
    email: String,
    was_stolen: bool,
}

/// The tokens of a session.
pub struct Tokens {
    pub access: String,
    pub refresh: String,
}

/// How an exchange ended.
pub enum Exchanged {
    For(Tokens),
    /// The session has ended.
    Ended,
    /// The client could not repeat its attempt in time.
    TooLate,
}

/// A new attempt to exchange a refresh token.
pub fn refresh(client: &Client, token: &str) -> Request {
    let attempt = format!("{0}{0}{0}", client.unique());
    post(&refresh_session::FUNCTION, json!({ "refresh_token": token, "attempt": attempt }))
}

/// Exchanges a refresh token.
pub async fn exchange(client: &Client, token: &str) -> Exchanged {
    let began = Instant::now();
    let request = refresh(client, token);
    loop {
        match client.send(request.clone()).await {
            Some(answer) if answer.status == 200 => {
                let text = |field: &str| answer.body[field].as_str().unwrap_or_default().to_owned();
                return Exchanged::For(Tokens { access: text("access_token"), refresh: text("refresh_token") });
            }
            Some(answer) if answer.status == 401 && began.elapsed() < REPEATABLE => return Exchanged::Ended,
            Some(answer) if answer.status < 500 && answer.status != 429 && answer.status != 401 => {
                client.fault(&format!("a refresh returns {}: {}", answer.status, answer.text));
                return Exchanged::Ended;
            }
            _ if began.elapsed() > REPEATABLE => return Exchanged::TooLate,
            _ => client.pause_s(0, 3).await,
        }
    }
}

impl Story for Refreshing {
    fn run<'a>(&'a mut self, client: &'a Client) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let account = newcomer(client).await;
            self.email = account.email;
            let (mut token, mut used) = (account.refresh_token, Vec::new());
            for _ in 0..client.between(3, 9) {
                match exchange(client, &token).await {
                    Exchanged::For(next) => used.push(std::mem::replace(&mut token, next.refresh)),
                    Exchanged::Ended => {
                        client.fault("a client that did nothing wrong lost its session");
                        return;
                    }
                    Exchanged::TooLate => return,
                }
                client.pause_s(0, 90).await;
            }
            if client.once_in(2) {
                self.steal(client, &used, &token).await;
            } else {
                race(client, &token).await;
            }
        })
    }

    fn judge<'a>(&'a self, deployment: &'a Arc<dyn Deployment>, _tables: &'a Tables) -> BoxFuture<'a, Vec<String>> {
        Box::pin(async move {
            let mails = deployment.mails_to(&self.email).await;
            let was_notified = mails.iter().any(|mail| mail.subject.contains("signed you out"));
            let mut faults = Vec::new();
            if self.was_stolen && !was_notified {
                let subjects: Vec<_> = mails.iter().map(|mail| mail.subject.clone()).collect();
                faults.push(format!("the user was not notified that a refresh token was stolen: {subjects:?}"));
            }
            faults
        })
    }
}

impl Refreshing {
    /// A used token ends every session, the thief's and the user's.
    async fn steal(&mut self, client: &Client, used: &[String], current: &str) {
        let stolen = &used[client.between(0, used.len() as u64 - 1) as usize];
        // Later than any repetition of the user's own.
        client.wait_s(63, 90).await;
        match exchange(client, stolen).await {
            Exchanged::For(_) => client.fault("a used refresh token worked again"),
            Exchanged::TooLate => return,
            Exchanged::Ended => self.was_stolen = true,
        }
        if let Exchanged::For(_) = exchange(client, current).await {
            client.fault("the session outlived the reuse of its token");
        }
    }
}

/// Of two holders of a token, one at most has the session.
async fn race(client: &Client, token: &str) {
    let (one, other) = tokio::join!(exchange(client, token), exchange(client, token));
    if matches!((one, other), (Exchanged::For(_), Exchanged::For(_))) {
        client.fault("two holders exchanged one token");
    }
}
