//! Offering and accepting the ownership.

use accounts::address::Address;
use accounts::user::User;
use futures::future::join;
use mail::SendEmail;
use mail::testing::waiting;
use serde_json::{Value, json};
use shared::identity::ownership::OFFER_LIFETIME;
use shared::identity::{AccountChanges, AccountKey, Strength};
use shared::kernel::time::SignedDuration;
use shared::tenancy::Role;
use shared::testing::{Request, Response};
use workspaces::routes::{accept_ownership, list_ownership_offers, offer_ownership, withdraw_ownership_offer};

use crate::team::{Known, Team};

impl Team {
    pub fn offering(&self, by: &Known, to: &Known, handover: &str) -> Request {
        let request = self.to(&offer_ownership::FUNCTION, by).path("user_id", to.person.user);
        request.json(json!({ "handover": handover }))
    }

    pub async fn offer(&self, by: &Known, to: &Known, handover: &str) -> Response {
        self.app.call(self.offering(by, to, handover)).await
    }

    pub fn taking(&self, by: &Known) -> Request {
        self.to(&accept_ownership::FUNCTION, by).json(json!({}))
    }

    pub async fn take(&self, by: &Known) -> Response {
        self.app.call(self.taking(by)).await
    }

    async fn withdraw(&self, by: &Known, to: &Known) -> Response {
        self.app.call(self.to(&withdraw_ownership_offer::FUNCTION, by).path("user_id", to.person.user)).await
    }

    async fn offers(&self, by: &Known) -> Vec<Value> {
        let listed = self.app.call(self.to(&list_ownership_offers::FUNCTION, by)).await.expect(200).body;
        listed["items"].as_array().unwrap().clone()
    }

    /// The subjects of the letters in the workspace's outbox, by their readers.
    async fn subjects(&self) -> Vec<(String, String)> {
        let posted = self.app.outbox::<SendEmail>(&self.owner.person.outbox()).await.unwrap();
        let letters = waiting(&self.app, &posted).await.unwrap().into_iter();
        letters.map(|letter| (letter.to.as_str().to_owned(), letter.letter.subject().to_owned())).collect()
    }
}

#[tokio::test]
async fn the_ownership_is_transferred_or_shared_by_offer_and_acceptance() {
    for (handover, former) in [("transfer", Role::Admin), ("share", Role::Owner)] {
        let team = Team::new().await;
        let (heir, other) = (team.member(Role::Member).await, team.member(Role::Admin).await);
        let offer = team.offer(&team.owner, &heir, handover).await.expect(200).body;
        assert_eq!((&offer["user_id"], &offer["handover"]), (&json!(heir.person.user), &json!(handover)));
        assert_eq!(team.offers(&team.owner).await, std::slice::from_ref(&offer));
        assert_eq!((team.offers(&heir).await, team.offers(&other).await), (vec![offer], vec![]));
        assert_eq!(team.role(&heir).await, Some(Role::Member), "an offer changes nothing");
        assert_eq!(team.take(&other).await.expect(409).code(), "no_ownership_offer");
        team.app.advance(SignedDuration::from_millis(1));
        team.take(&heir).await.expect(204);
        assert_eq!((team.role(&heir).await, team.role(&team.owner).await), (Some(Role::Owner), Some(former)));
        // A repetition changes nothing.
        team.take(&heir).await.expect(204);
        assert_eq!(team.entries("ownership.offered").await.len(), 1);
        assert_eq!(team.entries("ownership.accepted").await.len(), 1);
        let letters = team.subjects().await;
        assert_eq!(letters[0], (heir.email.clone(), workspaces::letters::OWNERSHIP_OFFERED.to_owned()));
        assert_eq!(letters[1], (team.owner.email.clone(), workspaces::letters::OWNERSHIP_ACCEPTED.to_owned()));
        team.sound(&[&heir, &other, &team.owner], handover).await;
    }
}

#[tokio::test]
async fn offering_and_accepting_need_a_fresh_factor_and_accepting_a_second_one() {
    let team = Team::new().await;
    let heir = team.member(Role::Member).await;
    team.app.advance(SignedDuration::from_mins(10));
    assert_eq!(team.offer(&team.owner, &heir, "share").await.expect(401).code(), "fresh_factor_needed");
    let owner = team.again(&team.owner).await;
    team.offer(&owner, &heir, "share").await.expect(200);
    assert_eq!(team.take(&heir).await.expect(401).code(), "fresh_factor_needed");
    let single = team.app.without_second_factor(&heir.person).await.unwrap();
    let single = Known { person: single, email: heir.email.clone() };
    assert_eq!(team.take(&single).await.expect(403).code(), "second_factor_needed");
    assert_eq!(team.role(&heir).await, Some(Role::Member));
}

