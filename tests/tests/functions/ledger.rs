//! The cost of a warm call of each route: its calls to DynamoDB, KMS, STS and S3, as a snapshot.
//!
//! A read takes one call for the proof and one for the data; a write takes one for the proof and one transaction. If a
//! route needs more, `MORE` says why; that list may only shrink.

use std::collections::BTreeMap;

use shared::function::Requires;
use shared::http::Method;

use crate::domains::{Endpoint, endpoints};
use crate::none;
use crate::place::{Place, World};
use crate::sample::{Sample, request};

const FEW: usize = 2;

/// Routes with more calls than two: how many, and the reason.
const MORE: [(&str, usize, &str); 31] = [
    ("enrol-totp", 4, "the user's factors are read, and the address that the app shows"),
    ("confirm-totp", 3, "the user's factors are read"),
    ("disable-totp", 4, "the user's factors are read, and whether the password may be the only factor"),
    ("regenerate-recovery-codes", 3, "the user's factors are read"),
    ("step-up", 6, "attempts are counted exactly: two calls; the user and their factors are read"),
    (
        "change-password",
        10,
        "attempts are counted exactly; attempts, epoch, user, password and factors are read; a session is opened",
    ),
    ("start-passkey-registration", 4, "the user's factors are read, and the passkeys that the browser must leave out"),
    ("register-passkey", 5, "the ceremony is read and ended before the factors are read"),
    ("rename-passkey", 3, "the passkey is read, whose key is its credential's and not its id's"),
    ("delete-passkey", 5, "passkeys and factors are read, and whether the password may be the only factor"),
    (
        "step-up-with-passkey",
        6,
        "attempts are counted exactly; the ceremony is read and ended before the passkey is read",
    ),
    ("update-profile", 3, "the profile is read"),
    ("change-email", 5, "attempts are counted exactly: two calls; the user and the new address are read together"),
    ("confirm-email-change", 5, "attempts are counted; the pending change is read, then both addresses"),
    ("cancel-email-change", 3, "the pending change is read"),
    ("cancel-recovery", 3, "the recovery is read"),
    ("delete-account", 4, "the user is read, and the epoch that the deletion bumps"),
    ("revoke-session", 3, "the session is read: another user's is not found"),
    ("create-access-token", 5, "the existing tokens, their count and the membership in the sample are read"),
    ("list-access-tokens", 3, "the last use of each token is in another table"),
    ("revoke-access-token", 3, "the token is read, whose record is deleted with its proof"),
    ("create-workspace", 3, "each workspace needs another STS session"),
    (
        "create-upload",
        4,
        "uploads of a user are counted exactly: a conditional write of an existing record is two calls",
    ),
    (
        "complete-upload",
        7,
        "counted exactly, which is two calls; then reads the picture's record and its file, and writes the file again",
    ),
    ("connect-bluesky", 3, "the connected accounts are read before connecting"),
    ("disconnect-channel", 5, "the channel, its session and the list of accounts are read and deleted together"),
    ("create-post", 4, "the pictures and channels of the sample are read; without them it is two"),
    ("update-post", 5, "the post is read, and its pictures and channels"),
    ("schedule-post", 4, "the post is read, and its channels"),
    ("unschedule-post", 4, "the post is read, and its deliveries"),
    ("delete-post", 3, "the post is read"),
];

/// Calls until a function is warm: the third finds a rate lease (leases have 1, 2, 4 requests), the assumed session of
/// the workspace, and fetched keys. The last ones are needed if a lease ends in between.
const COLD: usize = 2;
const CALLS: usize = 5;

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
        let expected = if endpoint.route.method == Method::Any { 404 } else { endpoint.status };
        assert_eq!(answer.status, expected, "{}: {}", endpoint.name(), answer.text);
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
        let more = MORE.iter().find(|(more, _, _)| *more == name);
        let allowed = more.map_or(FEW, |(_, allowed, _)| *allowed);
        let known = matches!(endpoint.access, Requires::Caller | Requires::Session | Requires::Permission(_));
        let here: Vec<&String> = calls.iter().filter(|call| !call.starts_with("HTTP.")).collect();
        if known && here.len() > allowed {
            faults.push(format!("{name}: {} calls, {allowed} allowed: {here:?}", here.len()));
        }
        if more.is_some() && here.len() < allowed {
            faults.push(format!("{name}: needs {} calls, and MORE allows {allowed}", here.len()));
        }
        // Each created workspace is new, and so is its session.
        let is_cold =
            |call: &&&String| call.starts_with("KMS.") || (call.starts_with("STS.") && name != "create-workspace");
        if let Some(call) = here.iter().find(is_cold) {
            faults.push(format!("{name}: calls {call} when warm"));
        }
        ledger.insert(name, calls.join(", "));
    }
    insta::assert_json_snapshot!("warm_calls", ledger);
    none(faults);
}
