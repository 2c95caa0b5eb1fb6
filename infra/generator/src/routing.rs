//! The routing table: the consuming jobs of each message. The relay reads it.

use std::collections::BTreeMap;

use domains::all;
use serde_json::{Value, json};

use crate::trigger::message;

/// Message name to the names of the jobs that it starts.
pub fn document() -> Value {
    let mut routes: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (_, listed) in all() {
        if let Some(name) = message(listed.function) {
            routes.entry(name).or_default().push(listed.function.name());
        }
    }
    for jobs in routes.values_mut() {
        jobs.sort_unstable();
    }
    json!(routes)
}
