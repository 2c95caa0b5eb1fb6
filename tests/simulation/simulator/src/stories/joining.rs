//! A person signs up and founds a workspace, exactly one, although requests are repeated.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::json;
use shared::testing::Request;
use workspaces::routes::{create_workspace, list_workspaces};

use super::Story;
use super::people::{expect, newcomer};
use crate::client::Client;
use crate::deployment::Deployment;
use crate::judge::Tables;

#[derive(Default)]
pub struct Joining {
    workspace: String,
    listed: Vec<String>,
}

impl Story for Joining {
    fn run<'a>(&'a mut self, client: &'a Client) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let account = newcomer(client).await;
            let request = Request::to(&create_workspace::FUNCTION).bearer(&account.access_token);
            let request =
                request.json(json!({ "name": "Northwind Studio" })).header("idempotency-key", &client.unique());
            self.workspace = expect(client, request.clone(), 201).await.text("id");
            let again = expect(client, request, 201).await.text("id");
            if again != self.workspace {
                client.fault(&format!("the same key founded {} and {again}", self.workspace));
            }
            let list = Request::to(&list_workspaces::FUNCTION).bearer(&account.access_token);
            let listed = expect(client, list, 200).await.response.body["items"].clone();
            let ids =
                listed.as_array().into_iter().flatten().map(|item| item["id"].as_str().unwrap_or_default().to_owned());
            self.listed = ids.collect();
        })
    }

    fn judge<'a>(&'a self, _deployment: &'a Arc<dyn Deployment>, tables: &'a Tables) -> BoxFuture<'a, Vec<String>> {
        Box::pin(async move {
            let mut faults = Vec::new();
            if self.listed != [self.workspace.clone()] {
                faults.push(format!("founded {}, and is in {:?}", self.workspace, self.listed));
            }
            let founded = tables.audit_entries(&self.workspace, "workspace.created", &self.workspace);
            if founded != 1 {
                faults.push(format!("{} has {founded} audit entries of its founding", self.workspace));
            }
            faults
        })
    }
}
