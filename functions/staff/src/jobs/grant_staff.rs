//! The job `grant-staff`: an operator grants roles of the staff, and gets an enrolment link.

use accounts::PersonName;
use mail::EmailAddress;
use serde_json::json;
use shared::identity::{AccountChanges, AccountKey, StaffRegister, StaffRole};
use shared::kernel::time::Timestamp;
use shared::prelude::job::*;
use shared::system_events::Occurrence;
use shared::table::Stored;

use crate::enrolment::StaffEnrolment;
use crate::member::{STAFF_GRANTED, StaffAddress, StaffError, StaffMember, find};

/// `{"email", "name", "roles"}`: adds a member of the staff, or sets the roles of one. The result is
/// `{"staff_id", "link", "expires_at"}`: with the link, which works once and replaces earlier ones, the member registers a
/// passkey within an hour. It makes its bearer that member: pass it on by a channel that only they read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantStaff {
    email: EmailAddress,
    name: PersonName,
    roles: Vec<StaffRole>,
}

pub static FUNCTION: Function = Function::job::<GrantStaff>();

impl Job for GrantStaff {
    const JOB: Declaration = Declaration::new("grant-staff", Trigger::Operator);
    const GRANTS: &'static [Grant] = &[Grant::ReadStaff, Grant::WriteStaff, Grant::DeleteStaff];
    type Access = StaffRegister;

    async fn run(self, register: &StaffRegister) -> Result<(), JobError> {
        let console_url = self.checked(register)?;
        let known = find(register, &self.email).await?;
        let id = known.as_ref().map_or_else(|| register.new_id(), |member| member.id);
        let (changes, epoch) = match &known {
            Some(_) => {
                let epoch = register.find_staff_epoch(id).await?;
                let epoch = epoch.ok_or_else(|| Problem::internal("a member of the staff has no epoch"))?;
                (AccountChanges::default().set_staff_roles(id, epoch, &self.roles), epoch)
            }
            None => AccountChanges::default().add_staff(id, &self.roles),
        };
        let (token, enrolment) = StaffEnrolment::new(register.entropy(), id, epoch, register.now());
        let detail = json!({ "roles": self.roles, "is_new": known.is_none() });
        let granted = Occurrence::of(&STAFF_GRANTED, id).detail(detail);
        let changes = self.written(changes, known, &enrolment, register.now());
        register.commit(changes.insert(&enrolment).event(granted)).await?;
        let (link, expires_at) = (token.link(console_url), enrolment.expires_at);
        register.reply(&json!({ "staff_id": id, "link": link, "expires_at": expires_at }))?;
        Ok(())
    }
}

impl GrantStaff {
    /// The address that the link is on, if the grant can be made.
    fn checked<'a>(&self, register: &'a StaffRegister) -> Result<&'a str, StaffError> {
        let roles = &self.roles;
        if roles.is_empty() || (1..roles.len()).any(|at| roles[..at].contains(&roles[at])) {
            return Err(StaffError::Roles);
        }
        Some(register.staff_console_url()).filter(|url| !url.is_empty()).ok_or(StaffError::NoConsole)
    }

    /// The member's record, and the end of the link before.
    fn written(
        self,
        changes: AccountChanges,
        known: Option<Stored<StaffMember>>,
        enrolment: &StaffEnrolment,
        now: Timestamp,
    ) -> AccountChanges {
        let digest = Some(enrolment.digest.clone());
        let Some(mut member) = known else {
            let address = StaffAddress::of(&self.email, enrolment.staff);
            let Self { email, name, .. } = self;
            let id = enrolment.staff;
            let member = StaffMember { id, email, name, enrolment: digest, granted_at: now, revoked_at: None };
            return changes.insert(&address).insert(&member);
        };
        let before = std::mem::replace(&mut member.enrolment, digest);
        (member.name, member.granted_at, member.revoked_at) = (self.name, now, None);
        let changes = changes.replace(&member);
        match before {
            Some(before) => changes.forget::<StaffEnrolment>(&AccountKey::StaffEnrolment(before), &""),
            None => changes,
        }
    }
}
