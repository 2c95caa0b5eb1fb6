//! Workspace tokens on every route: each route that names a scope in a workspace works by a token of the workspace, and
//! every other route refuses it.

use serde_json::{Value, json};
use shared::audit::Actor;
use shared::function::{Declared, Level};
use shared::http::RouteDeclaration;
use shared::tenancy::Page;
use workspaces::routes::create_workspace_token;

use crate::domains::{Endpoint, endpoints};
use crate::none;
use crate::place::{Place, World, text};
use crate::sample::Sample;

/// The id and the secret of a token with every scope.
async fn machine(world: &World, place: &Place) -> (String, String) {
    world.prove_second_factor(&place.owner.token).await;
    let body = json!({ "name": "Machine", "scopes": workspaces::SCOPES, "role": "admin" });
    let path = place.filling.clone();
    let made = world.call(&create_workspace_token::FUNCTION, &place.owner.token, &path, body).await;
    (text(&made["id"]), text(&made["token"]))
}

fn accepts_machines(endpoint: &Endpoint) -> bool {
    let Declared::Route(RouteDeclaration { token, .. }) = endpoint.entry.function().declared() else { return false };
    token.is_some() && matches!(endpoint.access, Level::Workspace(_))
}

/// A change without the right to prove the token in its transaction would be refused here.
#[tokio::test]
async fn a_token_with_every_scope_uses_every_route_that_names_one() {
    let world = World::new().await;
    let place = world.place().await;
    let (id, secret) = machine(&world, &place).await;
    let (mut faults, mut tried) = (Vec::new(), 0);
    for endpoint in endpoints().iter().filter(|endpoint| accepts_machines(endpoint)) {
        let ready = world.ready_for(endpoint.name(), &place).await.with("token", &secret);
        let answer = world.send_uncounted(endpoint, &Sample::of(endpoint.entry).filled(&ready)).await;
        if answer.status != endpoint.success() {
            faults.push(format!("{}: {} {}", endpoint.name(), answer.status, answer.text));
        }
        tried += 1;
    }
    none(faults);
    assert!(tried >= 20, "only {tried} routes were tried");
    let page = Page { limit: 100, cursor: None, newest_first: true };
    let entries = world.app.scope(place.owner.workspace).audit_entries(&page).await.unwrap().items;
    let own = Actor::WorkspaceToken { id: id.parse().unwrap() };
    let by_machine: Vec<_> = entries.iter().filter(|entry| entry.origin.actor == own).collect();
    for action in ["post.created", "channel.connected", "media.completed"] {
        assert!(by_machine.iter().any(|entry| entry.action == action), "no {action}: {by_machine:?}");
    }
    let stored = world.contents().await;
    assert!(stored.shows(&format!("\"created_by\":{{\"S\":\"{id}\"}}")), "no post is by the token");
}

#[tokio::test]
async fn every_other_route_for_callers_refuses_a_token_without_an_effect() {
    let world = World::new().await;
    let place = world.place().await;
    let (_, secret) = machine(&world, &place).await;
    let (mut faults, mut tried) = (Vec::new(), 0);
    for endpoint in endpoints().iter().filter(|endpoint| !accepts_machines(endpoint)) {
        if !matches!(endpoint.access, Level::Known | Level::SignedIn | Level::Workspace(_)) {
            continue;
        }
        let ready = world.ready_for(endpoint.name(), &place).await.with("token", &secret);
        let before = world.contents().await;
        let event: Value = Sample::of(endpoint.entry).filled(&ready);
        let refused = world.send_uncounted(endpoint, &event).await;
        if (refused.status, refused.code()) != (403, "session_needed") {
            faults.push(format!("{}: {} {}", endpoint.name(), refused.status, refused.text));
        }
        faults.extend(world.changes_since(&before, endpoint.name()).await);
        tried += 1;
    }
    none(faults);
    assert!(tried >= 50, "only {tried} routes were tried");
}
