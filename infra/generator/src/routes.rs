//! The table of routes: the methods of each path on each plane. `answer-unknown-route` reads it.

use std::collections::{BTreeMap, BTreeSet};

use domains::routes;
use serde_json::{Value, json};
use shared::http::RouteDeclaration;

/// Plane to path to its methods.
pub fn document() -> Value {
    let mut planes: BTreeMap<&str, BTreeMap<&str, BTreeSet<&str>>> = BTreeMap::new();
    for (_, _, RouteDeclaration { route, planes: declared, .. }) in routes() {
        if route.method.serves_any_path() {
            continue;
        }
        for plane in declared {
            let paths = planes.entry(plane.name).or_default();
            paths.entry(route.path).or_default().extend(route.method.answered());
        }
    }
    json!(planes)
}
