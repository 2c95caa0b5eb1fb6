//! The job `tell-of-recovery`: notifies the admins of a user's workspaces that the user's account is being recovered.

use accounts::recovery::Recovery;
use accounts::user::User;
use mail::{Letter, SendEmail};
use serde::{Deserialize, Serialize};
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::identity::{AccountChanges, AccountKey, Administered, AllAccounts};
use shared::jobs::{Declaration, Job, JobError, Trigger};
use shared::kernel::ids::UserId;
use shared::kernel::problems::Problem;
use shared::kernel::time::Timestamp;
use shared::outbox::Message;
use shared::tenancy::Reason;

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
            let letters = letters(all, &member, &recovery, part).await?;
            all.commit(letters.replace(&recovery)).await?;
        }
    }
}

async fn letters(
    all: &AllAccounts<AdminsMustKnow>,
    member: &User,
    recovery: &Recovery,
    admins: &[Administered],
) -> Result<AccountChanges, Problem> {
    let mut changes = AccountChanges::default();
    for Administered { admin, workspace } in admins {
        let admin = all.find::<User>(&AccountKey::User(*admin)).await?.filter(|admin| !admin.is_deleted());
        let Some(admin) = admin else { continue };
        let letter = Letter::MemberRecoveryStarted {
            name: admin.name.as_str().to_owned(),
            member: member.name.as_str().to_owned(),
            workspace: workspace.clone(),
            at: recovery.started_at,
            ready_at: recovery.ready_at,
        };
        changes = changes.send(admin.id, &SendEmail { to: admin.email.clone(), letter });
    }
    Ok(changes)
}
