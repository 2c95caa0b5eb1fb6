//! The last-owner rule, and the permission to change memberships of owners.

use futures::future::join_all;
use shared::identity::ownership::OFFER_LIFETIME;
use shared::identity::{Handover, Strength};
use shared::tenancy::{AssignableRole, Changes, Role};
use shared::testing::{Person, Request, Response};

use super::place::Place;
use super::routes::{MEMBER_LEFT, MEMBER_REMOVED, MEMBER_ROLE_CHANGED, OWNERSHIP_ACCEPTED};
use crate::notes::LIST;

async fn look_in(at: &Place, person: &Person) -> Response {
    at.app.call(Request::to(&LIST).by(person).path("workspace_id", at.owner.workspace).query("limit", 1)).await
}

#[tokio::test]
async fn the_last_owner_can_neither_leave_nor_be_removed_nor_be_downgraded() {
    let at = Place::new().await;
    let (owner, admin) = (&at.owner, at.member(Role::Admin).await);
    assert_eq!(at.leave(owner).await.expect(409).code(), "last_owner");
    assert_eq!(at.remove(owner, owner.user).await.expect(409).code(), "last_owner");
    for role in ["admin", "member", "reviewer"] {
        assert_eq!(at.change_role(owner, owner.user, role).await.expect(409).code(), "last_owner", "{role}");
    }
    assert_eq!(at.role(owner).await, Some(Role::Owner));
    at.sound(&[owner, &admin], "the last owner").await;

    let second = at.second_owner().await;
    at.sound(&[owner, &second], "two owners").await;
    at.leave(owner).await.expect(204);
    assert_eq!(at.leave(&second).await.expect(409).code(), "last_owner");
    at.sound(&[owner, &second, &admin], "one owner left").await;
    assert_eq!(at.entries(MEMBER_LEFT.name()).await.len(), 1);
}

#[tokio::test]
async fn of_two_owners_who_leave_concurrently_one_is_refused() {
    let at = Place::new().await;
    let second = at.second_owner().await;
    let (refused, ran) = at
        .app
        .call_while(at.leaving(&at.owner), async {
            at.leave(&second).await.expect(204);
        })
        .await;
    assert!(ran.is_some());
    assert_eq!(refused.expect(409).code(), "last_owner");
    at.sound(&[&at.owner, &second], "both left").await;
}

#[tokio::test]
async fn a_directory_entry_from_before_the_count_has_one_owner() {
    let at = Place::new().await;
    at.app.forget_owners(at.owner.workspace).await.unwrap();
    at.sound(&[&at.owner], "without a count").await;
    assert_eq!(at.leave(&at.owner).await.expect(409).code(), "last_owner");
    let second = at.second_owner().await;
    at.sound(&[&second], "counted").await;
    at.leave(&at.owner).await.expect(204);
    assert_eq!(at.leave(&second).await.expect(409).code(), "last_owner");
}

#[tokio::test]
async fn a_removed_member_is_admitted_by_no_further_request() {
    let at = Place::new().await;
    let member = at.member(Role::Member).await;
    look_in(&at, &member).await.expect(200);
    at.remove(&at.owner, member.user).await.expect(204);
    look_in(&at, &member).await.expect(404);
    assert!(at.app.listed(member.user).await.unwrap().is_empty());
    assert_eq!(at.remove(&at.owner, member.user).await.expect(404).code(), "not_found");
    assert_eq!(at.change_role(&at.owner, member.user, "admin").await.expect(404).code(), "not_found");
    let entries = at.entries(MEMBER_REMOVED.name()).await;
    assert_eq!((entries.len(), entries[0].target.id.as_str()), (1, member.user.to_string().as_str()));
    at.sound(&[&member], "removed").await;
    // A removed member can be invited again.
    at.join(&member, &at.invite(AssignableRole::Reviewer).await).await.expect(200);
    assert_eq!(at.role(&member).await, Some(Role::Reviewer));
}

#[tokio::test]
async fn a_changed_role_applies_from_the_next_request() {
    let at = Place::new().await;
    let member = at.member(Role::Member).await;
    assert_eq!(at.remove(&member, at.owner.user).await.expect(403).code(), "permission_missing");
    at.change_role(&at.owner, member.user, "admin").await.expect(204);
    at.change_role(&at.owner, member.user, "admin").await.expect(204);
    assert_eq!(at.entries(MEMBER_ROLE_CHANGED.name()).await.len(), 1, "the second one changed nothing");
    let other = at.member(Role::Member).await;
    at.remove(&member, other.user).await.expect(204);
    assert_eq!(at.change_role(&at.owner, member.user, "owner").await.expect(422).fields(), ["role"]);
    at.sound(&[&member, &other], "changed").await;
}

#[tokio::test]
async fn only_an_owner_removes_or_downgrades_an_owner() {
    let at = Place::new().await;
    let (second, admin) = (at.second_owner().await, at.member(Role::Admin).await);
    for owner in [&at.owner, &second] {
        assert_eq!(at.remove(&admin, owner.user).await.expect(403).code(), "permission_missing");
        assert_eq!(at.change_role(&admin, owner.user, "member").await.expect(403).code(), "permission_missing");
    }
    at.change_role(&second, at.owner.user, "admin").await.expect(204);
    assert_eq!(at.role(&at.owner).await, Some(Role::Admin));
    at.sound(&[&at.owner, &second], "downgraded").await;
}

