//! Partial changes of a resource (RFC 7396), and complete ones.

use serde_json::{Map, Value, json};
use shared::http::Method;

use crate::domains::{Endpoint, endpoints};
use crate::none;
use crate::place::World;
use crate::sample::{Sample, body, with_body};

/// The time of the last change, which clients do not send.
const STAMP: &str = "updated_at";

fn by(method: Method) -> impl Iterator<Item = Endpoint> {
    endpoints().into_iter().filter(move |endpoint| endpoint.route.method == method)
}

/// The input's schema, and the names of its fields that are not in the path.
fn fields(endpoint: &Endpoint) -> (Value, Vec<String>) {
    let shapes = endpoint.entry.listed.shapes.expect("a route has shapes")();
    let schema = serde_json::to_value(&shapes.input.schema).unwrap();
    let names = schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone());
    let names = names.filter(|name| !endpoint.route.path.contains(&format!("{{{name}}}"))).collect();
    (schema, names)
}

fn may_be_null(schema: &Value) -> bool {
    let of_type =
        schema["type"] == "null" || schema["type"].as_array().is_some_and(|types| types.contains(&json!("null")));
    let parts = ["oneOf", "anyOf", "allOf"].iter().filter_map(|kind| schema[*kind].as_array()).flatten();
    of_type || parts.into_iter().any(may_be_null)
}

fn without_stamp(mut shown: Value) -> Value {
    shown.as_object_mut().map(|shown| shown.remove(STAMP));
    shown
}

#[tokio::test]
async fn an_omitted_field_stays_and_null_is_refused_if_the_field_cannot_be_cleared() {
    let world = World::new().await;
    let place = world.place().await;
    let (mut faults, mut tried) = (Vec::new(), 0);
    for endpoint in by(Method::Patch) {
        let name = endpoint.name();
        let (schema, fields) = fields(&endpoint);
        let event = Sample::of(endpoint.entry).filled(&world.ready_for(name, &place).await);
        let changed = world.send(&endpoint, &event).await.expect(endpoint.status).body;
        let again = world.send(&endpoint, &with_body(&event, Map::new())).await;
        if (again.status, without_stamp(again.body.clone())) != (endpoint.status, without_stamp(changed.clone())) {
            faults.push(format!("{name}: an empty patch makes {} of {changed}", again.text));
        }
        for field in fields {
            tried += 1;
            if may_be_null(&schema["properties"][&field]) {
                continue;
            }
            let mut cleared = body(&event);
            cleared.insert(field.clone(), Value::Null);
            let refused = world.send(&endpoint, &with_body(&event, cleared)).await;
            if (refused.status, refused.fields()) != (422, vec![field.as_str()]) {
                faults.push(format!("{name}: {field} is null: {} {}", refused.status, refused.text));
            }
        }
    }
    none(faults);
    assert!(tried > 4, "hardly any fields were found");
}

#[test]
fn a_patch_requires_no_field_and_a_put_every_field() {
    let mut faults = Vec::new();
    for (method, is_whole) in [(Method::Patch, false), (Method::Put, true)] {
        for endpoint in by(method) {
            let (schema, fields) = fields(&endpoint);
            let required =
                |field: &String| schema["required"].as_array().is_some_and(|names| names.contains(&json!(field)));
            let wrong = fields.iter().filter(|field| required(field) != is_whole);
            faults.extend(wrong.map(|field| format!("{}: {field} is required: {}", endpoint.name(), !is_whole)));
        }
    }
    none(faults);
}
