//! Two people move to the same new address while a third one registers it: it gets one owner.

use accounts::routes::{register, verify_email};
use futures::future::BoxFuture;
use profiles::routes::{change_email, confirm_email_change};
use serde_json::json;
use shared::testing::Request;
use sign_in::routes::login;

use super::Story;
use super::people::{Account, PASSWORD, email, expect, mailed_token, newcomer, post};
use crate::client::Client;

const CONFIRM: &str = "confirm-email";

pub struct Moving;

impl Story for Moving {
    fn run<'a>(&'a mut self, client: &'a Client) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let wanted = email(client);
            let mut moves = Vec::new();
            for name in ["one", "other"] {
                let client = client.another(name);
                let account = newcomer(&client).await;
                let body = json!({ "email": wanted });
                let request = Request::to(&change_email::FUNCTION).bearer(&account.access_token).json(body);
                let asked = client.send_until_answered(request).await;
                // A session is fresh for ten minutes, and a repeated request is counted again.
                if asked.status() != 202 {
                    return;
                }
                let Some(token) = mailed_token(&client, &wanted, CONFIRM).await else { return };
                moves.push((client, account, token));
            }
            let third = client.another("third");
            expect(&third, post(&register::FUNCTION, json!({ "email": wanted })), 202).await;
            let Some(token) = mailed_token(&third, &wanted, "verify-email").await else { return };
            let verify = post(&verify_email::FUNCTION, json!({ "token": token, "name": "Ada", "password": PASSWORD }));
            let (one, other, registered) =
                tokio::join!(confirm(&moves[0]), confirm(&moves[1]), third.send_until_answered(verify));
            let owners = [one, other, registered.status()].iter().filter(|status| **status == 200).count();
            if owners > 1 {
                client.fault(&format!("{owners} people own {wanted}"));
            }
            let body = json!({ "email": wanted, "password": PASSWORD });
            let signed_in = client.send_until_answered(post(&login::FUNCTION, body)).await;
            if owners == 1 && signed_in.status() != 200 {
                client.fault(&format!("the owner of {wanted} cannot sign in: {}", signed_in.response.text));
            }
            for ((_, account, _), status) in moves.iter().zip([one, other]) {
                let is_owner = signed_in.text("user_id") == account.user;
                if status == 200 && !is_owner {
                    client.fault(&format!("{} moved to {wanted}, and does not own it", account.email));
                }
            }
        })
    }
}

async fn confirm((client, account, token): &(Client, Account, String)) -> u16 {
    let request = Request::to(&confirm_email_change::FUNCTION).bearer(&account.access_token);
    client.send_until_answered(request.json(json!({ "token": token }))).await.status()
}
