//! The jobs on workspace tokens: expiry and reminders.

use mail::SendEmail;
use serde_json::json;
use shared::audit::Actor;
use shared::aws::wire::Fault;
use shared::identity::WORKSPACE_TOKENS;
use shared::kernel::time::SignedDuration;
use shared::tenancy::Role;
use workspaces::jobs::{expire_workspace_tokens, remind_expiring_workspace_tokens};
use workspaces::letters::WORKSPACE_TOKEN_EXPIRES;
use workspaces::workspace_token::count_tokens;

use crate::machine::*;
use crate::team::{Known, Team};

const DAY: SignedDuration = SignedDuration::from_hours(24);

impl Team {
    async fn expire(&self) {
        self.app.advance(SignedDuration::from_secs(1));
        self.app.tick(&expire_workspace_tokens::FUNCTION).await.unwrap();
    }

    /// Runs the job, and returns the subjects of the letters to each of these people.
    async fn remind(&self, people: &[&Known]) -> Vec<usize> {
        self.app.advance(SignedDuration::from_secs(1));
        self.app.empty_outbox().await.unwrap();
        self.app.tick(&remind_expiring_workspace_tokens::FUNCTION).await.unwrap();
        let posted = self.app.outbox::<SendEmail>(&self.owner.person.outbox()).await.unwrap();
        let letters: Vec<String> = posted.iter().map(|posted| posted.envelope.payload.to_string()).collect();
        assert!(letters.iter().all(|letter| letter.contains(WORKSPACE_TOKEN_EXPIRES)), "{letters:?}");
        let to =
            |known: &&Known| letters.iter().filter(|letter| letter.contains(&known.person.user.to_string())).count();
        let each: Vec<_> = people.iter().map(to).collect();
        assert_eq!(each.iter().sum::<usize>(), letters.len(), "a letter to another person");
        each
    }
}

#[tokio::test]
async fn an_expired_token_is_removed_once_with_an_audit_entry() {
    let team = Team::new().await;
    let body = |days: u32| json!({ "name": "Import", "scopes": SCOPES, "expires_in_days": days });
    let short = text(&team.create_token(body(1)).await.expect(201).body["id"]);
    let long = text(&team.create_token(body(90)).await.expect(201).body["id"]);
    let scope = team.app.scope(team.owner.person.workspace);
    team.expire().await;
    assert_eq!(scope.used(WORKSPACE_TOKENS).await.unwrap(), 2, "one was removed before its end");
    team.app.advance(DAY);
    for _ in 0..2 {
        team.expire().await;
        assert_eq!(scope.used(WORKSPACE_TOKENS).await.unwrap(), 1);
        assert_eq!(count_tokens(&scope).await.unwrap(), 1);
        let entries = team.entries("workspace_token.expired").await;
        assert_eq!((entries.len(), entries[0].target.id.as_str()), (1, short.as_str()));
        assert_eq!(entries[0].origin.actor, Actor::Job { name: "expire-workspace-tokens".to_owned() });
    }
    let team = team.signed_in_again().await;
    assert_eq!(team.tokens().await[0]["id"], json!(long));
    let proofs = format!("{:?}", team.app.cloud().items(&team.app.tables().proofs).unwrap());
    assert!(proofs.contains(&long) && !proofs.contains(&short));
}

#[tokio::test]
async fn a_token_that_is_deleted_as_it_is_removed_is_counted_once() {
    let team = Team::new().await;
    let body = json!({ "name": "Import", "scopes": SCOPES, "expires_in_days": 1 });
    let id = text(&team.create_token(body).await.expect(201).body["id"]);
    team.app.advance(DAY);
    let team = team.signed_in_again().await;
    let job = &expire_workspace_tokens::FUNCTION;
    let wire = team.app.wire(job);
    wire.arm(Fault::Hold("DynamoDB.TransactWriteItems"));
    let deleted = async {
        wire.held.notified().await;
        team.delete_token(&id).await.expect(204);
        wire.release();
    };
    let (ran, ()) = futures::future::join(team.app.tick(job), deleted).await;
    ran.unwrap();
    let scope = team.app.scope(team.owner.person.workspace);
    assert_eq!(scope.used(WORKSPACE_TOKENS).await.unwrap(), 0);
    assert_eq!(team.entries("workspace_token.deleted").await.len(), 1);
    assert_eq!(team.entries("workspace_token.expired").await.len(), 0);
}

#[tokio::test]
async fn the_admins_are_reminded_14_days_and_one_day_before_once_each() {
    let team = Team::new().await;
    let (admin, member) = (team.member(Role::Admin).await, team.member(Role::Member).await);
    let people = [&team.owner, &admin, &member];
    team.machine().await;
    team.app.advance(DAY * 76 - SignedDuration::from_secs(10));
    assert_eq!(team.remind(&people).await, [0, 0, 0]);
    team.app.advance(SignedDuration::from_secs(10));
    assert_eq!(team.remind(&people).await, [1, 1, 0]);
    assert_eq!(team.remind(&people).await, [0, 0, 0]);
    team.app.advance(DAY * 13);
    assert_eq!(team.remind(&people).await, [1, 1, 0]);
    assert_eq!(team.remind(&people).await, [0, 0, 0]);
    team.app.advance(DAY);
    assert_eq!(team.remind(&people).await, [0, 0, 0]);
}

#[tokio::test]
async fn reminders_begin_again_with_a_rotation() {
    let team = Team::new().await;
    let (id, _) = team.machine().await;
    team.app.advance(DAY * 77);
    assert_eq!(team.remind(&[&team.owner]).await, [1]);
    let team = team.signed_in_again().await;
    team.rotate(&id, 0).await;
    team.app.advance(DAY * 75);
    assert_eq!(team.remind(&[&team.owner]).await, [0]);
    team.app.advance(DAY * 2);
    assert_eq!(team.remind(&[&team.owner]).await, [1]);
}

#[tokio::test]
async fn every_admin_of_a_large_workspace_is_reminded() {
    let team = Team::on_plan("scale").await;
    let mut admins = Vec::new();
    for number in 0..120 {
        let role = if number % 2 == 0 { Role::Admin } else { Role::Member };
        let known =
            Known { person: team.app.join(team.owner.person.workspace, role).await.unwrap(), email: String::new() };
        admins.push(known);
    }
    team.machine().await;
    team.app.advance(DAY * 77);
    let people: Vec<_> = std::iter::once(&team.owner).chain(&admins).collect();
    let expected: Vec<_> = people.iter().map(|known| usize::from(known.person.role.administers())).collect();
    assert_eq!(team.remind(&people).await, expected);
    assert_eq!(team.remind(&people).await, vec![0; people.len()]);
}
