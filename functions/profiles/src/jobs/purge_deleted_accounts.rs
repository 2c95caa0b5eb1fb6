//! The job `purge-deleted-accounts`: once a day, erases the accounts whose time in the trash is over.

use accounts::address::Address;
use accounts::user::User;
use serde::Deserialize;
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::identity::{AccountChanges, AccountKey, AllAccounts};
use shared::jobs::{Declaration, Job, JobError, Trigger};
use shared::kernel::problems::Problem;
use shared::system_events::{EventKind, Occurrence, Severity};
use shared::tenancy::Reason;

pub static ACCOUNT_ERASED: EventKind = EventKind::security("account_erased", Severity::Info);

#[derive(Deserialize)]
pub struct PurgeDeletedAccounts {}

/// Why this job looks into every account.
pub enum TrashIsOver {}

impl Reason for TrashIsOver {
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
    type Access = AllAccounts<TrashIsOver>;

    async fn run(self, all: &Self::Access) -> Result<(), JobError> {
        for user in all.due::<User>(all.now()).await? {
            // The index is a little behind the table: it may name an account that was restored.
            if user.is_over(all.now()) {
                erase(all, &user).await?;
            }
        }
        Ok(())
    }
}

/// Frees the address and erases the rest. The user's own record goes last, so that a run that dies in between is
/// taken up by the next; the event goes with the address, so that it is told once.
async fn erase(all: &AllAccounts<TrashIsOver>, user: &User) -> Result<(), Problem> {
    let address = all.find::<Address>(&AccountKey::email(user.email.as_str())).await?;
    if let Some(address) = address.filter(|address| address.owner() == Some(user.id)) {
        let changes = AccountChanges::default().delete(&address).event(Occurrence::of(&ACCOUNT_ERASED, user.id));
        all.commit(changes).await?;
    }
    let records = all.erase(user.id).await?;
    tracing::info!(user.id = %user.id, records, "an account is erased");
    Ok(())
}
