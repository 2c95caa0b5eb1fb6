//! Workspace tokens: creation, scopes, roles, rules and deletion.

use serde_json::{Value, json};
use shared::audit::Actor;
use shared::kernel::time::{SignedDuration, sortable};
use shared::tenancy::Role;
use shared::testing::Request;
use workspaces::routes::{
    create_workspace, create_workspace_token, delete_workspace, get_workspace, list_members, list_workspaces,
    restore_workspace, update_security, update_settings,
};

use crate::machine::*;
use crate::team::{Team, with_account};

/// Every table, as text.
fn stored(team: &Team) -> String {
    let tables = team.app.tables();
    let all = [&tables.tenants, &tables.outbox, &tables.audit, &tables.proofs, &tables.accounts, &tables.system];
    all.map(|table| format!("{:?}", team.app.cloud().items(table).unwrap())).join("\n")
}

#[tokio::test]
async fn a_new_tokens_secret_is_shown_once_and_never_stored() {
    let team = Team::new().await;
    let body = json!({ "name": " Nightly import ", "scopes": ["posts:write", "members:read"], "expires_in_days": 7 });
    let request = team.creating(&team.owner, body).header("idempotency-key", "k-1");
    let made = team.app.call(request.clone()).await.expect(201);
    let (id, secret) = (text(&made.body["id"]), text(&made.body["token"]));
    assert!(secret.starts_with("bhw_") && secret.len() == 90, "{secret}");
    assert_eq!(made.header("location"), format!("/workspaces/{}/tokens/{id}", team.owner.person.workspace));
    let view = json!({
        "id": id,
        "name": "Nightly import",
        "role": "member",
        "scopes": ["members:read", "posts:write"],
        "read_only": false,
        "created_by": team.owner.person.user,
        "created_at": sortable(team.app.now()),
        "expires_at": sortable(team.app.now() + SignedDuration::from_hours(7 * 24)),
        "rotated_at": null,
        "earlier_secret_ends_at": null,
        "last_used_at": null,
    });
    assert_eq!(team.tokens().await, [view]);

    // A repeat creates nothing, and cannot show what was not stored.
    let again = team.app.call(request).await.expect(201);
    assert_eq!((&again.body["id"], &again.body["token"]), (&json!(id), &Value::Null));
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(team.tokens().await.len(), 1);
    team.app.call(team.by_token(&secret, &list_members::FUNCTION)).await.expect(200);
    let rotated = team.rotate(&id, 24).await;

    let everything = stored(&team);
    for secret in [&secret, &rotated] {
        assert!(everything.contains(&id) && !everything.contains(&secret[4..84]), "a secret is stored");
        assert!(!everything.contains(&secret[47..84]), "the random part of a secret is stored");
    }
    let entries = team.entries("workspace_token.created").await;
    assert_eq!((entries.len(), entries[0].target.id.as_str()), (1, id.as_str()));
    assert_eq!(entries[0].origin.actor, Actor::User { id: team.owner.person.user });
    assert_eq!(entries[0].target.detail.as_ref().unwrap()["scopes"], json!(["members:read", "posts:write"]));
}

#[tokio::test]
async fn a_token_acts_for_itself_within_its_scopes() {
    let team = Team::new().await;
    let (id, secret) = team.machine().await;
    let noted = team.app.call(team.by_token(&secret, &WRITE_NOTE)).await.expect(200);
    assert_eq!(noted.body, json!(id));
    let entries = team.entries("note.written").await;
    assert_eq!((entries.len(), &entries[0].origin.actor), (1, &Actor::WorkspaceToken { id: id.parse().unwrap() }));
    assert_eq!(team.works(&secret).await, 200);

    let refused = team.app.call(team.by_token(&secret, &list_members::FUNCTION)).await.expect(403);
    assert_eq!(refused.code(), "scope_missing");
    assert!(refused.text.contains("members:read"), "{}", refused.text);
}

