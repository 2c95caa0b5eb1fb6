//! A member of the staff: their name and address, and the operator's grant.

use accounts::PersonName;
use mail::EmailAddress;
use serde::{Deserialize, Serialize};
use shared::identity::{AccountKey, AccountRecord, Accounts, StaffRole};
use shared::kernel::ids::StaffId;
use shared::kernel::problems::{Problem, ProblemCode, Refusal};
use shared::kernel::time::Timestamp;
use shared::system_events::{EventKind, Severity};
use shared::table::Stored;

use crate::problems;

/// An operator granted roles of the staff, and got an enrolment link.
pub static STAFF_GRANTED: EventKind = EventKind::security("staff_granted", Severity::Warning);
/// An operator took every role from a member of the staff.
pub static STAFF_REVOKED: EventKind = EventKind::security("staff_revoked", Severity::Warning);

/// A member of the staff. Their roles are stored with their proof, which admission reads.
#[derive(Serialize, Deserialize)]
pub struct StaffMember {
    pub id: StaffId,
    pub email: EmailAddress,
    pub name: PersonName,
    /// The digest of the last enrolment link, which the next one replaces.
    pub enrolment: Option<String>,
    pub granted_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
}

/// The address of a member of the staff. One address is one member, also after a revocation.
#[derive(Serialize, Deserialize)]
pub struct StaffAddress {
    digest: String,
    pub staff: StaffId,
}

impl AccountRecord for StaffMember {
    const KIND: &'static str = "STAFF_MEMBER";

    fn account_key(&self) -> AccountKey {
        AccountKey::Staff(self.id)
    }
}

impl StaffAddress {
    pub fn of(email: &EmailAddress, staff: StaffId) -> Self {
        Self { digest: AccountKey::email_digest(email.as_str()), staff }
    }
}

impl AccountRecord for StaffAddress {
    const KIND: &'static str = "STAFF_ADDRESS";

    fn account_key(&self) -> AccountKey {
        AccountKey::StaffAddress(self.digest.clone())
    }
}

/// Why an operator's change of the staff is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StaffError {
    #[error("must be one or more distinct roles: {}", StaffRole::ALL.map(StaffRole::name).join(", "))]
    Roles,
    #[error("this deployment has no staff console: set StaffConsoleUrl")]
    NoConsole,
    #[error("must be the address of a member of the staff")]
    Unknown,
}

impl Refusal for StaffError {
    fn problem(&self) -> ProblemCode {
        match self {
            Self::Unknown => problems::STAFF_UNKNOWN,
            _ => problems::STAFF_GRANT_INVALID,
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::Roles => Some("roles"),
            Self::NoConsole => None,
            Self::Unknown => Some("email"),
        }
    }
}

/// The member with an address, if there is one.
pub async fn find(accounts: &Accounts, email: &EmailAddress) -> Result<Option<Stored<StaffMember>>, Problem> {
    let key = AccountKey::StaffAddress(AccountKey::email_digest(email.as_str()));
    let Some(address) = accounts.find::<StaffAddress>(&key).await? else { return Ok(None) };
    accounts.find::<StaffMember>(&AccountKey::Staff(address.staff)).await
}
