//! A workspace that has nearly used up its plan schedules more posts at once than it may have.

use std::sync::Arc;

use futures::future::{BoxFuture, join_all};
use posts::routes::{create_post, schedule_post};
use serde_json::json;
use shared::kernel::time::{SignedDuration, after};
use shared::testing::{Person, Request};

use super::Story;
use super::people::expect;
use super::publishing::connect;
use crate::client::Client;
use crate::deployment::Deployment;
use crate::judge::Tables;

/// Of the 30 scheduled posts of the plan `free`.
const USED: u64 = 28;
const LEFT: u64 = 2;
const AT_ONCE: u64 = 4;
const COUNTER: &str = "scheduled_posts";

#[derive(Default)]
pub struct Exceeding {
    person: Option<Person>,
    confirmed: u64,
}

impl Story for Exceeding {
    fn run<'a>(&'a mut self, client: &'a Client) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let Some(region) = client.deployment.region() else { return };
            let person = region.app.founder_on("free").await.unwrap();
            let (partition, sort) = (format!("W#{}", person.workspace), format!("USAGE#{COUNTER}"));
            let used = json!({ "pk": { "S": partition }, "sk": { "S": sort }, "used": { "N": USED.to_string() } });
            region.store(&region.app.tables().tenants, &used);
            let (_, channel) = connect(client, &person).await;
            let mut drafts = Vec::new();
            for _ in 0..AT_ONCE {
                let request = Request::to(&create_post::FUNCTION).by(&person).json(json!({ "text": client.unique() }));
                let created = expect(client, request.header("idempotency-key", &client.unique()), 201).await;
                drafts.push(created.text("id"));
            }
            let person = client.deployment.signed_in_again(client, &person).await;
            let due = after(client.now(), SignedDuration::from_mins(10)).strftime("%Y-%m-%dT%H:%M:%S").to_string();
            let scheduling = drafts.iter().map(async |draft| {
                let client = client.another(draft);
                let body = json!({ "at": due, "time_zone": "UTC", "channel_ids": [channel] });
                let request = Request::to(&schedule_post::FUNCTION).by(&person).path("post_id", draft).json(body);
                client.send_until_answered(request.header("idempotency-key", &client.unique())).await.status()
            });
            let statuses = join_all(scheduling).await;
            self.confirmed = statuses.iter().filter(|status| **status == 200).count() as u64;
            self.person = Some(person);
        })
    }

    fn judge<'a>(&'a self, _deployment: &'a Arc<dyn Deployment>, tables: &'a Tables) -> BoxFuture<'a, Vec<String>> {
        Box::pin(async move {
            let Some(person) = &self.person else { return Vec::new() };
            let workspace = person.workspace.to_string();
            let counted = tables.counted_posts(&workspace);
            let used = tables.usage(&workspace).get(COUNTER).copied().unwrap_or_default();
            let is_right = self.confirmed <= LEFT && used == USED + counted;
            let found = format!("{} confirmed of {LEFT}; {used} counted for {USED} and {counted}", self.confirmed);
            if is_right { Vec::new() } else { vec![found] }
        })
    }
}