#[tokio::test]
async fn a_route_that_concerns_a_person_refuses_a_token() {
    let team = Team::new().await;
    let body = json!({ "name": "All", "scopes": ["posts:write", "workspaces:read", "members:read"], "role": "admin" });
    let secret = text(&team.create_token(body).await.expect(201).body["token"]);
    for function in [
        // Outside of a workspace, even with the scope.
        &list_workspaces::FUNCTION,
        &create_workspace::FUNCTION,
        // Without a scope, for sessions, and by its handler.
        &update_settings::FUNCTION,
        &create_workspace_token::FUNCTION,
        &delete_workspace::FUNCTION,
        &NEED_SESSION,
        &NEED_USER,
    ] {
        let request = team.by_token(&secret, function);
        let has_body = [&create_workspace::FUNCTION, &create_workspace_token::FUNCTION, &update_settings::FUNCTION]
            .iter()
            .any(|with_body| with_body.name() == function.name());
        let request = if has_body { request.json(json!({})) } else { request };
        assert_eq!(team.app.call(request).await.expect(403).code(), "session_needed", "{}", function.name());
    }
    // "me:read" is not for workspaces.
    let refused = team.create_token(json!({ "name": "Me", "scopes": ["me:read"] })).await.expect(422);
    assert_eq!(refused.fields(), ["scopes"]);
}

#[tokio::test]
async fn another_workspace_answers_a_token_like_a_missing_one() {
    let team = Team::new().await;
    let stranger = team.stranger().await;
    let (_, secret) = team.machine().await;
    let there = team.app.call(team.with(&secret, &WRITE_NOTE, stranger.person.workspace)).await.expect(404);
    let nowhere = team.app.call(team.with(&secret, &WRITE_NOTE, team.app.new_id())).await.expect(404);
    assert_eq!(there.body["detail"], nowhere.body["detail"]);
    assert_eq!(team.entries("note.written").await.len(), 0);
    // And a stranger learns nothing of the tokens here.
    let (id, _) = team.machine().await;
    let request = Request::to(&workspaces::routes::delete_workspace_token::FUNCTION).by(&stranger.person);
    team.app.call(request.path("token_id", &id)).await.expect(404);
    assert_eq!(team.works(&secret).await, 200);
}

#[tokio::test]
async fn a_tokens_role_limits_its_scopes() {
    let team = Team::new().await;
    let token = async |role: &str| {
        let body = json!({ "name": "Import", "scopes": SCOPES, "role": role });
        text(&team.create_token(body).await.expect(201).body["token"])
    };
    for role in ["reviewer", "member"] {
        let refused = team.app.call(team.by_token(&token(role).await, &MANAGE_NOTE)).await.expect(403);
        assert_eq!(refused.code(), "permission_missing", "{role}");
    }
    team.app.call(team.by_token(&token("admin").await, &MANAGE_NOTE)).await.expect(200);
    let owner = team.create_token(json!({ "name": "Import", "scopes": SCOPES, "role": "owner" })).await.expect(422);
    assert_eq!(owner.fields(), ["role"]);
    // Members cannot create tokens.
    for role in [Role::Reviewer, Role::Member] {
        let member = team.member(role).await;
        let request = team.creating(&member, json!({ "name": "Import", "scopes": SCOPES }));
        assert_eq!(team.app.call(request).await.expect(403).code(), "permission_missing");
    }
}

#[tokio::test]
async fn creating_and_rotating_need_a_fresh_factor_and_deleting_does_not() {
    let team = Team::new().await;
    let (id, secret) = team.machine().await;
    team.app.advance(SignedDuration::from_mins(10));
    let refused = team.create_token(json!({ "name": "Import", "scopes": SCOPES })).await.expect(401);
    assert_eq!(refused.code(), "fresh_factor_needed");
    let refused = team.app.call(team.rotating(&id, json!({}))).await.expect(401);
    assert_eq!(refused.code(), "fresh_factor_needed");
    team.delete_token(&id).await.expect(204);
    assert_eq!(team.works(&secret).await, 401);
}

