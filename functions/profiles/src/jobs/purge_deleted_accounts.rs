//! The job `purge-deleted-accounts`: once a day, erases the accounts that were deleted 30 days ago.

use accounts::address::Address;
use accounts::user::User;
use shared::identity::{AccountChanges, AccountKey, AllAccounts};
use shared::prelude::job::*;
use shared::system_events::{EventKind, Occurrence, Severity};

pub static ACCOUNT_ERASED: EventKind = EventKind::security("account_erased", Severity::Info);

#[derive(Deserialize)]
pub struct PurgeDeletedAccounts {}

/// Why this job reads every account.
pub enum RetentionIsOver {}

impl Reason for RetentionIsOver {
    const WHY: &'static str = "erases the accounts that their users deleted 30 days ago";
}

pub static FUNCTION: Function = Function::job::<PurgeDeletedAccounts>();

impl Job for PurgeDeletedAccounts {
    const JOB: Declaration =
        Declaration::new("purge-deleted-accounts", Trigger::Schedule("cron(10 4 * * ? *)")).timeout_s(300);
    const GRANTS: &'static [Grant] = &[
        Grant::ReadUserRecords,
        Grant::DeleteUserRecords,
        Grant::ReadAddresses,
        Grant::DeleteAddresses,
        Grant::ReadSessions,
        Grant::DeleteSessions,
        Grant::LeaveWorkspaces,
        Grant::ReadAccountsDue,
    ];
    type Access = AllAccounts<RetentionIsOver>;

    async fn run(self, all: &Self::Access) -> Result<(), JobError> {
        for user in all.due::<User>(all.now()).await? {
            // The index is eventually consistent: it may list an account that was restored.
            if user.is_over(all.now()) {
                erase(all, &user).await?;
            }
        }
        Ok(())
    }
}

/// Frees the address and erases the rest. The user's own record is deleted last, so that the next run resumes a run
/// that failed; the event is written with the deletion of the address, so that it is emitted once.
async fn erase(all: &AllAccounts<RetentionIsOver>, user: &User) -> Result<(), Problem> {
    let address = all.find::<Address>(&AccountKey::email(user.email.as_str())).await?;
    if let Some(address) = address.filter(|address| address.owner() == Some(user.id)) {
        let changes = AccountChanges::default().delete(&address).event(Occurrence::of(&ACCOUNT_ERASED, user.id));
        all.commit(changes).await?;
    }
    let records = all.erase(user.id).await?;
    tracing::info!(user.id = %user.id, records, "an account was erased");
    Ok(())
}
