//! A workspace as its members see it, and its items in the Tenants table.

use std::borrow::Borrow;

use serde::{Deserialize, Serialize};
use shared::http::Located;
use shared::identity::Membership;
use shared::kernel::ids::{UserId, WorkspaceId};
use shared::kernel::problems::{ProblemCode, Refusal};
use shared::kernel::time::{ApiTimestamp, Timestamp};
use shared::table::Entity;
use shared::tenancy::{RecoveryRule, Role, SecondFactorRule, SecurityRules};
use utoipa::ToSchema;

use crate::WorkspaceName;
use crate::problems;

/// The maximum number of workspaces of a user who creates another. Each may have its own KMS key, which costs money and
/// counts against the AWS account's quota.
pub const WORKSPACES_PER_USER: u32 = 20;

/// The profile of a workspace. Admission reads the directory entry, not this profile.
#[derive(Serialize, Deserialize)]
pub struct Profile {
    pub name: WorkspaceName,
    pub founded_by: UserId,
    pub created_at: Timestamp,
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

/// Why a workspace cannot be created or updated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WorkspaceError {
    #[error("You are a member of {WORKSPACES_PER_USER} workspaces. Leave one before you create another.")]
    TooMany,
}

impl Refusal for WorkspaceError {
    fn problem(&self) -> ProblemCode {
        match self {
            Self::TooMany => problems::TOO_MANY_WORKSPACES,
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
    #[schema(example = "free")]
    pub plan: String,
    /// Which members' sessions must have verified a second factor.
    pub second_factor: SecondFactorRule,
    /// Whether admins may recover their accounts without a second factor, after a waiting period.
    pub admin_recovery: RecoveryRule,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: ApiTimestamp,
}

impl Located for WorkspaceView {
    const PATH: &'static str = "/workspaces/{workspace_id}";

    fn id(&self) -> String {
        self.id.to_string()
    }
}

impl From<Membership> for WorkspaceView {
    fn from(membership: Membership) -> Self {
        let Membership { workspace, role, name, plan, security, created_at, .. } = membership;
        let SecurityRules { second_factor, admin_recovery } = security;
        Self { id: workspace, name, role, plan, second_factor, admin_recovery, created_at: created_at.into() }
    }
}
