//! The job `purge-workspaces`: every hour, erases the workspaces that were deleted 30 days ago, and certifies it.
//!
//! Each step is committed, so that the next run resumes what this one leaves.

use mail::SendEmail;
use shared::identity::{Advanced, Destruction, Erasure};
use shared::kernel::time::SignedDuration;
use shared::prelude::job::*;
use shared::table::Stored;
use shared::tenancy::{AllWorkspaces, Changes};
use shared::work::each_due;

use crate::certificate::claims;
use crate::letters::workspace_erased;

#[derive(Deserialize)]
pub struct PurgeWorkspaces {}

/// Why this job reads every workspace.
pub enum RetentionIsOver {}

impl Reason for RetentionIsOver {
    const WHY: &'static str = "erases the workspaces that their owners deleted 30 days ago";
}

/// No step is begun in the last part of a run.
const RESERVED: SignedDuration = SignedDuration::from_secs(30);

pub static FUNCTION: Function = Function::job::<PurgeWorkspaces>();

impl Job for PurgeWorkspaces {
    const JOB: Declaration = Declaration::new("purge-workspaces", Trigger::Schedule("rate(1 hour)")).timeout_s(330);
    const GRANTS: &'static [Grant] = &[Grant::ReadDue, Grant::EraseWorkspaces, Grant::SignCertificates];
    type Access = AllWorkspaces<RetentionIsOver>;

    async fn run(self, workspaces: &Self::Access) -> Result<(), JobError> {
        each_due(workspaces, workspaces.now(), |workspace, erasure| purge(workspaces, workspace, erasure)).await
    }
}

/// Erases one workspace, as far as the run's time allows.
async fn purge(
    workspaces: &AllWorkspaces<RetentionIsOver>,
    workspace: Tenant,
    mut erasure: Stored<Erasure>,
) -> Result<(), Problem> {
    // The index is eventually consistent.
    if !erasure.is_due(workspaces.now()) {
        return Ok(());
    }
    while workspaces.context().left(workspaces.now()) > RESERVED {
        match workspace.erase(&mut erasure).await? {
            Advanced::Again => {}
            Advanced::Waits => return Ok(()),
            Advanced::Emptied(destruction) => return certify(&workspace, &erasure, &destruction).await,
        }
    }
    Ok(())
}

/// Signs the certificate, stores it, and mails it to the former owners, in the transaction that ends the erasure.
async fn certify(workspace: &Tenant, erasure: &Stored<Erasure>, destruction: &Destruction) -> Result<(), Problem> {
    let erased_at = workspace.now();
    let id = workspace.new_certificate_id();
    let claims = claims(destruction, (workspace.issuer(), &id), workspace.has_own_key(), erased_at);
    let certificate = workspace.sign_certificate(&claims).await?;
    let changes = Changes::default().unaudited("the audit log is erased");
    let messages = destruction.owners.iter().fold(changes, |messages, owner| {
        let letter = workspace_erased(destruction, erased_at, &certificate);
        messages.send(&SendEmail::to_user(*owner, letter))
    });
    if workspace.finish_erasure(erasure, destruction, &certificate, messages).await? {
        tracing::info!(workspace.id = %workspace.id(), certificate.id = id, "a workspace was erased");
    }
    Ok(())
}