#[tokio::test]
async fn only_an_owner_offers_and_a_member_who_cannot_own_is_refused_by_name() {
    let team = Team::new().await;
    let (admin, heir) = (team.member(Role::Admin).await, team.member(Role::Member).await);
    assert_eq!(team.offer(&admin, &heir, "share").await.expect(403).code(), "permission_missing");
    assert_eq!(team.offer(&team.owner, &team.owner, "share").await.expect(409).code(), "already_owner");
    let reviewer = team.member(Role::Reviewer).await;
    assert_eq!(team.offer(&team.owner, &reviewer, "share").await.expect(409).code(), "ownership_for_reviewer");
    let stranger = team.stranger().await;
    assert_eq!(team.offer(&team.owner, &stranger, "share").await.expect(404).code(), "not_found");
    assert_eq!(team.offer(&team.owner, &heir, "steal").await.expect(422).fields(), ["handover"]);

    let accounts = team.app.accounts();
    let unverified = team.member(Role::Member).await;
    let mut address = Address::new(unverified.email.parse().unwrap());
    address.claim(unverified.person.user).unwrap();
    accounts.commit(AccountChanges::default().overwrite(&address)).await.unwrap();
    assert_eq!(team.offer(&team.owner, &unverified, "share").await.expect(409).code(), "ownership_for_unverified");
    let deleted = team.member(Role::Member).await;
    let mut user = accounts.find::<User>(&AccountKey::User(deleted.person.user)).await.unwrap().unwrap();
    user.delete(team.app.now());
    accounts.commit(AccountChanges::default().replace(&user)).await.unwrap();
    assert_eq!(team.offer(&team.owner, &deleted, "share").await.expect(409).code(), "ownership_for_deleted");
    assert_eq!(team.offers(&team.owner).await, Vec::<Value>::new());

    // A member who becomes a reviewer after the offer.
    team.offer(&team.owner, &heir, "share").await.expect(200);
    team.change(&team.owner, &heir, "reviewer").await.expect(200);
    assert_eq!(team.take(&heir).await.expect(409).code(), "ownership_for_reviewer");
}

#[tokio::test]
async fn an_offer_ends_by_withdrawal_expiry_removal_and_the_end_of_its_authors_ownership() {
    let team = Team::new().await;
    let (heir, other) = (team.member(Role::Admin).await, team.member(Role::Admin).await);
    team.offer(&team.owner, &heir, "share").await.expect(200);
    assert_eq!(team.withdraw(&other, &heir).await.expect(403).code(), "permission_missing");
    team.withdraw(&team.owner, &heir).await.expect(204);
    assert_eq!(team.take(&heir).await.expect(409).code(), "no_ownership_offer");
    assert_eq!(team.withdraw(&team.owner, &heir).await.expect(404).code(), "not_found");
    // The member declines.
    team.offer(&team.owner, &heir, "share").await.expect(200);
    team.withdraw(&heir, &heir).await.expect(204);
    assert_eq!(team.entries("ownership.offer_withdrawn").await.len(), 2);

    // Another membership of the same user.
    team.offer(&team.owner, &heir, "share").await.expect(200);
    team.remove(&team.owner, &heir).await.expect(204);
    team.app.add_member(team.owner.person.workspace, heir.person.user, Role::Admin).await.unwrap();
    assert_eq!(team.take(&heir).await.expect(409).code(), "no_ownership_offer");

    // Its author is no longer an owner.
    team.offer(&team.owner, &heir, "share").await.expect(200);
    team.offer(&team.owner, &other, "transfer").await.expect(200);
    team.take(&other).await.expect(204);
    assert_eq!(team.take(&heir).await.expect(409).code(), "modified_concurrently");

    team.offer(&other, &heir, "share").await.expect(200);
    team.app.advance(OFFER_LIFETIME);
    let heir = team.again(&heir).await;
    assert_eq!(team.take(&heir).await.expect(409).code(), "no_ownership_offer");
    team.sound(&[&heir, &other, &team.owner], "one owner").await;
}

#[tokio::test]
async fn of_two_members_who_accept_a_transfer_concurrently_one_becomes_an_owner() {
    for _ in 0..5 {
        let team = Team::new().await;
        let (one, other) = (team.member(Role::Admin).await, team.member(Role::Member).await);
        for heir in [&one, &other] {
            team.offer(&team.owner, heir, "transfer").await.expect(200);
        }
        let (first, second) = join(team.take(&one), team.take(&other)).await;
        let mut statuses = [first.status, second.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 409]);
        team.sound(&[&one, &other, &team.owner], "two heirs").await;
    }
}

#[tokio::test]
async fn an_acceptance_concurrent_with_a_removal_or_downgrade_keeps_one_of_them() {
    for is_removed in [true, false] {
        let team = Team::new().await;
        let heir = team.member(Role::Admin).await;
        team.offer(&team.owner, &heir, "share").await.expect(200);
        let change = async {
            if is_removed {
                team.remove(&team.owner, &heir).await.expect(204);
            } else {
                team.change(&team.owner, &heir, "reviewer").await.expect(200);
            }
        };
        let (refused, ran) = team.app.call_while(team.taking(&heir), change).await;
        assert!(ran.is_some());
        assert_eq!(refused.expect(409).code(), "modified_concurrently");
        assert_eq!(team.role(&heir).await, (!is_removed).then_some(Role::Reviewer));
        team.sound(&[&heir], "overtaken").await;
    }
}

#[tokio::test]
async fn a_session_of_one_factor_offers_nothing() {
    let team = Team::new().await;
    let heir = team.member(Role::Member).await;
    let single = team.app.with_strength(&team.owner.person, Strength::Single).await.unwrap();
    let single = Known { person: single, email: String::new() };
    assert_eq!(team.offer(&single, &heir, "share").await.expect(401).code(), "fresh_factor_needed");
}
