//! The job `revoke-staff`: an operator takes every role from a member of the staff.

use mail::EmailAddress;
use shared::identity::{AccountChanges, AccountKey, StaffRegister};
use shared::prelude::job::*;
use shared::system_events::Occurrence;

use crate::enrolment::StaffEnrolment;
use crate::member::{STAFF_REVOKED, StaffError, find};
use crate::passkey::StaffPasskey;

/// DynamoDB allows 100 items in a transaction, and the others of this one are five.
const MOST_DELETED: usize = 90;

/// `{"email"}`: the member's sessions end at their next request; their passkeys and enrolment link no longer work. A later
/// grant gives them roles again, and a link to register new passkeys.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevokeStaff {
    email: EmailAddress,
}

pub static FUNCTION: Function = Function::job::<RevokeStaff>();

impl Job for RevokeStaff {
    const JOB: Declaration = Declaration::new("revoke-staff", Trigger::Operator);
    const GRANTS: &'static [Grant] = &[Grant::ReadStaff, Grant::WriteStaff, Grant::DeleteStaff];
    type Access = StaffRegister;

    async fn run(self, register: &StaffRegister) -> Result<(), JobError> {
        let mut member = find(register, &self.email).await?.ok_or(StaffError::Unknown)?;
        if member.revoked_at.is_some() {
            return Ok(());
        }
        let key = AccountKey::Staff(member.id);
        let epoch = register.find_staff_epoch(member.id).await?;
        let epoch = epoch.ok_or_else(|| Problem::internal("a member of the staff has no epoch"))?;
        let passkeys = register.list::<StaffPasskey>(&key).await?;
        let link = member.enrolment.take();
        member.revoked_at = Some(register.now());
        let changes = AccountChanges::default().revoke_staff(member.id, epoch).replace(&member);
        let changes = link.iter().fold(changes, |changes, digest| {
            changes.forget::<StaffEnrolment>(&AccountKey::StaffEnrolment(digest.clone()), &"")
        });
        // The epoch invalidates every passkey. Records beyond the size of a transaction stay until the next revocation.
        let changes = passkeys.iter().take(MOST_DELETED).fold(changes, |changes, passkey| {
            changes.forget::<StaffPasskey>(&key, &StaffPasskey::part_of(&passkey.credential))
        });
        register.commit(changes.event(Occurrence::of(&STAFF_REVOKED, member.id))).await?;
        Ok(())
    }
}
