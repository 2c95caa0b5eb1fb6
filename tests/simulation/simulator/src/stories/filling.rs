//! A workspace on a small plan connects more channels at once than it may have.

use std::sync::Arc;

use channels::routes::connect_bluesky;
use futures::future::{BoxFuture, join_all};
use shared::testing::{Person, Request};

use super::Story;
use crate::client::Client;
use crate::deployment::Deployment;
use crate::judge::Tables;

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
            let Some(region) = client.deployment.region() else { return };
            let person = region.app.founder_on("free").await.unwrap();
            let connecting = (0..AT_ONCE).map(async |number| {
                let client = client.another(&number.to_string());
                let account = client.deployment.platform_account(&format!("alice-{}", client.unique())).await;
                let request = Request::to(&connect_bluesky::FUNCTION).by(&person).json(account.body());
                client.send_until_answered(request).await.status()
            });
            let statuses = join_all(connecting).await;
            self.confirmed = statuses.iter().filter(|status| **status < 300).count() as u64;
            self.person = Some(person);
        })
    }

    fn judge<'a>(&'a self, _deployment: &'a Arc<dyn Deployment>, tables: &'a Tables) -> BoxFuture<'a, Vec<String>> {
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
