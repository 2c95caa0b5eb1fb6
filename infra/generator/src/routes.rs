//! The table of routes: the methods of each path. `answer-unknown-route` reads it.

use std::collections::{BTreeMap, BTreeSet};

use domains::{all, route};
use serde_json::{Value, json};
use shared::http::Method;

/// Path to its methods.
pub fn document() -> Value {
    let mut paths: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let routes = all().filter_map(|(_, listed)| route(listed.function));
    for route in routes.filter(|route| !matches!(route.method, Method::Options | Method::Any)) {
        paths.entry(route.path).or_default().extend(route.method.answered());
    }
    json!(paths)
}
