//! Every change of every route verifies that its user is still admitted: if the user's sessions are revoked just before
//! a route commits, nothing is written. A route that changes the user's epochs itself conflicts with the revocation on
//! the same item.

use shared::function::Level;
use shared::http::Method;
use shared::identity::{AccountChanges, EpochTurn, StaffRole, Strength};
use shared::kernel::ids::{StaffId, UserId};

use crate::domains::endpoints;
use crate::none;
use crate::person::claim;
use crate::place::World;
use crate::sample::{Sample, request};

/// New routes are included automatically; routes that commit nothing only read.
#[tokio::test]
async fn a_change_of_a_user_who_is_no_longer_admitted_is_refused() {
    let world = World::new().await;
    let mut place = world.place().await;
    let (mut faults, mut tried) = (Vec::new(), 0);
    for endpoint in endpoints() {
        if !matches!(endpoint.access, Level::Known | Level::SignedIn | Level::Workspace(_)) {
            continue;
        }
        let (name, filling) = (endpoint.name(), world.ready_for(endpoint.name(), &place).await);
        let sample = Sample::of(endpoint.entry);
        if !sample.placeholders().contains("token") {
            faults.push(format!("{name}: its sample has no token"));
            continue;
        }
        let user: UserId = claim(filling.get("token"), "sub").parse().unwrap();
        let accounts = world.app.accounts();
        let revoked = async {
            let epoch = accounts.epoch(user).await.unwrap();
            let turn = EpochTurn::default().and_revoking_sessions();
            accounts.commit(AccountChanges::default().turn(user, epoch, turn)).await.unwrap();
        };
        world.app.move_address();
        let asked = request(endpoint.entry, &sample.filled(&filling));
        let (answer, reached) = world.app.call_while(asked, revoked).await;
        world.app.wire(endpoint.entry.function()).disarm();
        if reached.is_none() {
            continue;
        }
        tried += 1;
        // The revocation has already done what this route does.
        let is_done = name == "logout-everywhere" && answer.status == 204;
        let is_refused =
            matches!((answer.status, answer.code()), (401, "not_signed_in") | (409, "modified_concurrently"));
        if !is_done && !is_refused {
            faults.push(format!("{name}: {} {}", answer.status, answer.text));
        }
        if user == place.owner.user {
            place.owner = world.app.with_strength(&place.owner, Strength::Multi).await.unwrap();
            let session = place.owner.session.to_string();
            place.filling = place.filling.clone().with("token", &place.owner.token).with("session_id", session);
        }
    }
    assert!(tried >= 30, "only {tried} routes committed a change");
    none(faults);
}

/// The same for the staff: a member who is revoked just before a route commits changes nothing.
#[tokio::test]
async fn a_change_of_a_member_of_the_staff_who_was_revoked_is_refused() {
    let world = World::new().await;
    let place = world.place().await;
    let (mut faults, mut tried) = (Vec::new(), 0);
    for endpoint in endpoints() {
        // What looks at a customer records that, and changes nothing.
        let is_look = endpoint.route.method == Method::Get || endpoint.name().starts_with("find-user");
        if !matches!(endpoint.access, Level::Staff(_)) || is_look {
            continue;
        }
        let (name, filling) = (endpoint.name(), world.ready_for(endpoint.name(), &place).await);
        let staff: StaffId = claim(filling.get("token"), "sub").parse().unwrap();
        let revoked = async { world.app.set_staff(staff, 9, &[StaffRole::Admin]).await.unwrap() };
        world.app.move_address();
        let asked = request(endpoint.entry, &Sample::of(endpoint.entry).filled(&filling));
        let (answer, reached) = world.app.call_while(asked, revoked).await;
        world.app.wire(endpoint.entry.function()).disarm();
        tried += 1;
        if reached.is_none() || (answer.status, answer.code()) != (401, "not_signed_in") {
            faults.push(format!("{name}: {reached:?} {} {}", answer.status, answer.text));
        }
    }
    assert!(tried >= 10, "only {tried} routes committed a change");
    none(faults);
}
