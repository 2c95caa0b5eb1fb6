//! The judge of a whole world at rest.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use shared::kernel::time::{CLOCKS_DIFFER_BY, Timestamp, after};

use crate::lock;
use crate::plan::Injected;
use crate::region::Region;
use crate::sources::jobs;

fn items(region: &Region, table: &str) -> Vec<Value> {
    region.app.cloud().items(table).expect("a table")
}

/// The tables of a world at rest.
pub struct Tables {
    tenants: Vec<Value>,
    audit: Vec<Value>,
}

impl Tables {
    pub fn of(region: &Region) -> Self {
        let names = region.app.tables();
        Self { tenants: items(region, &names.tenants), audit: items(region, &names.audit) }
    }

    /// The number of audit entries of an action on a target in a workspace.
    pub fn audit_entries(&self, workspace: &str, action: &str, target: &str) -> usize {
        let is_one = |item: &&Value| {
            let entry = &item["e"]["M"];
            entry["action"]["S"] == action && entry["target"]["M"]["id"]["S"] == target
        };
        in_workspace(&self.audit, workspace).filter(is_one).count()
    }

    /// The counters of a workspace.
    pub fn usage(&self, workspace: &str) -> BTreeMap<String, u64> {
        let counter = |item: &Value| {
            let name = item["sk"]["S"].as_str()?.strip_prefix("USAGE#")?;
            Some((name.to_owned(), item["used"]["N"].as_str()?.parse().ok()?))
        };
        in_workspace(&self.tenants, workspace).filter_map(counter).collect()
    }

    /// The entities of a kind in a workspace.
    pub fn entities(&self, workspace: &str, kind: &str) -> impl Iterator<Item = &Value> {
        let prefix = format!("{kind}#");
        let is_one = move |item: &&Value| item["sk"]["S"].as_str().is_some_and(|sort| sort.starts_with(&prefix));
        in_workspace(&self.tenants, workspace).filter(is_one).map(|item| &item["e"]["M"])
    }
}

fn in_workspace<'a>(items: &'a [Value], workspace: &str) -> impl Iterator<Item = &'a Value> {
    let partition = format!("W#{workspace}");
    items.iter().filter(move |item| item["pk"]["S"] == partition.as_str())
}

/// The messages that the relay and the sweep have to send.
fn unsent(region: &Region) -> Vec<Value> {
    let fenced_until = *lock(&region.fenced_until);
    let is_fenced = |row: &Value| {
        let posted_at = row["e"]["M"]["posted_at"]["S"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
        posted_at.is_some_and(|posted_at| posted_at < after(fenced_until, CLOCKS_DIFFER_BY))
    };
    items(region, &region.app.tables().outbox).into_iter().filter(|row| !is_fenced(row)).collect()
}

/// What is still on its way.
fn unfinished(region: &Region) -> Vec<String> {
    let mut found = Vec::new();
    if region.is_running() {
        found.push("an invocation is in progress".to_owned());
    }
    for (_, job) in jobs() {
        let queued = region.app.cloud().messages(&region.app.queue(job.name));
        found.extend(queued.iter().map(|message| format!("a message on the queue of {}: {message}", job.name)));
    }
    found.extend(unsent(region).iter().map(|row| format!("a message in the outbox: {row}")));
    let is_due = |item: &&Value| item["due_pk"]["S"].as_str().is_some_and(|due| due.starts_with("delivery#"));
    let tenants = items(region, &region.app.tables().tenants);
    found.extend(tenants.iter().filter(is_due).map(|item| format!("a delivery that is due: {item}")));
    found
}

/// Whether nothing is on its way.
pub fn is_at_rest(region: &Region) -> bool {
    unfinished(region).is_empty()
}

/// What must hold in every world.
pub fn judge(region: &Region) -> Vec<String> {
    let unfinished = unfinished(region).into_iter().map(|what| format!("the world does not come to rest: {what}"));
    let dead_letters = lock(&region.dead_letters).clone().into_iter().map(|letter| format!("a dead letter: {letter}"));
    unfinished.chain(dead_letters).chain(mailed_twice(region)).collect()
}

/// SES cannot recognise a repeated mail, so a fault in a delivery may cause a second one. Nothing else may: not a message
/// that arrives twice.
fn mailed_twice(region: &Region) -> Vec<String> {
    let message = |site: &str| site.split(" delivery").next().unwrap_or_default().to_owned();
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for site in lock(&region.mailed).iter() {
        *count.entry(message(site)).or_default() += 1;
    }
    let is_of_call = |injected: &&Injected| injected.boundary.contains('.');
    let injected = region.plan.injected();
    let excused: BTreeSet<String> =
        injected.iter().filter(is_of_call).map(|injected| message(&injected.site)).collect();
    let twice = count.into_iter().filter(|(message, count)| *count > 1 && !excused.contains(message));
    twice.map(|(message, count)| format!("{message}: mailed {count} times")).collect()
}
