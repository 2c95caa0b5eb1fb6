//! A workspace on a small plan connects more channels at once than it may have.

use std::sync::Arc;

use channels::routes::connect_bluesky;
use futures::future::{BoxFuture, join_all};
use serde_json::json;
use shared::testing::{Person, Request};
use test_support::scripted_server::PASSWORD;

use super::Story;
use crate::client::Client;
use crate::judge::Tables;
use crate::region::Region;

/// The channels of the plan `free`, and how many are connected at once.
const LIMIT: u64 = 3;
const AT_ONCE: u64 = 5;

#[derive(Default)]
pub struct Filling {
    person: Option<Person>,
    confirmed: u64,
}

impl Story for Filling {
    fn run<'a>(&'a mut self, client: &'a Client) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let person = client.region.app.founder_on("free").await.unwrap();
            let connecting = (0..AT_ONCE).map(async |number| {
                let client = client.another(&number.to_string());
                let handle = format!("alice-{}.test", client.unique());
                let url = &client.region.platform.url;
                let body = json!({ "service": url, "identifier": handle, "app_password": PASSWORD });
                let request = Request::to(&connect_bluesky::FUNCTION).by(&person).json(body);
                client.send_until_answered(request).await.status()
            });
            let statuses = join_all(connecting).await;
            self.confirmed = statuses.iter().filter(|status| **status < 300).count() as u64;
            self.person = Some(person);
        })
    }

    fn judge<'a>(&'a self, _region: &'a Arc<Region>, tables: &'a Tables) -> BoxFuture<'a, Vec<String>> {
        Box::pin(async move {
            let Some(person) = &self.person else { return Vec::new() };
            let workspace = person.workspace.to_string();
            let channels = tables.entities(&workspace, "CHANNEL").count() as u64;
            let is_right = channels <= LIMIT && self.confirmed <= channels;
            let found = format!("{} confirmed and {channels} connected, of at most {LIMIT}", self.confirmed);
            if is_right { Vec::new() } else { vec![found] }
        })
    }
}
