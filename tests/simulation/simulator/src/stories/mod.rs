//! The stories: each is one kind of user, with what was promised to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::BoxFuture;

use crate::client::Client;
use crate::judge::items;
use crate::region::Region;

mod claiming;
mod departing;
mod editing;
mod joining;
mod people;
mod proving;
mod publishing;
mod recovering;
mod refreshing;
mod rotating;
mod uploading;

/// A story of one world. It runs among faults and is judged at rest.
pub trait Story: Send {
    /// Sends requests, and keeps what they promised.
    fn run<'a>(&'a mut self, client: &'a Client) -> BoxFuture<'a, ()>;

    /// Compares what was promised with what happened: the faults in words.
    fn judge<'a>(&'a self, region: &'a Arc<Region>) -> BoxFuture<'a, Vec<String>>;
}

/// A kind of story.
pub struct Kind {
    pub name: &'static str,
    pub begin: fn() -> Box<dyn Story>,
}

/// Every kind of story. A new one is one file, and one line here.
pub static KINDS: &[Kind] = &[
    Kind { name: "claiming", begin: || Box::new(claiming::Claiming::default()) },
    Kind { name: "departing", begin: || Box::new(departing::Departing::default()) },
    Kind { name: "editing", begin: || Box::new(editing::Editing::default()) },
    Kind { name: "joining", begin: || Box::new(joining::Joining::default()) },
    Kind { name: "proving", begin: || Box::new(proving::Proving::default()) },
    Kind { name: "publishing", begin: || Box::new(publishing::Publishing::default()) },
    Kind { name: "recovering", begin: || Box::new(recovering::Recovering::default()) },
    Kind { name: "refreshing", begin: || Box::new(refreshing::Refreshing::default()) },
    Kind { name: "rotating", begin: || Box::new(rotating::Rotating::default()) },
    Kind { name: "uploading", begin: || Box::new(uploading::Uploading::default()) },
];

/// The number of audit entries of an action on a target in a workspace.
pub fn audit_entries(region: &Region, workspace: &str, action: &str, target: &str) -> usize {
    let partition = format!("W#{workspace}");
    let is_one = |item: &&serde_json::Value| {
        let entry = &item["e"]["M"];
        item["pk"]["S"] == partition.as_str()
            && entry["action"]["S"] == action
            && entry["target"]["M"]["id"]["S"] == target
    };
    items(region, &region.app.tables().audit).iter().filter(is_one).count()
}

/// The counters of a workspace.
pub fn usage(region: &Region, workspace: &str) -> BTreeMap<String, u64> {
    let partition = format!("W#{workspace}");
    let of_workspace = items(region, &region.app.tables().tenants);
    let counters = of_workspace.iter().filter(|item| item["pk"]["S"] == partition.as_str()).filter_map(|item| {
        let name = item["sk"]["S"].as_str()?.strip_prefix("USAGE#")?;
        Some((name.to_owned(), item["used"]["N"].as_str()?.parse().ok()?))
    });
    counters.collect()
}
