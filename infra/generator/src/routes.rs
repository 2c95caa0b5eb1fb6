//! The table of routes: the methods of each path on each plane. `answer-unknown-route` reads it.

use std::collections::{BTreeMap, BTreeSet};

use domains::all;
use serde_json::{Value, json};
use shared::function::Declared;
use shared::http::{Method, RouteDeclaration};

/// Plane to path to its methods.
pub fn document() -> Value {
    let mut planes: BTreeMap<&str, BTreeMap<&str, BTreeSet<&str>>> = BTreeMap::new();
    for (_, listed) in all() {
        let Declared::Route(RouteDeclaration { route, planes: declared, .. }) = listed.function.declared() else {
            continue;
        };
        if matches!(route.method, Method::Options | Method::Any) {
            continue;
        }
        for plane in declared {
            let paths = planes.entry(plane.name).or_default();
            paths.entry(route.path).or_default().extend(route.method.answered());
        }
    }
    json!(planes)
}
