//! Random interleavings of everything that changes the people of one workspace.
//!
//! The seed is printed (`BULKHEAD_SEED`), and repeats the same operations in the same order of calls.

use std::collections::BTreeMap;

use futures::future::join_all;
use shared::kernel::ids::UserId;
use shared::kernel::time::SignedDuration;
use shared::tenancy::Role;
use shared::testing::Response;
use workspaces::routes::update_settings;

use crate::team::{Known, Team};

const INTERLEAVINGS: usize = 500;
/// Operations that run concurrently.
const AT_ONCE: usize = 5;
/// After so many rounds, those who were removed or left are members again.
const REASSEMBLED_EACH: usize = 5;
/// The roles of the first people then; the others are strangers.
const ROLES: [Role; 6] = [Role::Owner, Role::Owner, Role::Admin, Role::Admin, Role::Member, Role::Reviewer];

/// An operation of one user, perhaps on another.
#[derive(Clone, Copy, Debug)]
enum Operation {
    Invite,
    Accept,
    ChangeRole,
    Remove,
    Leave,
    Offer,
    TakeOwnership,
    Delete,
    Restore,
    Write,
}

const OPERATIONS: [Operation; 10] = [
    Operation::Invite,
    Operation::Accept,
    Operation::ChangeRole,
    Operation::Remove,
    Operation::Leave,
    Operation::Offer,
    Operation::TakeOwnership,
    Operation::Delete,
    Operation::Restore,
    Operation::Write,
];

struct World {
    team: Team,
    people: Vec<Known>,
    /// The newest invitation of each person.
    tokens: BTreeMap<UserId, String>,
}

impl World {
    fn below(&self, bound: usize) -> usize {
        usize::try_from(u64::from_le_bytes(self.team.app.entropy().bytes()) % u64::try_from(bound).unwrap()).unwrap()
    }

    async fn perform(&self, operation: Operation, by: &Known, on: &Known, role: &'static str) -> Response {
        let team = &self.team;
        match operation {
            Operation::Invite => team.invite(by, &on.email, role).await,
            Operation::Accept => {
                let token = self.tokens.get(&by.person.user).map_or("", String::as_str);
                team.accept(by, token).await
            }
            Operation::ChangeRole => team.change(by, on, role).await,
            Operation::Remove => team.remove(by, on).await,
            Operation::Leave => team.leave(by).await,
            Operation::Offer => team.offer(by, on, if role == "admin" { "transfer" } else { "share" }).await,
            Operation::TakeOwnership => team.take(by).await,
            Operation::Delete => team.delete(by).await,
            Operation::Restore => team.restore(by).await,
            Operation::Write => {
                let body = serde_json::json!({ "default_approval": "required" });
                team.app.call(team.to(&update_settings::FUNCTION, by).json(body)).await
            }
        }
    }

    /// Concurrent operations, and what must hold after them.
    async fn round(&mut self, number: usize, counts: &mut BTreeMap<String, usize>) {
        self.team.app.advance(SignedDuration::from_millis(1));
        self.team.app.move_address();
        let before = self.team.app.roster(self.team.owner.person.workspace).await.unwrap().proofs;
        let mut planned = Vec::new();
        for _ in 0..AT_ONCE {
            let operation = OPERATIONS[self.below(OPERATIONS.len())];
            let (by, on) = (self.below(self.people.len()), self.below(self.people.len()));
            planned.push((operation, by, on, ["admin", "member", "reviewer"][self.below(3)]));
        }
        let performed = planned
            .iter()
            .map(|(operation, by, on, role)| self.perform(*operation, &self.people[*by], &self.people[*on], role));
        let answers = join_all(performed).await;
        let context = format!("round {number}: {planned:?}");
        for ((operation, by, ..), answer) in planned.iter().zip(&answers) {
            assert!(answer.status < 500, "{context}: {operation:?}: {}", answer.text);
            if answer.status < 300 {
                *counts.entry(format!("{operation:?}")).or_default() += 1;
            }
            // Only a member acts. A user who joins in this round may act after that.
            let joins = planned.iter().any(|(other, who, ..)| matches!(other, Operation::Accept) && who == by);
            let was_member = before.contains_key(&self.people[*by].person.user);
            let is_act = !matches!(operation, Operation::Accept);
            assert!(answer.status >= 300 || was_member || joins || !is_act, "{context}: a stranger acted");
        }
        let people: Vec<_> = self.people.iter().collect();
        self.team.sound(&people, &context).await;
        self.require_ends(&planned, &answers, &context).await;
        self.learn_tokens(&planned, &answers).await;
    }

    /// A removed user is a stranger at the next request.
    async fn require_ends(&self, planned: &[(Operation, usize, usize, &str)], answers: &[Response], context: &str) {
        let now = self.team.app.roster(self.team.owner.person.workspace).await.unwrap().proofs;
        for ((operation, by, on, _), answer) in planned.iter().zip(answers) {
            let ended = match operation {
                Operation::Remove => &self.people[*on],
                Operation::Leave => &self.people[*by],
                _ => continue,
            };
            if answer.status == 204 && !now.contains_key(&ended.person.user) {
                let visit = self.team.visit(ended).await;
                assert_eq!((visit.status, visit.code()), (404, "not_found"), "{context}");
            }
        }
    }

    async fn learn_tokens(&mut self, planned: &[(Operation, usize, usize, &str)], answers: &[Response]) {
        for ((operation, _, on, _), answer) in planned.iter().zip(answers) {
            if matches!(operation, Operation::Invite) && answer.status == 201 {
                let known = &self.people[*on];
                if let Some(token) = self.team.mailed(&known.email).await {
                    self.tokens.insert(known.person.user, token);
                }
            }
        }
        self.team.app.empty_outbox().await.unwrap();
    }
}

#[tokio::test]
async fn after_500_random_interleavings_an_owner_remains_and_no_removed_user_acts() {
    let team = Team::new().await;
    let mut people = vec![team.owner.clone()];
    for role in &ROLES[1..] {
        people.push(team.member(*role).await);
    }
    for _ in 0..2 {
        people.push(team.stranger().await);
    }
    let mut world = World { team, people, tokens: BTreeMap::new() };
    let mut counts = BTreeMap::new();
    for number in 0..INTERLEAVINGS {
        if number % 100 == 99 {
            world.begin_day().await;
        }
        if number % REASSEMBLED_EACH == 0 {
            world.reassemble().await;
        }
        world.round(number, &mut counts).await;
    }
    // Every operation succeeded at some point.
    assert_eq!(counts.len(), OPERATIONS.len(), "{counts:?}");
}

impl World {
    /// A new day, because invitations are limited by the day, with new sessions and a fresh factor.
    async fn begin_day(&mut self) {
        self.team.app.advance(SignedDuration::from_hours(24));
        let mut people = Vec::new();
        for known in &self.people {
            people.push(self.team.again(known).await);
        }
        self.team.owner = people[0].clone();
        self.people = people;
    }

    /// Makes a team again: a lone owner among strangers can do little.
    async fn reassemble(&self) {
        let workspace = self.team.owner.person.workspace;
        let members = self.team.app.roster(workspace).await.unwrap().proofs;
        for (known, role) in self.people.iter().zip(ROLES) {
            if !members.contains_key(&known.person.user) {
                self.team.app.add_member(workspace, known.person.user, role).await.unwrap();
            }
        }
    }
}
