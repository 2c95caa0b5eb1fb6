//! The sign-in of the staff: by passkey alone.
//!
//! Every refusal takes the same reads, the same computation and one transaction of one write, and gets the same response,
//! so that an attempt reveals neither whether a member exists nor whether a passkey does.

use passkeys::ceremony::Ceremony;
use passkeys::passkey::{PasskeyError, Regressed};
use passkeys::webauthn::credential::PasskeyAssertion;
use serde_json::json;
use shared::identity::{AccountChanges, AccountKey, Accounts, StaffEpoch};
use shared::kernel::ids::{StaffId, StaffKind};
use shared::kernel::problems::Problem;
use shared::system_events::{EventKind, Occurrence, Severity};

use crate::passkey::{STAFF_PASSKEY_COUNTER_REGRESSED, StaffPasskey, relying_party};

pub static STAFF_SIGNED_IN: EventKind = EventKind::security("staff_signed_in", Severity::Info);
/// A sign-in of the staff was refused. Kept for a year, like refused sign-ins of users: anyone can cause it.
pub static STAFF_SIGN_IN_REFUSED: EventKind = EventKind::operational("staff_sign_in_refused", Severity::Warning);

/// The subject of an event about no known member.
const UNKNOWN: &str = "unknown";

/// The member of the passkey, their epoch, and the changes that record its use.
pub struct Proved {
    pub staff: StaffId,
    pub epoch: StaffEpoch,
    pub changes: AccountChanges,
}

/// Verifies the response that ended a ceremony.
pub async fn prove(accounts: &Accounts, ceremony: &Ceremony, answer: &PasskeyAssertion) -> Result<Proved, Problem> {
    let party = relying_party(accounts)?;
    let staff = answer.owner::<StaffKind>().unwrap_or_else(|| accounts.new_id());
    // Read before the check, so that a concurrent revocation wins.
    let epoch = accounts.find_staff_epoch(staff).await?;
    let part = StaffPasskey::part_of(answer.credential());
    let passkey = accounts.find_part::<StaffPasskey>(&AccountKey::Staff(staff), &part).await?;
    let passkey = passkey.filter(|passkey| epoch == Some(passkey.epoch));
    let public = passkey.as_ref().map(|passkey| passkey.public());
    let verified = answer.verify(ceremony.challenge.as_slice(), &party, public);
    let (Some(mut passkey), Some(epoch)) = (passkey, epoch) else {
        return Err(refused(accounts, UNKNOWN, "no such member or passkey").await?);
    };
    let subject = staff.to_string();
    let seen = match verified {
        Ok(seen) => seen,
        Err(invalid) => return Err(refused(accounts, &subject, &invalid.to_string()).await?),
    };
    if let Err(Regressed { stored, received }) = passkey.use_now(seen, accounts.now()) {
        let detail = json!({ "stored": stored, "received": received });
        accounts.emit(Occurrence::of(&STAFF_PASSKEY_COUNTER_REGRESSED, subject).detail(detail)).await?;
        return Err(PasskeyError::Refused.into());
    }
    Ok(Proved { staff, epoch, changes: AccountChanges::default().replace(&passkey) })
}

async fn refused(accounts: &Accounts, subject: &str, reason: &str) -> Result<Problem, Problem> {
    tracing::info!(reason, "passkey of the staff refused");
    accounts.emit(Occurrence::of(&STAFF_SIGN_IN_REFUSED, subject)).await?;
    Ok(PasskeyError::Refused.into())
}
