//! The job `offer-recoveries`: every 15 minutes, emails the links of recoveries whose waiting time is over.

use accounts::recovery::Recovery;
use accounts::user::User;
use mail::MailUser;
use shared::identity::{AccountChanges, AccountKey, AllAccounts};
use shared::prelude::job::*;
use shared::table::Stored;

use crate::letters;

#[derive(Deserialize)]
pub struct OfferRecoveries {}

/// Why this job reads every account.
pub enum WaitIsOver {}

impl Reason for WaitIsOver {
    const WHY: &'static str = "emails the links of account recoveries whose waiting time is over";
}

pub static FUNCTION: Function = Function::job::<OfferRecoveries>();

impl Job for OfferRecoveries {
    const JOB: Declaration = Declaration::new("offer-recoveries", Trigger::Schedule("rate(15 minutes)")).timeout_s(300);
    const GRANTS: &'static [Grant] = &[
        Grant::ReadUserRecords,
        Grant::WriteUserRecords,
        Grant::DeleteUserRecords,
        Grant::ReadSessions,
        Grant::WriteLetters,
        Grant::ReadAccountsDue,
    ];
    type Access = AllAccounts<WaitIsOver>;

    async fn run(self, all: &Self::Access) -> Result<(), JobError> {
        for recovery in all.due::<Recovery>(all.now()).await? {
            offer(all, recovery).await?;
        }
        Ok(())
    }
}

/// Emails the link, or removes a recovery that was cancelled or not completed in time.
async fn offer(all: &AllAccounts<WaitIsOver>, mut recovery: Stored<Recovery>) -> Result<(), Problem> {
    let (now, user) = (all.now(), recovery.user());
    let epoch = all.find_epoch(user).await?;
    let account = all.find::<User>(&AccountKey::User(user)).await?.filter(|user| !user.is_deleted());
    let changes = match (account, epoch.filter(|epoch| recovery.is_live(*epoch, now))) {
        (Some(_), Some(epoch)) if recovery.is_to_be_offered(now) => {
            recovery.was_offered(now);
            let changes = AccountChanges::default().replace(&recovery).same_epoch(user, epoch);
            changes.mail_to(user, letters::recovery_ready(recovery.link()))
        }
        // The index is eventually consistent: this one is not due.
        (Some(_), Some(_)) => return Ok(()),
        _ => AccountChanges::default().delete(&recovery),
    };
    // A refusal means that it changed concurrently: the next run looks again.
    let _committed = all.try_commit(changes).await?;
    Ok(())
}
