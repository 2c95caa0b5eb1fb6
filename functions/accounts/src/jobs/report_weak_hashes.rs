//! The job `report-weak-hashes`: once a week, counts the password hashes with outdated parameters.
//!
//! Each is replaced when its user signs in. The remaining ones belong to users who do not return, and an operator may
//! decide to invalidate those passwords.

use std::collections::BTreeMap;

use serde_json::json;
use shared::identity::AllAccounts;
use shared::prelude::job::*;
use shared::system_events::{EventKind, Occurrence, Severity};

use crate::decoy_account;
use crate::password_hash::Effort;
use crate::user::PasswordRecord;

pub static WEAK_PASSWORD_HASHES: EventKind = EventKind::operational("weak_password_hashes", Severity::Info);

#[derive(Deserialize)]
pub struct ReportWeakHashes {}

/// Why this job reads every password hash.
pub enum HashParameters {}

impl Reason for HashParameters {
    const WHY: &'static str = "counts password hashes by their parameters";
}

pub static FUNCTION: Function = Function::job::<ReportWeakHashes>();

impl Job for ReportWeakHashes {
    const JOB: Declaration =
        Declaration::new("report-weak-hashes", Trigger::Schedule("cron(10 5 ? * MON *)")).timeout_s(300);
    const GRANTS: &'static [Grant] = &[Grant::ReadUserRecords, Grant::ReadAccountsDue];
    type Access = AllAccounts<HashParameters>;

    async fn run(self, all: &Self::Access) -> Result<(), JobError> {
        let effort = Effort::of(all);
        let (mut passwords, mut weak) = (0, BTreeMap::<String, u64>::new());
        all.each_due::<PasswordRecord>(all.now(), |record| {
            if record.user == decoy_account::id() {
                return;
            }
            passwords += 1;
            if record.hash.is_outdated(effort) {
                *weak.entry(record.hash.parameters()).or_default() += 1;
            }
        })
        .await?;
        let counts = json!({ "passwords": passwords, "weak": weak });
        all.emit(Occurrence::of(&WEAK_PASSWORD_HASHES, "accounts").detail(counts)).await?;
        Ok(())
    }
}
