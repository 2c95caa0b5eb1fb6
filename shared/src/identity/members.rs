//! Members: leaving a workspace, removing others, changing their roles.
//!
//! The permission of the route decides who may. Two rules hold for every route: a workspace keeps an owner
//! (`last_owner`), and only an owner removes or downgrades an owner.

use super::membership_changes::MembershipChanges;
use super::proofs::{self, Found, MembershipProof};
use crate::aws::grants::Table;
use crate::kernel::ids::UserId;
use crate::kernel::problem_codes::PERMISSION_MISSING;
use crate::kernel::problems::Problem;
use crate::table::read::Reader;
use crate::tenancy::{AssignableRole, Audited, Permission, Role, Workspace};

impl<P: Permission> Workspace<P> {
    /// Ends the caller's own membership. 409 `last_owner`. Needs `Grant::EndMemberships` and `Grant::WriteItems`.
    pub async fn leave(&self, audited: Audited) -> Result<(), Problem> {
        self.end(self.user(), self.role(), audited).await
    }

    /// Ends the membership of a user, effective from the user's next request. 404 for a user who is not a member, 409
    /// `last_owner`. Needs `Grant::EndMemberships` and `Grant::WriteItems`.
    pub async fn remove(&self, user: UserId, audited: Audited) -> Result<(), Problem> {
        let role = self.role_of(user).await?;
        self.require_rank_over(role)?;
        self.end(user, role, audited).await
    }

    async fn end(&self, user: UserId, role: Role, audited: Audited) -> Result<(), Problem> {
        let plan = MembershipChanges::of(self.id()).end(user, role)?.into_plan();
        Box::pin(self.commit_listing(audited, plan, Some(user))).await
    }

    /// Changes the role of a member; writes nothing if the member has it already. 404 for a user who is not a member, 409
    /// `last_owner`. Needs `Grant::ChangeRoles` and `Grant::WriteItems`.
    pub async fn change_role(&self, user: UserId, role: AssignableRole, audited: Audited) -> Result<(), Problem> {
        let before = self.role_of(user).await?;
        if before == role.into() {
            return Ok(());
        }
        self.require_rank_over(before)?;
        let plan = MembershipChanges::of(self.id()).change(user, before, role.into())?.into_plan();
        Box::pin(self.commit_plan(audited, plan)).await
    }

    /// The current role of a member. 404 for a user who is not a member.
    async fn role_of(&self, user: UserId) -> Result<Role, Problem> {
        let reader = Reader { aws: &self.app().aws, session: None };
        let key = proofs::membership(self.id(), user);
        let found = Found::new(Box::pin(reader.batch(Table::Proofs, vec![key.clone()])).await?);
        let membership: Option<MembershipProof> = found.read(&key)?;
        Ok(membership.ok_or_else(Problem::not_found)?.role)
    }

    /// 403 if the member is an owner and the caller is not.
    fn require_rank_over(&self, role: Role) -> Result<(), Problem> {
        if role == Role::Owner && self.role() != Role::Owner {
            return Err(Problem::new(PERMISSION_MISSING, "Only an owner can remove an owner or change their role."));
        }
        Ok(())
    }
}
