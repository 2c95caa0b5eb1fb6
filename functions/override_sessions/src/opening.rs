//! Who may open an override session into a workspace, and for how long.

use accounts::address::Address;
use serde::Deserialize;
use serde_json::json;
use shared::identity::{AccountKey, Accounts, OverrideSite, Staff, StaffPermission, StaffWorkspace};
use shared::kernel::problems::{Problem, ProblemCode, Refusal};
use shared::kernel::whole_number::WholeNumber;
use shared::system_events::{EventKind, Occurrence, Severity};
use shared::tenancy::OverrideAccess;
use staff::member::StaffMember;

use crate::problems;

/// A member of the staff opened a session into a workspace, or asked for one. The event's origin has the member.
pub static OVERRIDE_SESSION_OPENED: EventKind = EventKind::security("override_session_opened", Severity::Warning);
/// A member of the staff was refused a session.
pub static OVERRIDE_SESSION_REFUSED: EventKind = EventKind::security("override_session_refused", Severity::Warning);

/// The longest session, in minutes.
const LONGEST_MINUTES: u32 = 60;

/// How long a session lasts: 1 to 60 minutes.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(from = "WholeNumber<1, LONGEST_MINUTES>")]
pub struct Minutes(u32);

impl Minutes {
    pub fn get(self) -> u32 {
        self.0
    }
}

impl From<WholeNumber<1, LONGEST_MINUTES>> for Minutes {
    fn from(minutes: WholeNumber<1, LONGEST_MINUTES>) -> Self {
        Self(minutes.get())
    }
}

/// Why a session is not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OverrideError {
    #[error("An account with your email address is a member of this workspace. Ask another member of the staff.")]
    OwnWorkspace,
    #[error(
        "This workspace allows the staff to read only. Ask for read_only, or ask an owner to set override_access to full."
    )]
    FullNotAllowed,
}

impl Refusal for OverrideError {
    fn problem(&self) -> ProblemCode {
        match self {
            Self::OwnWorkspace => problems::OWN_WORKSPACE,
            Self::FullNotAllowed => problems::FULL_ACCESS_NOT_ALLOWED,
        }
    }
}

/// The record of the caller; 404 for one that has none.
pub async fn own_record<P: StaffPermission>(staff: &Staff<P>) -> Result<StaffMember, Problem> {
    let member = staff.find::<StaffMember>(&AccountKey::Staff(staff.id())).await?;
    Ok(member.ok_or_else(Problem::not_found)?.into_inner())
}

/// Refuses a workspace in which the member of the staff has interests of their own, as far as this can be known: by an
/// account with the address of the grant. Each refusal of the rules is a system event.
pub async fn judge<P: StaffPermission>(
    workspace: &StaffWorkspace<P>,
    member: &StaffMember,
    site: &OverrideSite<'_, P>,
    access: OverrideAccess,
) -> Result<(), Problem> {
    site.require_open()?;
    let staff = workspace.staff();
    let address = staff.find::<Address>(&AccountKey::email(member.email.as_str())).await?;
    let account = address.and_then(|address| address.owner());
    let refusal = if account.is_some_and(|user| site.is_member(user)) {
        OverrideError::OwnWorkspace
    } else if access > site.allows() {
        OverrideError::FullNotAllowed
    } else {
        return Ok(());
    };
    let accounts: &Accounts = staff;
    let detail = json!({ "staff": staff.id(), "access": access, "code": refusal.problem().code });
    accounts.emit(Occurrence::of(&OVERRIDE_SESSION_REFUSED, workspace.id()).detail(detail)).await?;
    Err(refusal.into())
}
