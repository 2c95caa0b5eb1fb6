//! A person deletes their account while they found a workspace: one of both happens, never both.

use std::sync::Arc;

use futures::future::BoxFuture;
use profiles::routes::delete_account;
use serde_json::json;
use shared::testing::Request;
use workspaces::routes::{create_workspace, list_workspaces};

use super::Story;
use super::people::{newcomer, post};
use crate::client::Client;
use crate::judge::Tables;
use crate::region::Region;

#[derive(Default)]
pub struct Departing {
    faults: Vec<String>,
}

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
                self.faults.push("the account was deleted although it owns a workspace".to_owned());
            }
            // A session of a deleted account ends at once; one that was not deleted still works.
            let list = Request::to(&list_workspaces::FUNCTION).bearer(&account.access_token);
            let listed = client.send_until_answered(list).await;
            let workspaces = listed.response.body["items"].as_array().map_or(0, Vec::len);
            match (is_deleted, listed.status()) {
                (true, 200) => self.faults.push("a session outlived its account".to_owned()),
                (false, 200) if founded.status() == 201 && workspaces != 1 => {
                    self.faults.push(format!("one workspace was founded, and {workspaces} are listed"));
                }
                _ => {}
            }
            // The client may not know that its deletion succeeded.
            let body = json!({ "email": account.email, "password": super::people::PASSWORD });
            let back = client.send_until_answered(post(&sign_in::routes::login::FUNCTION, body)).await;
            if is_deleted && back.status() == 200 {
                self.faults.push("a deleted account signs in".to_owned());
            }
            if founded.status() == 201 && back.status() != 200 {
                self.faults.push(format!("the owner of a workspace cannot sign in: {}", back.response.text));
            }
        })
    }

    fn judge<'a>(&'a self, _region: &'a Arc<Region>, _tables: &'a Tables) -> BoxFuture<'a, Vec<String>> {
        let faults = self.faults.clone();
        Box::pin(async move { faults })
    }
}
