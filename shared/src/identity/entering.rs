//! Entering a workspace: a user founds one and becomes its first owner, or joins one by an invitation.

use std::marker::PhantomData;
use std::ops::Deref;

use super::invitation::{Invitation, InvitationClaim, InvitationId, InvitationState, PendingInvitation};
use super::invitation_error::InvitationError;
use super::member::MEMBERS;
use super::membership_changes::{Cap, MembershipChanges};
use super::memberships::Membership;
use super::proofs::{self, DirectoryEntry, Found, MembershipProof};
use crate::audit::Target;
use crate::aws::grants::Table;
use crate::kernel::ids::{UserId, WorkspaceId};
use crate::kernel::problem_codes::MODIFIED_CONCURRENTLY;
use crate::kernel::problems::Problem;
use crate::table::commit::{Act, Expected, Plan};
use crate::table::entity::{Stored, sort_key};
use crate::table::item::Row;
use crate::table::read::Reader;
use crate::tenancy::recount::NextRecount;
use crate::tenancy::scope::Scope;
use crate::tenancy::{Audited, Overrides, ReadOnlyAfter, Role, SecurityRules};

/// A scope over a workspace that does not exist yet, under a new id.
pub struct Founding {
    pub(crate) scope: Scope,
    pub(crate) user: UserId,
}

impl Founding {
    /// Commits the workspace's first items with its directory entry and the founder's membership. `too_many` is the
    /// problem for a user who is a member of `cap` workspaces already.
    pub async fn commit(
        &self,
        name: &str,
        cap: u32,
        too_many: impl Into<Problem>,
        audited: Audited,
    ) -> Result<(), Problem> {
        let config = &self.scope.app().aws.config;
        let entry = DirectoryEntry {
            name: name.to_owned(),
            plan: config.initial_plan.clone(),
            region: config.region.clone(),
            cell: config.cell.clone(),
            base_url: config.base_url.clone(),
            suspended: false,
            security: SecurityRules::default(),
            owners: 0,
            trashed_at: None,
            erasing_at: None,
            overrides: Overrides::default(),
            read_only_after: ReadOnlyAfter::default(),
            created_at: self.scope.now(),
        };
        let cap = Cap { workspaces: cap, too_many: too_many.into() };
        let changes = MembershipChanges::of(self.scope.id()).enter(self.user, Role::Owner, self.scope.now(), cap)?;
        let mut plan = changes.founding(entry)?;
        plan.put(Table::Tenants, None, Row::of(&NextRecount::after(self.scope.now()))?, Expected::Absent);
        Box::pin(self.scope.commit_listing(audited, plan, Some(self.user))).await
    }

    /// The target of the founding's audit entry, and the id that a repeated request is answered with.
    pub fn target(&self) -> Target {
        self.scope.id().into()
    }

    pub fn plan(&self) -> &str {
        &self.scope.app().aws.config.initial_plan
    }
}

impl Deref for Founding {
    type Target = Scope;

    fn deref(&self) -> &Scope {
        &self.scope
    }
}

/// A verified invitation of a user. It gives no access to the workspace: it can be accepted or declined.
pub struct Invited<'a> {
    user: UserId,
    scope: Scope,
    claim: InvitationClaim,
    standing: Standing,
    /// It does not outlive the request's access.
    presented: PhantomData<&'a ()>,
}

/// The state of an invitation for the user who presents it.
enum Standing {
    /// It can be accepted, with this membership as the result.
    Open(Stored<Invitation>, Membership),
    /// The user accepted it before and is a member.
    Accepted(Membership),
}