#[tokio::test]
async fn a_deleted_token_is_refused_at_once_and_commits_nothing() {
    let team = Team::new().await;
    let (id, secret) = team.machine().await;
    let deleted = async { drop(team.delete_token(&id).await.expect(204)) };
    let (refused, reached) = team.app.call_while(team.by_token(&secret, &WRITE_NOTE), deleted).await;
    assert!(reached.is_some());
    assert_eq!(refused.expect(401).code(), "not_signed_in");
    assert_eq!(team.entries("note.written").await.len(), 0);
    assert_eq!(team.works(&secret).await, 401);
    team.delete_token(&id).await.expect(404);
    assert_eq!(team.tokens().await, Vec::<Value>::new());
    assert_eq!(team.entries("workspace_token.deleted").await.len(), 1);
}

#[tokio::test]
async fn a_creator_who_is_demoted_concurrently_creates_no_token() {
    let team = Team::new().await;
    let admin = team.member(Role::Admin).await;
    let demoted = async { drop(team.change(&team.owner, &admin, "member").await.expect(200)) };
    let request = team.creating(&admin, json!({ "name": "Import", "scopes": SCOPES }));
    let (refused, reached) = team.app.call_while(request, demoted).await;
    assert!(reached.is_some());
    refused.expect(409);
    assert_eq!(team.tokens().await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_token_works_on_when_its_creator_is_removed() {
    let team = Team::new().await;
    let admin = team.member(Role::Admin).await;
    let request = team.creating(&admin, json!({ "name": "Import", "scopes": SCOPES }));
    let secret = text(&team.app.call(request).await.expect(201).body["token"]);
    team.remove(&team.owner, &admin).await.expect(204);
    team.app.call(team.by_token(&secret, &WRITE_NOTE)).await.expect(200);
}

#[tokio::test]
async fn a_token_expires() {
    let team = Team::new().await;
    let body = json!({ "name": "Import", "scopes": SCOPES, "expires_in_days": 1 });
    let secret = text(&team.create_token(body).await.expect(201).body["token"]);
    team.app.advance(SignedDuration::from_hours(24) - SignedDuration::from_secs(1));
    assert_eq!(team.works(&secret).await, 200);
    team.app.advance(SignedDuration::from_secs(1));
    assert_eq!(team.works(&secret).await, 401);
    let team = team.signed_in_again().await;
    assert_eq!(team.tokens().await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_mistyped_token_is_refused_without_a_read() {
    let team = Team::new().await;
    let (_, secret) = team.machine().await;
    assert_eq!(team.works(&secret).await, 200);
    let wire = team.app.wire(&get_workspace::FUNCTION);
    let reads = || wire.take().iter().filter(|call| call.contains("Get") || call.contains("Query")).count();
    reads();
    let other = if secret.ends_with('0') { "1" } else { "0" };
    for wrong in [format!("{}{other}", &secret[..89]), secret[..84].to_owned(), "bhw_".to_owned(), secret.repeat(2)] {
        let refused = team.app.call(team.by_token(&wrong, &get_workspace::FUNCTION)).await.expect(401);
        assert_eq!((refused.code(), reads()), ("not_signed_in", 0), "{wrong}");
    }
    assert_eq!(team.works(&secret).await, 200);
    assert!(reads() > 0);
}

#[tokio::test]
async fn the_rule_on_networks_applies_to_tokens_and_those_on_people_do_not() {
    let team = Team::new().await;
    let (_, secret) = team.machine().await;
    let rules = json!({
        "networks": ["203.0.113.0/24"],
        "personal_tokens": "blocked",
        "second_factor": "everyone",
        "longest_session_hours": 1,
    });
    let request = team.to(&update_security::FUNCTION, &team.owner).ip("203.0.113.7").json(rules);
    team.app.call(request).await.expect(200);
    team.app.advance(SignedDuration::from_hours(2));
    let from = |ip: &str| team.by_token(&secret, &WRITE_NOTE).ip(ip);
    team.app.call(from("203.0.113.8")).await.expect(200);
    assert_eq!(team.app.call(from("198.51.100.1")).await.expect(403).code(), "network_not_allowed");
}

#[tokio::test]
async fn a_workspace_that_is_suspended_or_in_the_trash_refuses_its_tokens() {
    let team = Team::new().await;
    let (_, secret) = team.machine().await;
    let scope = team.app.scope(team.owner.person.workspace);
    let suspend = async |is_suspended: bool| {
        let directory = scope.directory().await.unwrap();
        let change = if is_suspended { directory.change().suspend() } else { directory.change().resume() };
        change.commit(shared::tenancy::Changes::default().unaudited("a fixture")).await.unwrap();
    };
    suspend(true).await;
    let refused = team.app.call(team.by_token(&secret, &WRITE_NOTE)).await.expect(403);
    assert_eq!(refused.code(), "workspace_suspended");
    suspend(false).await;
    team.app.call(team.to(&delete_workspace::FUNCTION, &team.owner)).await.expect(200);
    let refused = team.app.call(team.by_token(&secret, &WRITE_NOTE)).await.expect(403);
    assert_eq!(refused.code(), "workspace_trashed");
    let restored = team.app.call(team.to(&restore_workspace::FUNCTION, &team.owner)).await;
    assert!(restored.status < 300, "{}", restored.text);
    team.app.call(team.by_token(&secret, &WRITE_NOTE)).await.expect(200);
}

#[tokio::test]
async fn the_last_use_of_a_token_is_shown() {
    let team = Team::new().await;
    let (used, unused) = (team.machine().await, team.machine().await);
    let at = team.app.now();
    assert_eq!(team.works(&used.1).await, 200);
    let tokens = team.tokens().await;
    let last = |id: &str| tokens.iter().find(|token| token["id"] == json!(id)).unwrap()["last_used_at"].clone();
    assert_eq!((last(&used.0), last(&unused.0)), (json!(sortable(at)), Value::Null));
}

#[tokio::test]
async fn the_limit_on_a_route_counts_each_token() {
    let team = Team::new().await;
    let admin = async || {
        let body = json!({ "name": "Import", "scopes": SCOPES, "role": "admin" });
        text(&team.create_token(body).await.expect(201).body["token"])
    };
    let (one, other) = (admin().await, admin().await);
    let call = async |secret: &str| team.app.call(team.by_token(secret, &MANAGE_NOTE)).await.status;
    assert_eq!([call(&one).await, call(&one).await, call(&one).await, call(&other).await], [200, 200, 429, 200]);
}

#[tokio::test]
async fn the_plan_limits_tokens_even_in_parallel() {
    let team = Team::on_plan("starter").await;
    let body = json!({ "name": "Import", "scopes": SCOPES });
    let answers = futures::future::join_all((0..6).map(|_| team.create_token(body.clone()))).await;
    let made: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(made.len(), 3, "{answers:?}");
    let refused = answers.iter().find(|answer| answer.status != 201).unwrap();
    assert_eq!((refused.status, refused.code()), (409, "too_many_workspace_tokens"));
    assert_eq!(refused.body["usage"]["limit"], json!(3));
    team.delete_token(made[0].body["id"].as_str().unwrap()).await.expect(204);
    team.create_token(body.clone()).await.expect(201);
    team.create_token(body).await.expect(409);
}

#[tokio::test]
async fn two_workspaces_with_the_same_key_have_separate_records() {
    let team = Team::new().await;
    let other = with_account(&team.app, team.app.founder_on("studio").await.unwrap()).await;
    let body = json!({ "name": "Import", "scopes": SCOPES });
    let mine = team.creating(&team.owner, body.clone()).header("idempotency-key", "same");
    let theirs = Request::to(&create_workspace_token::FUNCTION).by(&other.person).json(body);
    let mine = team.app.call(mine).await.expect(201).body;
    let theirs = team.app.call(theirs.header("idempotency-key", "same")).await.expect(201).body;
    assert_ne!(mine["id"], theirs["id"]);
}
