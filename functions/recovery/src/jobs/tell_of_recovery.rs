//! The job `tell-of-recovery`: notifies the admins of a user's workspaces that the user's account is being recovered.

use accounts::recovery::Recovery;
use accounts::user::User;
use mail::MailUser;
use shared::identity::{AccountChanges, AccountKey, Administered, AllAccounts};
use shared::kernel::ids::UserId;
use shared::kernel::time::Timestamp;
use shared::prelude::job::*;

use crate::letters::member_recovery_started;

/// Letters per transaction, which has at most 100 writes.
const LETTERS_AT_ONCE: usize = 50;

/// A recovery was started.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TellOfRecovery {
    pub user_id: UserId,
    pub started_at: Timestamp,
}

impl Message for TellOfRecovery {
    const NAME: &'static str = "tell-of-recovery";
}

/// Why this job reads the accounts and memberships of other users.
pub enum AdminsMustKnow {}

impl Reason for AdminsMustKnow {
    const WHY: &'static str = "notifies the admins of a user's workspaces that the user's account is being recovered";
}

pub static FUNCTION: Function = Function::job::<TellOfRecovery>();

impl Job for TellOfRecovery {
    const JOB: Declaration = Declaration::new("tell-of-recovery", Trigger::message::<Self>()).timeout_s(120);
    const GRANTS: &'static [Grant] =
        &[Grant::ReadUserRecords, Grant::WriteUserRecords, Grant::WriteLetters, Grant::ReadMembers];
    type Access = AllAccounts<AdminsMustKnow>;

    async fn run(self, all: &Self::Access) -> Result<(), JobError> {
        let key = AccountKey::User(self.user_id);
        let Some(member) = all.find::<User>(&key).await? else { return Ok(()) };
        let admins = all.admins_around(self.user_id).await?;
        loop {
            // Read again for each batch: it stores how many were notified, so that a retry resumes where a failed run
            // stopped.
            let recovery = all.find::<Recovery>(&key).await?;
            let Some(mut recovery) = recovery.filter(|recovery| recovery.started_at == self.started_at) else {
                return Ok(());
            };
            let Some(part) = admins.get(recovery.told..).filter(|left| !left.is_empty()) else { return Ok(()) };
            let part = &part[..part.len().min(LETTERS_AT_ONCE)];
            recovery.told += part.len();
            all.commit(letters(&member, &recovery, part).replace(&recovery)).await?;
        }
    }
}

fn letters(member: &User, recovery: &Recovery, admins: &[Administered]) -> AccountChanges {
    let (name, at, ready_at) = (member.name.as_str(), recovery.started_at, recovery.ready_at);
    admins.iter().fold(AccountChanges::default(), |changes, Administered { admin, workspace }| {
        let letter = member_recovery_started(name, workspace, at, ready_at);
        changes.mail_to(*admin, letter)
    })
}
