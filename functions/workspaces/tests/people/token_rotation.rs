//! Rotation of workspace tokens: the overlap, and what ends at once.

use serde_json::{Value, json};
use shared::audit::Actor;
use shared::kernel::time::{SignedDuration, sortable};

use crate::machine::*;
use crate::team::Team;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

#[tokio::test]
async fn the_earlier_secret_works_for_the_overlap_and_not_after() {
    let team = Team::new().await;
    let (id, first) = team.machine().await;
    let second = team.rotate(&id, 2).await;
    assert_ne!(first, second);
    assert_eq!(team.tokens().await[0]["earlier_secret_ends_at"], json!(sortable(team.app.now() + HOUR * 2)));
    team.app.advance(HOUR * 2 - SignedDuration::from_millis(1));
    for secret in [&first, &second] {
        team.app.call(team.by_token(secret, &WRITE_NOTE)).await.expect(200);
    }
    team.app.advance(SignedDuration::from_millis(1));
    assert_eq!((team.works(&first).await, team.works(&second).await), (401, 200));
    let rotated = team.entries("workspace_token.rotated").await;
    assert_eq!((rotated.len(), &rotated[0].origin.actor), (1, &Actor::User { id: team.owner.person.user }));
    let machine = Actor::WorkspaceToken { id: id.parse().unwrap() };
    assert!(team.entries("note.written").await.iter().all(|entry| entry.origin.actor == machine));
}

#[tokio::test]
async fn without_an_overlap_every_earlier_secret_ends_at_once() {
    let team = Team::new().await;
    let (id, first) = team.machine().await;
    let second = team.rotate(&id, 168).await;
    // A request that was admitted a moment before commits nothing.
    let rotated = async { drop(team.rotate(&id, 0).await) };
    let (refused, reached) = team.app.call_while(team.by_token(&first, &WRITE_NOTE), rotated).await;
    assert!(reached.is_some());
    assert_eq!(refused.expect(401).code(), "not_signed_in");
    assert_eq!((team.works(&first).await, team.works(&second).await), (401, 401));
    assert_eq!(team.entries("note.written").await.len(), 0);
    assert_eq!(team.tokens().await[0]["earlier_secret_ends_at"], Value::Null);
}

#[tokio::test]
async fn a_rotation_with_an_overlap_interrupts_no_request() {
    let team = Team::new().await;
    let (id, first) = team.machine().await;
    let rotated = async { drop(team.rotate(&id, 1).await) };
    let (noted, reached) = team.app.call_while(team.by_token(&first, &WRITE_NOTE), rotated).await;
    assert!(reached.is_some());
    noted.expect(200);
}

#[tokio::test]
async fn a_repeated_rotation_changes_nothing() {
    let team = Team::new().await;
    let (id, first) = team.machine().await;
    let request = team.rotating(&id, json!({ "overlap_hours": 1 })).header("idempotency-key", "k-1");
    let second = text(&team.app.call(request.clone()).await.expect(200).body["token"]);
    let again = team.app.call(request).await.expect(200);
    assert_eq!((&again.body["id"], &again.body["token"]), (&json!(id), &Value::Null));
    assert_eq!((team.works(&first).await, team.works(&second).await), (200, 200));
    assert_eq!(team.entries("workspace_token.rotated").await.len(), 1);
}

#[tokio::test]
async fn a_fifth_secret_is_refused_until_one_ends() {
    let team = Team::new().await;
    let (id, first) = team.machine().await;
    for hours in [4, 4, 4] {
        team.rotate(&id, hours).await;
    }
    let refused = team.app.call(team.rotating(&id, json!({ "overlap_hours": 4 }))).await.expect(409);
    assert_eq!(refused.code(), "too_many_token_secrets");
    assert_eq!(team.works(&first).await, 200);
    let last = team.rotate(&id, 0).await;
    assert_eq!((team.works(&first).await, team.works(&last).await), (401, 200));
}

#[tokio::test]
async fn a_rotation_renews_the_lifetime_but_not_that_of_earlier_secrets() {
    let team = Team::new().await;
    let body = json!({ "name": "Import", "scopes": SCOPES, "expires_in_days": 1 });
    let made = team.create_token(body).await.expect(201).body;
    let (id, first) = (text(&made["id"]), text(&made["token"]));
    let second = team.rotate(&id, 168).await;
    team.app.advance(HOUR * 24);
    assert_eq!((team.works(&first).await, team.works(&second).await), (401, 200));
    team.app.advance(HOUR * 24 * 89);
    assert_eq!(team.works(&second).await, 401);
    let team = team.signed_in_again().await;
    team.app.call(team.rotating(&id, json!({}))).await.expect(404);
}

#[tokio::test]
async fn of_concurrent_rotations_each_secret_shown_works() {
    let team = Team::new().await;
    let (id, first) = team.machine().await;
    let both = futures::future::join_all((0..2).map(|_| team.app.call(team.rotating(&id, json!({}))))).await;
    let shown: Vec<_> = both.iter().filter(|answer| answer.status == 200).collect();
    assert!(!shown.is_empty() && both.iter().all(|answer| matches!(answer.status, 200 | 409)), "{both:?}");
    for answer in shown {
        assert_eq!(team.works(answer.body["token"].as_str().unwrap()).await, 200);
    }
    assert_eq!(team.works(&first).await, 200);
}

#[tokio::test]
async fn an_overlap_of_more_than_a_week_is_refused() {
    let team = Team::new().await;
    let (id, _) = team.machine().await;
    for (body, field) in [
        (json!({ "overlap_hours": 169 }), "overlap_hours"),
        (json!({ "overlap_hours": -1 }), "overlap_hours"),
        (json!({ "overlap_hours": 1.5 }), "overlap_hours"),
        (json!({ "expires_in_days": 366 }), "expires_in_days"),
    ] {
        assert_eq!(team.app.call(team.rotating(&id, body.clone())).await.expect(422).fields(), [field], "{body}");
    }
}
