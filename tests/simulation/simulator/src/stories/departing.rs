//! A person deletes their account while they found a workspace: one of both happens, never both.

use futures::future::BoxFuture;
use profiles::routes::delete_account;
use serde_json::json;
use shared::testing::Request;
use workspaces::routes::{create_workspace, list_workspaces};

use super::Story;
use super::people::{newcomer, post};
use crate::client::Client;

pub struct Departing;

impl Story for Departing {
    fn run<'a>(&'a mut self, client: &'a Client) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let account = newcomer(client).await;
            let found = Request::to(&create_workspace::FUNCTION).bearer(&account.access_token);
            let found = found.json(json!({ "name": "Northwind" })).header("idempotency-key", &client.unique());
            let delete = Request::to(&delete_account::FUNCTION).bearer(&account.access_token);
            let founding = async {
                client.wait_s(0, 1).await;
                client.send_until_answered(found).await
            };
            let deleting = async {
                client.wait_s(0, 1).await;
                client.send_until_answered(delete).await
            };
            let (founded, deleted) = tokio::join!(founding, deleting);
            let is_deleted = deleted.status() == 200;
            if is_deleted && founded.status() == 201 {
                client.fault("the account was deleted although it owns a workspace");
            }
            // A session of a deleted account ends at once; one that was not deleted still works.
            let list = Request::to(&list_workspaces::FUNCTION).bearer(&account.access_token);
            let listed = client.send_until_answered(list).await;
            let workspaces = listed.response.body["items"].as_array().map_or(0, Vec::len);
            match (is_deleted, listed.status()) {
                (true, 200) => client.fault("a session outlived its account"),
                (false, 200) if founded.status() == 201 && workspaces != 1 => {
                    client.fault(&format!("one workspace was founded, and {workspaces} are listed"));
                }
                _ => {}
            }
            // The client may not know that its deletion succeeded.
            let body = json!({ "email": account.email, "password": super::people::PASSWORD });
            let back = client.send_until_answered(post(&sign_in::routes::login::FUNCTION, body)).await;
            if is_deleted && back.status() == 200 {
                client.fault("a deleted account signs in");
            }
            if founded.status() == 201 && back.status() != 200 {
                client.fault(&format!("the owner of a workspace cannot sign in: {}", back.response.text));
            }
        })
    }
}
