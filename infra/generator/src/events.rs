//! `events/index.json`: the sample event of every function, for tests that send them all.

use domains::all;
use serde_json::{Value, json};
use shared::function::Declared;

use crate::sources::event;

pub fn index() -> Value {
    all()
        .map(|(domain, listed)| {
            let function = listed.function;
            let kind = match function.declared() {
                Declared::Route(_) => "route",
                Declared::Job(_) => "job",
            };
            json!({
                "function": function.name(),
                "domain": domain.name,
                "kind": kind,
                "event": event(domain.name, function.name()),
            })
        })
        .collect()
}
