//! The steps of an erasure: its beginning, its passes, and its end.

use jiff::SignedDuration;
use serde_json::json;

use super::passes::Page;
use super::state::{Begun, Destruction, Erasure, Phase, Tally};
use crate::aws::grants::Table;
use crate::identity::{certificates, proofs, suspension};
use crate::kernel::ids::new_uuid;
use crate::kernel::problem_codes::MODIFIED_CONCURRENTLY;
use crate::kernel::problems::Problem;
use crate::kernel::time::after;
use crate::table::commit::{Act, Expected, Plan};
use crate::table::entity::{Stored, sort_key};
use crate::tenancy::{Audited, Changes, Tenant};

/// The time between two passes. It is longer than every run (five minutes) and request that was admitted before, with the
/// retries of its calls, so that nothing is written after a pass that found nothing.
const BETWEEN_PASSES: SignedDuration = SignedDuration::from_hours(1);

/// The result of a step.
#[derive(Debug)]
pub enum Advanced {
    /// The next step can follow at once.
    Again,
    /// The next step is due later, or another run is at work.
    Waits,
    /// Nothing is left: certify it.
    Emptied(Box<Destruction>),
}

impl Tenant {
    /// Does the next step of the erasure of this workspace. Needs `Grant::EraseWorkspaces`.
    pub async fn erase(&self, erasure: &mut Stored<Erasure>) -> Result<Advanced, Problem> {
        let advanced = if erasure.begun.is_some() {
            Box::pin(self.advance(erasure)).await
        } else {
            Box::pin(self.begin(erasure)).await
        };
        match advanced {
            // A restore, a member who left, DynamoDB's own deletion of an expired item, or another run came first.
            Err(problem) if problem.code() == MODIFIED_CONCURRENTLY.code => Ok(Advanced::Waits),
            advanced => advanced,
        }
    }

    /// Marks the workspace, so that it cannot be restored. A restore changes the same directory entry: one of both commits.
    async fn begin(&self, erasure: &mut Stored<Erasure>) -> Result<Advanced, Problem> {
        let directory = self.directory().await?;
        // An operator suspended it for a reason, and what it did may have to be looked into.
        let Some(trashed_at) = directory.trashed_at().filter(|_| !directory.is_suspended()) else {
            return Ok(Advanced::Waits);
        };
        // A release that does not know the entry restored the workspace, and it was deleted again since.
        if trashed_at != erasure.trashed_at {
            **erasure = erasure.deleted_again(trashed_at);
            self.keep(erasure, Plan::default()).await?;
            return Ok(Advanced::Waits);
        }
        let now = self.now();
        erasure.begun = Some(Begun {
            at: now,
            pass: 1,
            phase: Phase::Key,
            found: 0,
            directory: directory.revision() + 1,
            owners: Vec::new(),
            keys: Vec::new(),
            versions: Vec::new(),
            tally: Tally::default(),
        });
        let changes = Changes::default().replace(erasure).unaudited("the audit log is erased");
        directory.change().erase(now).commit(changes).await?;
        erasure.committed();
        tracing::info!(workspace.id = %self.id(), "the erasure of a workspace began");
        Ok(Advanced::Again)
    }

    async fn advance(&self, erasure: &mut Stored<Erasure>) -> Result<Advanced, Problem> {
        let Some(begun) = erasure.begun.as_mut() else { return Ok(Advanced::Waits) };
        let page = self.erase_page(begun).await?;
        match page {
            Page::Some(plan) => self.keep(erasure, plan).await.map(|()| Advanced::Again),
            Page::Empty => match begun.phase.next() {
                Some(phase) => {
                    begun.phase = phase;
                    let (pass, found, tally) = (begun.pass, begun.found, json!(begun.tally));
                    tracing::info!(workspace.id = %self.id(), pass, ?phase, found, %tally, "an erasure advances");
                    self.keep(erasure, Plan::default()).await.map(|()| Advanced::Again)
                }
                None => self.end_pass(erasure).await,
            },
        }
    }

    /// Another pass follows one that found something, or during which the directory entry changed.
    async fn end_pass(&self, erasure: &mut Stored<Erasure>) -> Result<Advanced, Problem> {
        let (directory, trashed_at) = (self.directory().await?, erasure.trashed_at);
        let Some(begun) = erasure.begun.as_mut() else { return Ok(Advanced::Waits) };
        if begun.found == 0 && begun.directory == directory.revision() {
            return Ok(Advanced::Emptied(Box::new(Destruction {
                workspace: self.id(),
                name: directory.name().to_owned(),
                trashed_at,
                began_at: begun.at,
                tally: begun.tally.clone(),
                keys: begun.keys.clone(),
                owners: begun.owners.clone(),
                directory: begun.directory,
            })));
        }
        (begun.pass, begun.phase, begun.found) = (begun.pass + 1, Phase::Key, 0);
        begun.directory = directory.revision();
        erasure.due_at = after(self.now(), BETWEEN_PASSES);
        self.keep(erasure, Plan::default()).await?;
        Ok(Advanced::Waits)
    }

    /// Commits the state with the deletions of its step.
    async fn keep(&self, erasure: &mut Stored<Erasure>, deletions: Plan) -> Result<(), Problem> {
        let changes = Changes::default().replace(erasure).unaudited("the audit log is erased");
        self.commit_plan(changes, deletions).await?;
        erasure.committed();
        Ok(())
    }

    /// A new id for a certificate.
    pub fn new_certificate_id(&self) -> String {
        new_uuid(&self.app().aws.clock, &self.app().aws.entropy).simple().to_string()
    }

    /// Signs the claims of a deletion certificate: a JWS in compact serialisation. Needs `Grant::SignCertificates`.
    pub async fn sign_certificate(&self, claims: &serde_json::Value) -> Result<String, Problem> {
        Box::pin(certificates::sign(&self.app().aws, claims)).await
    }

    /// Ends the erasure: deletes the directory entry and the state, and stores the certificate, together with `messages`.
    /// False if the workspace was changed since: another pass follows.
    pub async fn finish_erasure(
        &self,
        erasure: &Stored<Erasure>,
        destruction: &Destruction,
        certificate: &str,
        mut messages: Audited,
    ) -> Result<bool, Problem> {
        messages.changes = messages.changes.delete(erasure);
        let mut plan = Plan::default();
        let (partition, sort) = proofs::directory(self.id());
        let unchanged = Act::Delete(Expected::Revision(destruction.directory));
        plan.add(Table::Proofs, Some(partition), sort, unchanged);
        let (partition, sort) = suspension::key(self.id());
        plan.add(Table::Proofs, Some(partition), sort, Act::Delete(Expected::Any));
        certificates::store(&mut plan, self.id(), self.now(), certificate)?;
        match Box::pin(self.commit_plan(messages, plan)).await {
            Err(problem) if problem.code() == MODIFIED_CONCURRENTLY.code => Ok(false),
            committed => committed.map(|()| true),
        }
    }

    /// Whether workspaces of this deployment have keys of their own.
    pub fn has_own_key(&self) -> bool {
        matches!(self.app().aws.config.workspace_keys, crate::config::WorkspaceKeys::Dedicated)
    }

    /// The address of the product's API, as the issuer of what it signs.
    pub fn issuer(&self) -> &str {
        &self.app().aws.config.base_url
    }
}

/// The sort key of the state.
pub(super) fn state_key() -> String {
    sort_key::<Erasure>(Erasure::KEY)
}
