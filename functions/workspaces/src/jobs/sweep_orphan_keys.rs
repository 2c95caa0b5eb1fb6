//! The job `sweep-orphan-keys`: once a day, schedules the deletion of workspace keys that no workspace uses.
//!
//! A key is created before it is recorded, and a crash in between leaves an orphan. KMS deletes a key after seven days;
//! until then an operator can cancel the deletion.

use shared::prelude::job::*;
use shared::tenancy::AllWorkspaces;

#[derive(Deserialize)]
pub struct SweepOrphanKeys {}

/// Why this job reads every workspace.
pub enum KeysWithoutRecord {}

impl Reason for KeysWithoutRecord {
    const WHY: &'static str = "compares every workspace key with the record of the workspace that it is tagged with";
}

pub static FUNCTION: Function = Function::job::<SweepOrphanKeys>();

impl Job for SweepOrphanKeys {
    const JOB: Declaration =
        Declaration::new("sweep-orphan-keys", Trigger::Schedule("cron(40 3 * * ? *)")).timeout_s(300);
    const GRANTS: &'static [Grant] = &[Grant::RetireKeys, Grant::ReadItems];
    type Access = AllWorkspaces<KeysWithoutRecord>;

    async fn run(self, workspaces: &Self::Access) -> Result<(), JobError> {
        for key in workspaces.retire_orphan_keys().await? {
            tracing::warn!(kms.key = key, "an orphan key is scheduled for deletion");
        }
        Ok(())
    }
}
