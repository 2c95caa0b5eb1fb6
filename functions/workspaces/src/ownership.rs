//! An offer of ownership: who can receive one, and how it is shown.

use accounts::address::Address;
use accounts::user::User;
use serde::Serialize;
use shared::identity::{AccountKey, Handover, Member, OwnershipOffer};
use shared::kernel::ids::UserId;
use shared::kernel::problems::{Problem, ProblemCode, Refusal};
use shared::kernel::time::ApiTimestamp;
use shared::table::Stored;
use shared::tenancy::{Role, Workspace};
use utoipa::ToSchema;

use crate::permissions::TransferOwnership;
use crate::problems;

/// An offer of ownership.
#[derive(Serialize, ToSchema)]
pub struct OwnershipOfferView {
    /// The member who can accept it.
    pub user_id: UserId,
    /// The owner who made it.
    pub offered_by: UserId,
    pub handover: Handover,
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: ApiTimestamp,
}

impl From<&OwnershipOffer> for OwnershipOfferView {
    fn from(offer: &OwnershipOffer) -> Self {
        let (user_id, offered_by) = (offer.to(), offer.from());
        Self { user_id, offered_by, handover: offer.handover(), expires_at: offer.ends_at().into() }
    }
}

/// Why a member cannot become an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OwnershipError {
    #[error("This member is an owner already.")]
    Owner,
    #[error("A reviewer cannot become an owner. Change the member's role first.")]
    Reviewer,
    #[error(
        "This member's email address was never confirmed by an emailed link. Ask them to reset their password, which confirms it."
    )]
    Unverified,
    #[error("This member's account is deleted. Offer the ownership to another member.")]
    Deleted,
    #[error("No one offers you the ownership. Ask an owner for an offer.")]
    NoOffer,
}

impl Refusal for OwnershipError {
    fn problem(&self) -> ProblemCode {
        match self {
            Self::Owner => problems::ALREADY_OWNER,
            Self::Reviewer => problems::OWNERSHIP_FOR_REVIEWER,
            Self::Unverified => problems::OWNERSHIP_FOR_UNVERIFIED,
            Self::Deleted => problems::OWNERSHIP_FOR_DELETED,
            Self::NoOffer => problems::NO_OWNERSHIP_OFFER,
        }
    }
}

/// Refuses a member who is an owner or a reviewer.
pub fn require_role(role: Role) -> Result<(), OwnershipError> {
    match role {
        Role::Owner => Err(OwnershipError::Owner),
        Role::Reviewer => Err(OwnershipError::Reviewer),
        Role::Admin | Role::Member => Ok(()),
    }
}

/// Refuses a member whose account is deleted, or whose address was never proved.
pub async fn require_account(workspace: &Workspace<TransferOwnership>, member: &Stored<Member>) -> Result<(), Problem> {
    let user = workspace.record_of::<User>(member).await?;
    let user = user.filter(|user| !user.is_deleted()).ok_or(OwnershipError::Deleted)?;
    let address = workspace.people().find::<Address>(&AccountKey::email(user.email.as_str())).await?;
    let is_proved = address.is_some_and(|address| address.proved_at().is_some());
    if is_proved { Ok(()) } else { Err(OwnershipError::Unverified.into()) }
}
