//! Override sessions on every route: a full one uses each route that admits them, at the cost of one more call, and every
//! other route refuses it.

use serde_json::json;
use shared::function::{Declared, Level};
use shared::http::RouteDeclaration;
use test_support::overrides::{self, entries};
use workspaces::routes::update_security;

use crate::domains::{Endpoint, endpoints};
use crate::none;
use crate::place::{Place, World};
use crate::sample::{Sample, request};

/// Until a function is warm, as in the ledger.
const CALLS: usize = 4;

/// A full session in the place.
async fn full(world: &World, place: &Place) -> overrides::Opened {
    world.prove_second_factor(&place.owner.token).await;
    let body = json!({ "override_access": "full" });
    world.call(&update_security::FUNCTION, &place.owner.token, &place.filling, body).await;
    overrides::opened(&world.app, place.owner.workspace, "full").await
}

fn serves(endpoint: &Endpoint) -> bool {
    let Declared::Route(RouteDeclaration { serves_overrides, .. }) = endpoint.entry.function().declared() else {
        return false;
    };
    serves_overrides
}

/// A route without the right to record its request, or to check the session in its transaction, would be refused here.
#[tokio::test]
async fn a_full_session_uses_every_route_that_admits_it_and_each_is_recorded_by_one_more_call() {
    let world = World::new().await;
    let place = world.place().await;
    let session = full(&world, &place).await;
    let (mut faults, mut tried) = (Vec::new(), 0);
    for endpoint in endpoints().iter().filter(|endpoint| serves(endpoint)) {
        let (name, sample) = (endpoint.name(), Sample::of(endpoint.entry));
        world.app.move_address();
        let address = world.app.address();
        let mut fewest = usize::MAX;
        for _ in 0..CALLS {
            let event = sample.filled(&world.ready_for(name, &place).await.with("token", &session.token));
            world.app.wire(endpoint.entry.function()).take();
            let answer = world.app.call(request(endpoint.entry, &event).ip(&address)).await;
            if answer.status != endpoint.success() {
                faults.push(format!("{name}: {} {}", answer.status, answer.text));
            }
            let calls = world.app.wire(endpoint.entry.function()).take();
            fewest = fewest.min(calls.iter().filter(|call| !call.starts_with("HTTP.")).count());
        }
        if fewest > endpoint.warm_calls.most + 1 {
            faults.push(format!("{name}: {fewest} calls, {} are declared", endpoint.warm_calls.most));
        }
        let logged = entries(&world.app, place.owner.workspace, &session.id).await;
        let is_its = |detail: &serde_json::Value| detail["route"] == json!(name);
        let uses = logged.iter().filter(|entry| entry.target.detail.as_ref().is_some_and(is_its)).count();
        if uses != CALLS {
            faults.push(format!("{name}: {uses} of {CALLS} requests are in the audit log"));
        }
        tried += 1;
    }
    none(faults);
    assert_eq!(tried, 25);
}

#[tokio::test]
async fn every_other_route_refuses_a_session_without_an_effect() {
    let world = World::new().await;
    let place = world.place().await;
    let session = full(&world, &place).await;
    let (mut faults, mut tried) = (Vec::new(), 0);
    for endpoint in endpoints().iter().filter(|endpoint| !serves(endpoint)) {
        let expected = match endpoint.access {
            Level::Known | Level::SignedIn | Level::Workspace(_) => (403, "session_needed"),
            Level::Staff(_) => (404, "not_found"),
            Level::Anyone | Level::Credentials | Level::Inbound(_) => continue,
        };
        let ready = world.ready_for(endpoint.name(), &place).await.with("token", &session.token);
        // The samples of routes that end a workspace are about another one.
        let ready = ready.with("workspace_id", place.owner.workspace);
        let before = world.contents().await;
        let refused = world.send_uncounted(endpoint, &Sample::of(endpoint.entry).filled(&ready)).await;
        if (refused.status, refused.code()) != expected {
            faults.push(format!("{}: {} {}", endpoint.name(), refused.status, refused.text));
        }
        faults.extend(world.changes_since(&before, endpoint.name()).await);
        tried += 1;
    }
    none(faults);
    assert!(tried >= 60, "only {tried} routes were tried");
}
