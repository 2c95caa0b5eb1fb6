//! The signing keys are rotated, twice at once, while people are signed in: no token that is still valid stops working.

use accounts::routes::get_me;
use futures::future::BoxFuture;
use shared::testing::Request;
use sign_in::jobs::rotate_signing_keys;

use super::Story;
use super::people::{newcomer, sign_in};
use crate::client::Client;
use crate::sources::tick;

pub struct Rotating;

impl Story for Rotating {
    fn run<'a>(&'a mut self, client: &'a Client) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let before = newcomer(client).await;
            let at = client.now();
            let Some(region) = client.deployment.region() else { return };
            let rotate = |name: &str| {
                tick(region.clone(), &rotate_signing_keys::FUNCTION, at, format!("{} {name}", client.name))
            };
            tokio::join!(rotate("rotation"), rotate("rotation elsewhere"));
            let after = sign_in(client, &before.email).await;
            for (when, token) in [("before", &before.access_token), ("after", &after.access_token)] {
                let outcome = client.send_until_answered(Request::to(&get_me::FUNCTION).bearer(token)).await;
                let is_fresh = client.now().duration_since(at).as_secs() < 600;
                if outcome.status() != 200 && is_fresh {
                    client.fault(&format!("a token from {when} the rotation returns {}", outcome.response.text));
                }
            }
        })
    }
}
