//! The only module that writes the proofs of workspace tokens.

use jiff::{SignedDuration, Timestamp};

use super::membership_changes::in_role;
use super::proofs::{self, Found};
use super::workspace_token::{NewWorkspaceToken, WorkspaceTokenProof};
use crate::aws::grants::Table;
use crate::kernel::ids::WorkspaceTokenId;
use crate::kernel::problem_codes::{MODIFIED_CONCURRENTLY, PERMISSION_MISSING};
use crate::kernel::problems::Problem;
use crate::table::commit::{Act, Expected, Plan};
use crate::table::read::Reader;
use crate::tenancy::scope::Scope;
use crate::tenancy::tenant::Tenant;
use crate::tenancy::{AssignableRole, Audited, Permission, Workspace};

/// What a token may do, and until when.
pub struct WorkspaceTokenTerms {
    pub id: WorkspaceTokenId,
    pub role: AssignableRole,
    /// Its scopes: `posts:read`, `posts:write`.
    pub scopes: Vec<String>,
    pub expires_at: Timestamp,
}

/// What a rotation does with the secret that worked until now, and with the token's lifetime.
pub struct Rotation {
    /// How long the secret that worked until now still works.
    pub overlap: SignedDuration,
    pub expires_at: Timestamp,
    /// The refusal if as many earlier secrets as are kept still work.
    pub too_many: Problem,
}

/// Earlier secrets that may work at the same time.
pub const MOST_EARLIER: usize = 3;

fn deletion(scope: &Scope, id: WorkspaceTokenId) -> Plan {
    let (partition, sort) = proofs::workspace_token(scope.id(), id);
    let mut plan = Plan::default();
    plan.add(Table::Proofs, Some(partition), sort, Act::Delete(Expected::Any));
    plan
}

impl<P: Permission> Workspace<P> {
    /// Creates a token, valid from the next request on. 403 for a role with more permissions than the caller's. Needs
    /// `Grant::ChangeTokens` and `Grant::ProveMembership`.
    pub async fn create_token(
        &self,
        new: &NewWorkspaceToken,
        terms: WorkspaceTokenTerms,
        audited: Audited,
    ) -> Result<(), Problem> {
        let WorkspaceTokenTerms { id, role, scopes, expires_at } = terms;
        if !self.role().covers(role.into()) {
            return Err(Problem::new(PERMISSION_MISSING, "A token cannot have permissions that you do not have."));
        }
        let (digest, earlier, epoch) = (new.digest.clone(), Vec::new(), 1);
        let proof = WorkspaceTokenProof { digest, earlier, epoch, role, scopes, expires_at };
        let (partition, sort) = proofs::workspace_token(self.id(), id);
        let row = proofs::row(&sort, &proof, Some(expires_at))?;
        let mut plan = Plan::default();
        plan.put(Table::Proofs, Some(partition), row, Expected::Absent);
        self.commit_tokens(plan, audited).await
    }

    /// Gives a token another secret. 404 for a token that has expired. One read; the same grants.
    pub async fn rotate_token(
        &self,
        id: WorkspaceTokenId,
        new: &NewWorkspaceToken,
        rotation: Rotation,
        audited: Audited,
    ) -> Result<(), Problem> {
        let (key, now) = (proofs::workspace_token(self.id(), id), self.now());
        let reader = Reader { aws: &self.app().aws, session: None };
        let found = Found::new(Box::pin(reader.batch(Table::Proofs, vec![key.clone()])).await?);
        let proof: WorkspaceTokenProof = found.read(&key)?.ok_or_else(Problem::not_found)?;
        let revision = found.revision(&key).ok_or_else(Problem::not_found)?;
        let Rotation { overlap, expires_at, too_many } = rotation;
        let proof = proof.rotated(new.digest.clone(), overlap, expires_at, now);
        if proof.earlier.len() > MOST_EARLIER {
            return Err(too_many);
        }
        let row = proofs::row(&key.1, &proof, Some(expires_at))?;
        let mut plan = Plan::default();
        plan.put(Table::Proofs, Some(key.0), row, Expected::Revision(revision));
        self.commit_tokens(plan, audited).await
    }

    /// Deletes a token: it is refused from the next request on. The same grants.
    pub async fn delete_token(&self, id: WorkspaceTokenId, audited: Audited) -> Result<(), Problem> {
        self.commit_tokens(deletion(self, id), audited).await
    }

    /// Commits if the caller still has the role that admitted them: a token is a grant of rights.
    async fn commit_tokens(&self, mut plan: Plan, audited: Audited) -> Result<(), Problem> {
        plan.require_first(in_role(proofs::membership(self.id(), self.user()?), self.role())?);
        Box::pin(self.commit_plan(audited, plan)).await
    }
}

impl Tenant {
    /// The same for a token that has expired, by a job. Needs `Grant::ChangeTokens`.
    /// False if its record has changed since it was read.
    pub async fn remove_expired_token(&self, id: WorkspaceTokenId, audited: Audited) -> Result<bool, Problem> {
        match Box::pin(self.commit_plan(audited, deletion(self, id))).await {
            Err(problem) if problem.code() == MODIFIED_CONCURRENTLY.code => Ok(false),
            committed => committed.map(|()| true),
        }
    }
}
