//! The format of instants in responses.

use serde_json::Value;
use shared::http::Method;

use crate::domains::endpoints;
use crate::none;
use crate::place::World;
use crate::sample::{Sample, request};

/// Whether a text is an instant of any precision: `2026-03-01T08:30:00`, a fraction or none, and `Z`.
fn is_instant(text: &str) -> bool {
    let form = |text: &str, pattern: &str| {
        text.len() == pattern.len()
            && text.bytes().zip(pattern.bytes()).all(|(letter, expected)| match expected {
                b'0' => letter.is_ascii_digit(),
                _ => letter == expected,
            })
    };
    text.strip_suffix('Z').is_some_and(|text| form(text.split('.').next().unwrap_or_default(), "0000-00-00T00:00:00"))
}

fn instants(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if is_instant(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| instants(item, found)),
        Value::Object(members) => members.values().for_each(|member| instants(member, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_instant_in_a_response_has_three_fraction_digits() {
    let world = World::new().await;
    let place = world.place().await;
    // An instant with whole seconds is one whose zeros could be omitted.
    let now = world.app.now();
    world
        .app
        .advance(shared::kernel::time::SignedDuration::from_nanos(i64::from(1_000_000_000 - now.subsec_nanosecond())));
    let (mut faults, mut seen) = (Vec::new(), 0);
    // The example dates of the OpenAPI document are not responses.
    let described = |name: &str| name == "get-openapi";
    for endpoint in endpoints().into_iter().filter(|endpoint| endpoint.route.method != Method::Any) {
        if described(endpoint.name()) {
            continue;
        }
        let event = Sample::of(endpoint.entry).filled(&world.ready_for(endpoint.name(), &place).await);
        world.app.move_address();
        let answer = world.app.call(request(endpoint.entry, &event)).await.expect(endpoint.status);
        let mut found = Vec::new();
        instants(&answer.body, &mut found);
        seen += found.len();
        let wrong = found.into_iter().filter(|text| text.len() != "2026-03-01T08:30:00.000Z".len());
        faults.extend(wrong.map(|text| format!("{}: {text}", endpoint.name())));
    }
    assert!(seen > 20, "only {seen} instants were seen");
    none(faults);
}
