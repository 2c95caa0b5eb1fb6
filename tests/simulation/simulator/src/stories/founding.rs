//! A person who is in nearly as many workspaces as they may be founds more at once.

use futures::future::{BoxFuture, join_all};
use serde_json::json;
use shared::testing::Request;
use workspaces::routes::create_workspace;
use workspaces::workspace::WORKSPACES_PER_USER;

use super::Story;
use super::people::newcomer;
use crate::client::Client;

const LEFT: u32 = 2;
const AT_ONCE: u32 = 4;

pub struct Founding;

impl Story for Founding {
    fn run<'a>(&'a mut self, client: &'a Client) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let Some(region) = client.deployment.region() else { return };
            let account = newcomer(client).await;
            let ids: Vec<_> = (LEFT..WORKSPACES_PER_USER).map(|number| format!("ws_{number:032x}")).collect();
            let list = json!({ "pk": { "S": format!("L#{}", account.user) }, "sk": { "S": "WORKSPACES" }, "ids": { "SS": ids } });
            region.store(&region.app.tables().proofs, &list);
            let founding = (0..AT_ONCE).map(async |number| {
                let client = client.another(&number.to_string());
                let request = Request::to(&create_workspace::FUNCTION).bearer(&account.access_token);
                let request = request.json(json!({ "name": "Northwind" })).header("idempotency-key", &client.unique());
                client.send_until_answered(request).await.status()
            });
            let founded = join_all(founding).await.into_iter().filter(|status| *status == 201).count();
            if founded > LEFT as usize {
                client.fault(&format!("{founded} workspaces were founded, of {LEFT}"));
            }
        })
    }
}