#[tokio::test]
async fn an_offered_ownership_is_transferred_when_the_member_accepts() {
    let at = Place::new().await;
    let heir = at.member(Role::Member).await;
    let other = at.member(Role::Admin).await;
    at.offer(&at.owner, heir.user, Handover::Transfer).await.expect(204);
    assert_eq!(at.app.call(at.accepting(&other, heir.user)).await.expect(404).code(), "not_found");
    at.accept(&other).await.expect(404);
    let both = join_all((0..2).map(|_| at.accept(&heir))).await;
    let accepted = both.iter().filter(|answer| answer.status == 204).count();
    assert_eq!(accepted, 1, "{both:?}");
    assert_eq!((at.role(&at.owner).await, at.role(&heir).await), (Some(Role::Admin), Some(Role::Owner)));
    assert_eq!(at.entries(OWNERSHIP_ACCEPTED.name()).await.len(), 1);
    at.sound(&[&at.owner, &heir], "transferred").await;
    at.accept(&heir).await.expect(404);
    at.leave(&at.owner).await.expect(204);
}

#[tokio::test]
async fn an_offer_is_an_owners_to_another_member_and_ends_with_their_ownership() {
    let at = Place::new().await;
    let (second, admin) = (at.second_owner().await, at.member(Role::Admin).await);
    assert_eq!(at.offer(&admin, at.owner.user, Handover::Transfer).await.expect(403).code(), "permission_missing");
    assert_eq!(at.offer(&at.owner, at.owner.user, Handover::Transfer).await.expect(422).fields(), ["user_id"]);

    // The author of the offer is no longer an owner.
    at.offer(&at.owner, admin.user, Handover::Transfer).await.expect(204);
    at.change_role(&second, at.owner.user, "admin").await.expect(204);
    assert_eq!(at.accept(&admin).await.expect(409).code(), "modified_concurrently");
    at.sound(&[&at.owner, &second, &admin], "offered by no owner").await;

    // Withdrawn, or expired.
    let withdrawn = at.member(Role::Member).await;
    at.offer(&second, withdrawn.user, Handover::Share).await.expect(204);
    let offer = at.scope().get::<shared::identity::OwnershipOffer>(&withdrawn.user).await.unwrap();
    let (refused, _) = at
        .app
        .call_while(at.accepting(&withdrawn, withdrawn.user), async {
            at.scope().commit(Changes::default().delete(&offer).unaudited("a fixture")).await.unwrap();
        })
        .await;
    assert_eq!(refused.expect(409).code(), "modified_concurrently");
    at.offer(&second, withdrawn.user, Handover::Share).await.expect(204);
    at.app.advance(OFFER_LIFETIME);
    let late = at.app.with_strength(&withdrawn, Strength::Multi).await.unwrap();
    at.accept(&late).await.expect(404);
    assert_eq!(at.role(&withdrawn).await, Some(Role::Member));
    at.sound(&[&withdrawn], "withdrawn").await;
}

#[tokio::test]
async fn an_owner_who_is_offered_ownership_again_changes_nothing() {
    let at = Place::new().await;
    let second = at.second_owner().await;
    at.offer(&at.owner, second.user, Handover::Transfer).await.expect(204);
    assert_eq!(at.accept(&second).await.expect(409).code(), "modified_concurrently");
    at.sound(&[&second], "offered again").await;
}

/// Random concurrent changes of memberships: the workspace always has an owner, and the items of each membership agree.
#[tokio::test]
async fn after_random_concurrent_changes_the_workspace_has_an_owner_and_its_items_agree() {
    let at = Place::new().await;
    let mut people = vec![at.owner.clone(), at.second_owner().await, at.second_owner().await];
    for role in [Role::Admin, Role::Member, Role::Reviewer] {
        people.push(at.member(role).await);
    }
    let random = |below: usize| usize::try_from(u64::from_le_bytes(at.app.entropy().bytes()) % below as u64).unwrap();
    let all: Vec<&Person> = people.iter().collect();
    for round in 0..25 {
        let sent = at.invite(AssignableRole::Member).await;
        let changes: Vec<_> = (0..4).map(|_| (random(6), random(people.len()), random(people.len()))).collect();
        let answers = join_all(changes.iter().map(|(change, by, target)| {
            let (at, sent, by, target) = (&at, &sent, &people[*by], people[*target].user);
            async move {
                match change {
                    0 => at.leave(by).await,
                    1 => at.remove(by, target).await,
                    2 => at.change_role(by, target, "admin").await,
                    3 => at.join(by, sent).await,
                    4 => {
                        at.offer(by, target, Handover::Share).await;
                        at.accept(by).await
                    }
                    _ => {
                        at.offer(by, target, Handover::Transfer).await;
                        at.accept(by).await
                    }
                }
            }
        }))
        .await;
        let seen: Vec<_> = answers.iter().map(|answer| (answer.status, answer.code())).collect();
        assert!(seen.iter().all(|(status, _)| *status < 500), "{changes:?}: {seen:?}");
        at.sound(&all, &format!("round {round}, {changes:?}: {seen:?}")).await;
    }
}
