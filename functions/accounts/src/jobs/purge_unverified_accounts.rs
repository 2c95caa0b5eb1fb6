//! The job `purge-unverified-accounts`: once a day, deletes the registrations whose email address was never verified.

use serde_json::json;
use shared::identity::{AccountChanges, AllAccounts};
use shared::prelude::job::*;
use shared::system_events::{EventKind, Occurrence, Severity};

use crate::address::Address;

pub static UNVERIFIED_PURGED: EventKind = EventKind::operational("unverified_accounts_purged", Severity::Info);

#[derive(Deserialize)]
pub struct PurgeUnverifiedAccounts {}

/// Why this job reads every address.
pub enum LinkNeverOpened {}

impl Reason for LinkNeverOpened {
    const WHY: &'static str = "deletes the addresses of registrations that were never verified";
}

pub static FUNCTION: Function = Function::job::<PurgeUnverifiedAccounts>();

impl Job for PurgeUnverifiedAccounts {
    const JOB: Declaration =
        Declaration::new("purge-unverified-accounts", Trigger::Schedule("cron(25 4 * * ? *)")).timeout_s(300);
    const GRANTS: &'static [Grant] = &[Grant::ReadAddresses, Grant::DeleteAddresses, Grant::ReadAccountsDue];
    type Access = AllAccounts<LinkNeverOpened>;

    async fn run(self, all: &Self::Access) -> Result<(), JobError> {
        let mut purged = 0;
        for address in all.due::<Address>(all.now()).await? {
            // An address that is registered again or verified concurrently is kept.
            let is_over = address.is_over(all.now());
            if is_over && all.try_commit(AccountChanges::default().delete(&address)).await?.is_ok() {
                purged += 1;
            }
        }
        if purged > 0 {
            let count = json!({ "addresses": purged });
            all.emit(Occurrence::of(&UNVERIFIED_PURGED, "accounts").detail(count)).await?;
        }
        Ok(())
    }
}
