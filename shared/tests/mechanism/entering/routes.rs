//! Minimal routes that change memberships.

use serde::{Deserialize, Serialize};
use shared::audit::AuditAction;
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::http::{Endpoint, NoContent, Reply, Route};
use shared::identity::last_owner::LAST_OWNER;
use shared::identity::{Handover, Joining, Member, OwnershipOffer};
use shared::kernel::ids::{UserId, WorkspaceId};
use shared::kernel::problem_codes::NOT_FOUND;
use shared::kernel::problems::{Problem, ProblemCode};
use shared::kernel::secrets::SecretText;
use shared::tenancy::permissions::{ManageSecurity, ReadWorkspace};
use shared::tenancy::{AssignableRole, Changes, Role, Workspace};
use utoipa::ToSchema;

pub static MEMBER_DECLINED: AuditAction = AuditAction::named("member.declined");
pub static MEMBER_JOINED: AuditAction = AuditAction::named("member.joined");
pub static MEMBER_LEFT: AuditAction = AuditAction::named("member.left");
pub static MEMBER_REMOVED: AuditAction = AuditAction::named("member.removed");
pub static MEMBER_ROLE_CHANGED: AuditAction = AuditAction::named("member.role_changed");
pub static OWNERSHIP_ACCEPTED: AuditAction = AuditAction::named("ownership.accepted");

/// Workspaces that a user can be in.
pub const CAP: u32 = 3;

pub const TOO_MANY: ProblemCode =
    ProblemCode::new(409, "too_many", "Too many", "The user is in too many workspaces.", "Leave one.");

/// Accepts an invitation. A real route reads the caller's address from their account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Join {
    token: SecretText,
    address: String,
}

#[derive(Serialize, ToSchema)]
pub struct Joined {
    workspace_id: WorkspaceId,
    role: Role,
}

pub static JOIN: Function = Function::route::<Join>();

impl Endpoint for Join {
    const ROUTE: Route = Route::post("join", "/invitations/accept");
    const GRANTS: &'static [Grant] = &[Grant::JoinWorkspaces, Grant::DeriveKeys];
    const PROBLEMS: &'static [ProblemCode] = &[TOO_MANY];
    type Access = Joining;
    type Output = Reply<Joined>;

    async fn handle(self, caller: &Joining) -> Result<Reply<Joined>, Problem> {
        let invited = caller.present(&self.token, &self.address).await?;
        let audited = Changes::default().audit(&MEMBER_JOINED, caller.user()).detail(invited.role());
        let too_many = Problem::new(TOO_MANY, "You are in too many workspaces.");
        let membership = invited.accept(CAP, too_many, audited).await?;
        Ok(Reply(Joined { workspace_id: membership.workspace, role: membership.role }))
    }
}

/// Declines an invitation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decline {
    token: SecretText,
    address: String,
}

pub static DECLINE: Function = Function::route::<Decline>();

impl Endpoint for Decline {
    const ROUTE: Route = Route::post("decline", "/invitations/decline");
    const GRANTS: &'static [Grant] = &[Grant::JoinWorkspaces, Grant::DeriveKeys];
    type Access = Joining;
    type Output = NoContent;

    async fn handle(self, caller: &Joining) -> Result<NoContent, Problem> {
        let invited = caller.present(&self.token, &self.address).await?;
        invited.decline(Changes::default().audit(&MEMBER_DECLINED, caller.user())).await?;
        Ok(NoContent)
    }
}

/// Leaves a workspace.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Leave {}

pub static LEAVE: Function = Function::route::<Leave>();

impl Endpoint for Leave {
    const ROUTE: Route = Route::post("leave", "/workspaces/{workspace_id}/leave");
    const GRANTS: &'static [Grant] = &[Grant::WriteItems, Grant::EndMemberships];
    const PROBLEMS: &'static [ProblemCode] = &[LAST_OWNER];
    type Access = Workspace<ReadWorkspace>;
    type Output = NoContent;

    async fn handle(self, workspace: &Workspace<ReadWorkspace>) -> Result<NoContent, Problem> {
        workspace.leave(Changes::default().audit(&MEMBER_LEFT, workspace.user()?)).await?;
        Ok(NoContent)
    }
}

/// Removes a member.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Remove {
    user_id: UserId,
}

pub static REMOVE: Function = Function::route::<Remove>();

impl Endpoint for Remove {
    const ROUTE: Route = Route::delete("remove", "/workspaces/{workspace_id}/members/{user_id}");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::WriteItems, Grant::EndMemberships];
    const PROBLEMS: &'static [ProblemCode] = &[LAST_OWNER];
    type Access = Workspace<ManageSecurity>;
    type Output = NoContent;

    async fn handle(self, workspace: &Workspace<ManageSecurity>) -> Result<NoContent, Problem> {
        let member = workspace.get::<Member>(&self.user_id).await?;
        workspace.remove(&member, Changes::default().audit(&MEMBER_REMOVED, self.user_id)).await?;
        Ok(NoContent)
    }
}

/// Changes a member's role.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeRole {
    user_id: UserId,
    role: AssignableRole,
}

pub static CHANGE_ROLE: Function = Function::route::<ChangeRole>();

impl Endpoint for ChangeRole {
    const ROUTE: Route = Route::put("change-role", "/workspaces/{workspace_id}/members/{user_id}/role");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::WriteItems, Grant::ChangeRoles];
    const PROBLEMS: &'static [ProblemCode] = &[LAST_OWNER];
    type Access = Workspace<ManageSecurity>;
    type Output = NoContent;

    async fn handle(self, workspace: &Workspace<ManageSecurity>) -> Result<NoContent, Problem> {
        let audited = Changes::default().audit(&MEMBER_ROLE_CHANGED, self.user_id).detail(self.role);
        let mut member = workspace.get::<Member>(&self.user_id).await?;
        workspace.change_role(&mut member, self.role, audited).await?;
        Ok(NoContent)
    }
}

/// Offers the ownership to a member.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    user_id: UserId,
    handover: Handover,
}

pub static OFFER: Function = Function::route::<Offer>();

impl Endpoint for Offer {
    const ROUTE: Route = Route::post("offer", "/workspaces/{workspace_id}/ownership/offers");
    const GRANTS: &'static [Grant] = &[Grant::WriteItems];
    type Access = Workspace<ManageSecurity>;
    type Output = NoContent;

    async fn handle(self, workspace: &Workspace<ManageSecurity>) -> Result<NoContent, Problem> {
        let offer = OwnershipOffer::new(workspace, self.user_id, self.handover)?;
        workspace.commit(Changes::default().insert(&offer).unaudited("only here")).await?;
        Ok(NoContent)
    }
}

/// Accepts the ownership that was offered to a user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Accept {
    user_id: UserId,
}

pub static ACCEPT: Function = Function::route::<Accept>();

impl Endpoint for Accept {
    const ROUTE: Route = Route::post("accept", "/workspaces/{workspace_id}/ownership");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::WriteItems, Grant::ChangeRoles];
    const PROBLEMS: &'static [ProblemCode] = &[NOT_FOUND];
    type Access = Workspace<ReadWorkspace>;
    type Output = NoContent;

    async fn handle(self, workspace: &Workspace<ReadWorkspace>) -> Result<NoContent, Problem> {
        let offer = workspace.get::<OwnershipOffer>(&self.user_id).await?;
        let audited = Changes::default().audit(&OWNERSHIP_ACCEPTED, workspace.user()?);
        workspace.accept_ownership(&offer, audited).await?;
        Ok(NoContent)
    }
}