impl Invited<'_> {
    pub(crate) async fn read(scope: Scope, user: UserId, claim: InvitationClaim) -> Result<Self, Problem> {
        let standing = stand(&scope, user, &claim).await?;
        Ok(Self { user, scope, claim, standing, presented: PhantomData })
    }

    pub fn workspace(&self) -> WorkspaceId {
        self.claim.workspace
    }

    pub fn invitation(&self) -> InvitationId {
        self.claim.invitation
    }

    pub fn role(&self) -> Role {
        self.claim.role.into()
    }

    /// Makes the user a member and consumes the invitation, in one transaction with `audited`, if the workspace exists and
    /// is not suspended. If the user accepted it before, the result is the same and nothing is committed. `too_many` is
    /// the problem for a user who is a member of `cap` workspaces already. Needs `Grant::JoinWorkspaces`.
    pub async fn accept(
        &self,
        cap: u32,
        too_many: impl Into<Problem>,
        audited: Audited,
    ) -> Result<Membership, Problem> {
        let (invitation, membership) = match &self.standing {
            Standing::Open(invitation, membership) => (invitation, membership),
            Standing::Accepted(membership) => return Ok(membership.clone()),
        };
        if !membership.security.invites(invitation.domain()) {
            return Err(InvitationError::DomainNotAllowed.into());
        }
        let (user, now) = (self.user, self.scope.now());
        let cap = Cap { workspaces: cap, too_many: too_many.into() };
        let changes = MembershipChanges::of(self.workspace()).enter(user, self.role(), now, cap)?;
        let mut plan = changes.into_plan();
        let (partition, sort) = proofs::directory(self.workspace());
        plan.add(Table::Proofs, Some(partition), sort, Act::Check(proofs::active()));
        self.settle(&mut plan, invitation, InvitationState::Accepted { by: user, at: now })?;
        match Box::pin(self.scope.commit_listing(audited, plan, Some(user))).await {
            Ok(()) => Ok(membership.clone()),
            // The current state names the concurrent change.
            Err(refused) if refused.code() == MODIFIED_CONCURRENTLY.code => {
                match stand(&self.scope, user, &self.claim).await? {
                    Standing::Accepted(membership) => Ok(membership),
                    Standing::Open(..) => Err(refused),
                }
            }
            Err(problem) => Err(problem),
        }
    }

    /// Consumes the invitation, in one transaction with `audited`. Needs `Grant::JoinWorkspaces`.
    pub async fn decline(&self, audited: Audited) -> Result<(), Problem> {
        let Standing::Open(invitation, _) = &self.standing else { return Err(InvitationError::Used.into()) };
        let mut plan = Plan::default();
        let (sort, act) = MEMBERS.changed_by(-1);
        plan.add(Table::Tenants, None, sort, act);
        self.settle(&mut plan, invitation, InvitationState::Declined { at: self.scope.now() })?;
        Box::pin(self.scope.commit_plan(audited, plan)).await
    }

    fn settle(&self, plan: &mut Plan, invitation: &Stored<Invitation>, state: InvitationState) -> Result<(), Problem> {
        let settled = invitation.settled(state);
        plan.put(Table::Tenants, None, Row::of(&settled)?, Expected::Revision(invitation.revision));
        let pending = sort_key::<PendingInvitation>(invitation.pending_key());
        plan.add(Table::Tenants, None, pending, Act::Delete(Expected::Any));
        Ok(())
    }
}

/// The state of an invitation for a user, by strongly consistent reads.
async fn stand(scope: &Scope, user: UserId, claim: &InvitationClaim) -> Result<Standing, Problem> {
    let (entry, membership) = prove(scope, user).await?;
    let invitation = scope.find::<Invitation>(&claim.invitation).await?;
    let invitation = invitation.filter(|invitation| invitation.is_of(claim)).ok_or(InvitationError::Invalid)?;
    match (&invitation.state, membership) {
        (InvitationState::Accepted { by, .. }, _) if *by == user => {
            // Read again, because the first read may precede the acceptance.
            let (entry, membership) = prove(scope, user).await?;
            let membership = membership.ok_or(InvitationError::Used)?;
            Ok(Standing::Accepted(Membership::new(claim.workspace, &membership, entry)))
        }
        (InvitationState::Accepted { .. } | InvitationState::Declined { .. }, _) => Err(InvitationError::Used.into()),
        (InvitationState::Revoked { .. }, _) => Err(InvitationError::Revoked.into()),
        (InvitationState::Expired { .. }, _) => Err(InvitationError::Expired.into()),
        (InvitationState::Pending, Some(_)) => Err(InvitationError::AlreadyMember.into()),
        (InvitationState::Pending, None) => {
            entry.require_active()?;
            entry.require_kept()?;
            let joining = MembershipProof { role: claim.role.into(), since: scope.now() };
            Ok(Standing::Open(invitation, Membership::new(claim.workspace, &joining, entry)))
        }
    }
}

/// The directory entry of a workspace, and a user's membership of it.
async fn prove(scope: &Scope, user: UserId) -> Result<(DirectoryEntry, Option<MembershipProof>), Problem> {
    let aws = &scope.app().aws;
    let (of_user, of_workspace) = (proofs::membership(scope.id(), user), proofs::directory(scope.id()));
    let reader = Reader { aws, session: None };
    let items = Box::pin(reader.batch(Table::Proofs, vec![of_user.clone(), of_workspace.clone()])).await?;
    let found = Found::new(items);
    let entry: Option<DirectoryEntry> = found.read(&of_workspace)?;
    let entry = entry.ok_or(InvitationError::Revoked)?;
    entry.require_here(&aws.config)?;
    Ok((entry, found.read(&of_user)?))
}
