//! Transfer of ownership: an owner offers it to another member, who accepts.

use std::borrow::Borrow;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::membership_changes::MembershipChanges;
use crate::aws::grants::Table;
use crate::kernel::ids::UserId;
use crate::kernel::problem_codes::PERMISSION_MISSING;
use crate::kernel::problems::Problem;
use crate::kernel::time::after;
use crate::table::commit::{Act, Expected};
use crate::table::entity::{Entity, Stored, sort_key};
use crate::tenancy::{Audited, Permission, Role, Workspace};

/// How long an offer can be accepted.
pub const OFFER_LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What happens to the former owner on acceptance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Handover {
    /// The former owner becomes an admin.
    Transfer,
    /// The former owner remains an owner.
    Share,
}

/// An offer of ownership to a member, at most one per member. Deletion withdraws it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OwnershipOffer {
    from: UserId,
    to: UserId,
    handover: Handover,
    expires_at: Timestamp,
}

impl OwnershipOffer {
    /// 403 if the caller is not an owner.
    pub fn new<P: Permission>(workspace: &Workspace<P>, to: UserId, handover: Handover) -> Result<Self, Problem> {
        if workspace.role() != Role::Owner {
            return Err(Problem::new(PERMISSION_MISSING, "Only an owner can offer the ownership."));
        }
        let from = workspace.user()?;
        if to == from {
            return Err(Problem::invalid("user_id", "must be another member"));
        }
        Ok(Self { from, to, handover, expires_at: after(workspace.now(), OFFER_LIFETIME) })
    }

    pub fn to(&self) -> UserId {
        self.to
    }

    /// The owner who made it.
    pub fn from(&self) -> UserId {
        self.from
    }

    pub fn handover(&self) -> Handover {
        self.handover
    }

    /// Until when it can be accepted.
    pub fn ends_at(&self) -> Timestamp {
        self.expires_at
    }
}

impl Entity for OwnershipOffer {
    const KIND: &'static str = "OWNERSHIP_OFFER";
    /// The member who receives it.
    type Key = UserId;

    fn key(&self) -> impl Borrow<Self::Key> {
        self.to
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

impl<P: Permission> Workspace<P> {
    /// Accepts an offer to the caller. 404 for an offer to another member, 409 if it was withdrawn or if the role of one of
    /// the two changed. Needs `Grant::ChangeRoles` and `Grant::WriteItems`.
    pub async fn accept_ownership(&self, offer: &Stored<OwnershipOffer>, audited: Audited) -> Result<(), Problem> {
        if offer.to != self.user()? {
            return Err(Problem::not_found());
        }
        if self.role() == Role::Owner {
            return Err(Problem::modified_concurrently());
        }
        let former = match offer.handover {
            Handover::Transfer => Role::Admin,
            Handover::Share => Role::Owner,
        };
        let mut plan = MembershipChanges::of(self.id())
            .change_of(offer.from, Role::Owner, former)?
            .change_of(offer.to, self.role(), Role::Owner)?
            .into_plan();
        let accepted = Act::Delete(Expected::Revision(offer.revision));
        plan.add(Table::Tenants, None, sort_key::<OwnershipOffer>(&offer.to), accepted);
        Box::pin(self.commit_plan(audited, plan)).await
    }
}
