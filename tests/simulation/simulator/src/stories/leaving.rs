//! A person signs out while their client refreshes the session: it ends, whichever comes first.

use accounts::routes::get_me;
use futures::future::BoxFuture;
use shared::testing::Request;
use sign_in::routes::logout;

use super::Story;
use super::people::newcomer;
use super::refreshing::refresh;
use crate::client::Client;

pub struct Leaving;

impl Story for Leaving {
    fn run<'a>(&'a mut self, client: &'a Client) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let account = newcomer(client).await;
            let refreshing = async {
                client.wait_s(0, 1).await;
                client.send(refresh(client, &account.refresh_token)).await.map(|answer| answer.body)
            };
            let leaving = async {
                client.wait_s(0, 1).await;
                let request = Request::to(&logout::FUNCTION).bearer(&account.access_token);
                client.send_until_answered(request).await
            };
            let (refreshed, left) = tokio::join!(refreshing, leaving);
            // A repeated request meets a session that has ended.
            if left.status() >= 300 && !(left.status() == 401 && left.is_repeated) {
                client.fault(&format!("signing out returns {}: {}", left.status(), left.response.text));
                return;
            }
            let tokens = refreshed.unwrap_or_default();
            let access_tokens = [Some(account.access_token.as_str()), tokens["access_token"].as_str()];
            for token in access_tokens.into_iter().flatten() {
                if client.send_until_answered(Request::to(&get_me::FUNCTION).bearer(token)).await.status() == 200 {
                    client.fault("an access token outlived its session");
                }
            }
            if let Some(token) = tokens["refresh_token"].as_str() {
                let again = client.send_until_answered(refresh(client, token)).await;
                if again.status() == 200 {
                    client.fault("a session was refreshed after it had ended");
                }
            }
        })
    }
}
