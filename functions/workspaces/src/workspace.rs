//! A workspace as its members see it, and its items in the Tenants table.

use std::borrow::Borrow;

use serde::{Deserialize, Serialize};
use shared::http::Located;
use shared::identity::Membership;
use shared::kernel::ids::{UserId, WorkspaceId};
use shared::kernel::problems::{Problem, ProblemCode, Refusal};
use shared::kernel::time::{ApiTimestamp, SignedDuration, Timestamp, after};
use shared::table::Entity;
use shared::tenancy::{Permission, RecoveryRule, Role, SecondFactorRule, SecurityRules, Workspace};
use utoipa::ToSchema;

use crate::WorkspaceName;
use crate::problems;
use crate::settings::Settings;

/// The maximum number of workspaces of a user who creates another. Each may have its own KMS key, which costs money and
/// counts against the AWS account's quota.
pub const WORKSPACES_PER_USER: u32 = 20;

/// The profile of a workspace. Admission reads the directory entry, not this profile.
#[derive(Serialize, Deserialize)]
pub struct Profile {
    pub name: WorkspaceName,
    pub founded_by: UserId,
    pub created_at: Timestamp,
    #[serde(default)]
    pub settings: Settings,
}

impl Entity for Profile {
    const KIND: &'static str = "PROFILE";
    type Key = str;

    fn key(&self) -> impl Borrow<Self::Key> {
        PROFILE_KEY
    }
}

/// A workspace has one profile.
pub const PROFILE_KEY: &str = "CURRENT";

/// How long a deleted workspace can be restored (claim 44).
pub const TRASH_WINDOW: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Until when a workspace that was deleted then can be restored.
pub fn restorable_until(trashed_at: Timestamp) -> Timestamp {
    after(trashed_at, TRASH_WINDOW)
}

/// Why a workspace cannot be created or updated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WorkspaceError {
    #[error("You are a member of {WORKSPACES_PER_USER} workspaces. Leave one before you create another.")]
    TooMany,
    #[error("This workspace is not in the trash.")]
    NotTrashed,
    #[error("This workspace was deleted more than 30 days ago and cannot be restored.")]
    TrashExpired,
}

impl Refusal for WorkspaceError {
    fn problem(&self) -> ProblemCode {
        match self {
            Self::TooMany => problems::TOO_MANY_WORKSPACES,
            Self::NotTrashed => problems::WORKSPACE_NOT_TRASHED,
            Self::TrashExpired => problems::WORKSPACE_TRASH_EXPIRED,
        }
    }
}

/// A workspace as one of its members sees it.
#[derive(Serialize, ToSchema)]
pub struct WorkspaceView {
    pub id: WorkspaceId,
    pub name: String,
    /// The caller's role.
    pub role: Role,
    /// Whether the caller can only read, because the plan has no room for another member. An owner always can change things.
    pub read_only: bool,
    #[schema(example = "free")]
    pub plan: String,
    /// Which members' sessions must have verified a second factor.
    pub second_factor: SecondFactorRule,
    /// Whether admins may recover their accounts without a second factor, after a waiting period.
    pub admin_recovery: RecoveryRule,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: ApiTimestamp,
    /// Until when an owner can restore the workspace; null if it is not in the trash.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub restorable_until: Option<ApiTimestamp>,
}

impl WorkspaceView {
    /// A workspace as the caller of a route sees it.
    pub fn of<P: Permission>(workspace: &Workspace<P>, profile: &Profile) -> Self {
        let SecurityRules { second_factor, admin_recovery, .. } = *workspace.security();
        Self {
            id: workspace.id(),
            name: profile.name.as_str().to_owned(),
            role: workspace.role(),
            read_only: workspace.is_read_only(),
            plan: workspace.plan().name().to_owned(),
            second_factor,
            admin_recovery,
            created_at: profile.created_at.into(),
            restorable_until: workspace.trashed_at().map(|at| restorable_until(at).into()),
        }
    }

    /// Adds what the view depends on, besides the profile, to the version of the response.
    pub fn vary<P: Permission>(workspace: &Workspace<P>) -> Result<(), Problem> {
        let caller = (workspace.role(), workspace.is_read_only());
        workspace.vary_version_by(&(caller, workspace.plan().name(), workspace.security()))
    }
}

impl Located for WorkspaceView {
    const PATH: &'static str = "/workspaces/{workspace_id}";

    fn id(&self) -> String {
        self.id.to_string()
    }
}

impl From<Membership> for WorkspaceView {
    fn from(membership: Membership) -> Self {
        let Membership { workspace, role, name, plan, security, created_at, trashed_at, is_read_only, .. } = membership;
        let restorable_until = trashed_at.map(|at| restorable_until(at).into());
        let SecurityRules { second_factor, admin_recovery, .. } = security;
        Self {
            id: workspace,
            name,
            role,
            read_only: is_read_only,
            plan,
            second_factor,
            admin_recovery,
            created_at: created_at.into(),
            restorable_until,
        }
    }
}
