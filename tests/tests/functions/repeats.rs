//! Idempotency-Key: a repeated request is answered again but takes effect once, and routes without support refuse a
//! key.

use serde_json::json;
use shared::function::Level;
use shared::http::Method;
use shared::testing::Response;

use crate::domains::{Endpoint, endpoints};
use crate::none;
use crate::place::World;
use crate::sample::Sample;

fn repeatable() -> impl Iterator<Item = Endpoint> {
    endpoints().into_iter().filter(|endpoint| endpoint.is_repeatable)
}

/// By a key, or because it changes nothing.
#[test]
fn every_post_of_a_workspace_is_repeatable() {
    let posts = endpoints().into_iter().filter(|endpoint| endpoint.route.method == Method::Post);
    let of_workspaces =
        posts.filter(|endpoint| matches!(endpoint.access, Level::Workspace(_)) || endpoint.route.path == "/workspaces");
    none(
        of_workspaces
            .filter(|endpoint| !endpoint.is_repeatable && !endpoint.is_without_effect)
            .map(|endpoint| endpoint.name().to_owned())
            .collect(),
    );
}

#[tokio::test]
async fn every_other_route_refuses_a_key_without_an_effect() {
    let world = World::new().await;
    let place = world.place().await;
    let mut faults = Vec::new();
    let others = endpoints()
        .into_iter()
        .filter(|endpoint| !endpoint.is_repeatable && !endpoint.is_without_effect && !endpoint.takes_anything());
    for endpoint in others {
        let mut event = Sample::of(endpoint.entry).filled(&world.ready_for(endpoint.name(), &place).await);
        event["headers"]["idempotency-key"] = json!("a-key");
        let before = world.contents().await;
        let refused = world.send(&endpoint, &event).await;
        if (refused.status, refused.code(), refused.fields())
            != (422, "idempotency_key_unsupported", vec!["Idempotency-Key"])
        {
            faults.push(format!("{}: {} {}", endpoint.name(), refused.status, refused.text));
        }
        faults.extend(world.changes_since(&before, endpoint.name()).await);
    }
    none(faults);
}

#[tokio::test]
async fn a_route_without_effect_changes_nothing_with_any_key() {
    let world = World::new().await;
    let place = world.place().await;
    let mut faults = Vec::new();
    let mut tried = 0;
    for endpoint in endpoints().into_iter().filter(|endpoint| endpoint.is_without_effect) {
        let mut event = Sample::of(endpoint.entry).filled(&world.ready_for(endpoint.name(), &place).await);
        event["headers"]["idempotency-key"] = json!("a-key");
        let before = world.contents().await;
        let first = world.send(&endpoint, &event).await.expect(endpoint.status);
        event["body"] = json!(format!("{} ", event["body"].as_str().unwrap()));
        let second = world.send(&endpoint, &event).await.expect(endpoint.status);
        if first.text != second.text || !second.header("idempotency-replayed").is_empty() {
            faults.push(format!("{}: {}, then {}", endpoint.name(), first.text, second.text));
        }
        faults.extend(world.changes_since(&before, endpoint.name()).await);
        tried += 1;
    }
    assert!(tried > 0, "no route was tried");
    none(faults);
}

/// The ids in a response: signed URLs and their expiry are new each time.
fn ids(answer: &Response) -> Vec<String> {
    let parts = answer.text.split("\"id\":\"").skip(1);
    parts.filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_repeated_key_takes_effect_once_on_every_route() {
    let world = World::new().await;
    let place = world.place().await;
    let mut faults = Vec::new();
    let mut tried = 0;
    for endpoint in repeatable() {
        let mut event = Sample::of(endpoint.entry).filled(&world.ready_for(endpoint.name(), &place).await);
        event["headers"]["idempotency-key"] = json!(format!("key-of-{}", endpoint.name()));
        let first = world.send(&endpoint, &event).await.expect(endpoint.status);
        let before = world.contents().await;
        let second = world.send(&endpoint, &event).await;
        if !first.header("idempotency-replayed").is_empty() || second.header("idempotency-replayed") != "true" {
            faults.push(format!("{}: a replay is not marked as one, or a first response is", endpoint.name()));
        }
        if (second.status, ids(&second)) != (first.status, ids(&first)) || ids(&first).is_empty() {
            faults.push(format!("{}: first {}, then {} {}", endpoint.name(), first.text, second.status, second.text));
        }
        faults.extend(world.changes_since(&before, endpoint.name()).await);
        tried += 1;
    }
    assert!(tried >= 6, "only {tried} routes were tried");
    none(faults);
}

#[tokio::test]
async fn a_reused_key_with_another_body_is_refused() {
    let world = World::new().await;
    let place = world.place().await;
    let mut faults = Vec::new();
    // A request without a body has no other body.
    let speaking = repeatable().filter(|endpoint| Sample::of(endpoint.entry).says_something());
    for endpoint in speaking {
        let mut event = Sample::of(endpoint.entry).filled(&world.ready_for(endpoint.name(), &place).await);
        event["headers"]["idempotency-key"] = json!(format!("key-of-{}", endpoint.name()));
        world.send(&endpoint, &event).await.expect(endpoint.status);
        let before = world.contents().await;
        event["body"] = json!(format!("{} ", event["body"].as_str().unwrap()));
        let refused = world.send(&endpoint, &event).await;
        if (refused.status, refused.code()) != (422, "idempotency_key_reused")
            || refused.fields() != ["Idempotency-Key"]
        {
            faults.push(format!("{}: {} {}", endpoint.name(), refused.status, refused.text));
        }
        faults.extend(world.changes_since(&before, endpoint.name()).await);
    }
    none(faults);
}
