//! The judge of a whole world at rest.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::deployment::Snapshot;

/// The tables of a world at rest.
pub struct Tables {
    pub tenants: Vec<Value>,
    pub audit: Vec<Value>,
}

impl Tables {
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

    /// The posts of a workspace that its plan counts.
    pub fn counted_posts(&self, workspace: &str) -> u64 {
        self.entities(workspace, "POST").filter(|post| post["counted"]["BOOL"] == true).count() as u64
    }

    /// How often a user is a member of a workspace.
    pub fn memberships(&self, workspace: &str, user: &str) -> usize {
        self.entities(workspace, "MEMBER").filter(|member| member["user"]["S"] == user).count()
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

/// What is still on its way.
pub fn unfinished(snapshot: &Snapshot) -> Vec<String> {
    let is_of = |item: &Value, kind: &str| item["due_pk"]["S"].as_str().is_some_and(|due| due.starts_with(kind));
    let due_of = |kind: &'static str| snapshot.tables.tenants.iter().filter(move |item| is_of(item, kind));
    let unsent = snapshot.unsent.iter().map(|row| format!("a message in the outbox: {row}"));
    let due = due_of("delivery#").map(|item| format!("a delivery that is due: {item}"));
    let pending = due_of("pending_connection#").map(|item| format!("a connection that was not finished: {item}"));
    snapshot.on_the_way.iter().cloned().chain(unsent).chain(due).chain(pending).collect()
}

/// Whether nothing is on its way.
pub fn is_at_rest(snapshot: &Snapshot) -> bool {
    unfinished(snapshot).is_empty()
}

/// What must hold in every world.
pub fn judge(snapshot: &Snapshot) -> Vec<String> {
    let unfinished = unfinished(snapshot).into_iter().map(|what| format!("the world does not come to rest: {what}"));
    let dead_letters = snapshot.dead_letters.iter().map(|letter| format!("a dead letter: {letter}"));
    unfinished.chain(dead_letters).chain(mailed_twice(snapshot)).chain(keys_made_twice(snapshot)).collect()
}

/// SES cannot recognise a repeated mail, so a fault in a delivery may cause a second one. Nothing else may: not a message
/// that arrives twice.
fn mailed_twice(snapshot: &Snapshot) -> Vec<String> {
    let is_wrong = |(mail, count): &(&String, &usize)| **count > 1 && !snapshot.excused.contains(*mail);
    let twice = snapshot.mailed.iter().filter(is_wrong);
    twice.map(|(mail, count)| format!("{mail}: mailed {count} times")).collect()
}

/// A second key would replace the first one in the workspace's record. No record would then name the first one, so that it
/// would be deleted a day later, with every secret that it sealed.
fn keys_made_twice(snapshot: &Snapshot) -> Vec<String> {
    let mut made = BTreeMap::<&str, usize>::new();
    for item in snapshot.tables.audit.iter().filter(|item| item["e"]["M"]["action"]["S"] == "workspace.key_made") {
        *made.entry(item["pk"]["S"].as_str().unwrap_or_default()).or_default() += 1;
    }
    let twice = made.into_iter().filter(|(_, count)| *count > 1);
    twice.map(|(workspace, count)| format!("{workspace}: {count} keys")).collect()
}
