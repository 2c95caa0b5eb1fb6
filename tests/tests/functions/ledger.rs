//! The cost of a warm call of each route: its calls to DynamoDB, KMS, STS and S3, as a snapshot.
//!
//! A read takes one call for the proof and one for the data; a write takes one for the proof and one transaction. A route
//! that needs more declares how many, and why (`Endpoint::WARM_CALLS`).

use std::collections::BTreeMap;

use shared::function::Level;
use shared::http::WarmCalls;

use crate::domains::{Endpoint, endpoints};
use crate::none;
use crate::place::{Place, World};
use crate::sample::{Sample, request};

/// Calls until a function is warm: the third finds a rate lease (leases have 1, 2, 4 requests), the assumed session of
/// the workspace, and fetched keys. The last ones are needed if a lease ends in between.
const COLD: usize = 2;
const CALLS: usize = 5;

/// Each of their requests is about another workspace, or about another user's list of workspaces.
const ANOTHER_SESSION: [&str; 12] = [
    "accept-invitation",
    "create-workspace",
    "delete-workspace",
    "get-suspension-request",
    "leave-workspace",
    "lift-workspace-networks",
    "remove-member",
    "request-suspension",
    "restore-workspace",
    "resume-workspace",
    "suspend-workspace",
    "withdraw-suspension-request",
];

/// The calls of a warm route.
async fn warm_calls(world: &World, place: &Place, endpoint: &Endpoint) -> Vec<String> {
    let function = endpoint.entry.function();
    let sample = Sample::of(endpoint.entry);
    let mut fewest: Option<Vec<String>> = None;
    world.app.move_address();
    let address = world.app.address();
    for call in 0..CALLS {
        let event = sample.filled(&world.ready_for(endpoint.name(), place).await);
        world.app.wire(function).take();
        let answer = world.app.call(request(endpoint.entry, &event).ip(&address)).await;
        assert_eq!(answer.status, endpoint.success(), "{}: {}", endpoint.name(), answer.text);
        let calls = world.app.wire(function).take();
        if call >= COLD && fewest.as_ref().is_none_or(|fewest| calls.len() < fewest.len()) {
            fewest = Some(calls);
        }
    }
    fewest.unwrap_or_default()
}

#[tokio::test]
async fn the_warm_calls_of_every_route_match_their_snapshot() {
    let world = World::new().await;
    let place = world.place().await;
    let mut ledger = BTreeMap::new();
    let mut faults = Vec::new();
    for endpoint in endpoints() {
        let name = endpoint.name();
        let calls = warm_calls(&world, &place, &endpoint).await;
        let declared = endpoint.warm_calls;
        let known = matches!(endpoint.access, Level::Known | Level::SignedIn | Level::Workspace(_) | Level::Staff(_));
        let here: Vec<&String> = calls.iter().filter(|call| !call.starts_with("HTTP.")).collect();
        if known && here.len() > declared.most {
            faults.push(format!("{name}: {} calls, {} declared: {here:?}", here.len(), declared.most));
        }
        if declared != WarmCalls::TWO && here.len() < declared.most {
            faults.push(format!("{name}: needs {} calls, and declares {}", here.len(), declared.most));
        }
        let is_cold = |call: &&&String| {
            call.starts_with("KMS.") || (call.starts_with("STS.") && !ANOTHER_SESSION.contains(&name))
        };
        if let Some(call) = here.iter().find(is_cold) {
            faults.push(format!("{name}: calls {call} when warm"));
        }
        ledger.insert(name, calls.join(", "));
    }
    insta::assert_json_snapshot!("warm_calls", ledger);
    none(faults);
}
