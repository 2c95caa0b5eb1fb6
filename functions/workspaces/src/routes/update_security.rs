//! `PATCH /workspaces/{workspace_id}/security`: sets the workspace's security rules for its members' accounts.

use shared::audit::Target;
use shared::prelude::route::*;
use shared::tenancy::permissions::{ManageAdminRecovery, ManageSecurity};
use shared::tenancy::{DeclaredPermission, Permission, RecoveryRule, SecondFactorRule, SecurityRules};

use crate::audit_actions::WORKSPACE_SECURITY_UPDATED;

/// Sets the workspace's security rules for its members' accounts.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateSecurity {
    /// Which members must use a second factor. Admins and the owner always must.
    #[serde(default)]
    #[schema(inline)]
    second_factor: Patch<SecondFactorRule>,
    /// Whether admins may recover their accounts without a second factor, after a waiting period. Only an owner may set
    /// it.
    #[serde(default)]
    #[schema(inline)]
    admin_recovery: Patch<RecoveryRule>,
}

/// A workspace's security rules for its members' accounts.
#[derive(Serialize, ToSchema)]
pub struct SecurityView {
    second_factor: SecondFactorRule,
    admin_recovery: RecoveryRule,
}

pub static FUNCTION: Function = Function::route::<UpdateSecurity>();

impl Endpoint for UpdateSecurity {
    const ROUTE: Route = Route::patch("update-security", "/workspaces/{workspace_id}/security");
    const GRANTS: &'static [Grant] = &[Grant::WriteItems, Grant::ChangeDirectory, Grant::ProveMembership];
    const SOME_NEED: &'static [DeclaredPermission] = &[ManageAdminRecovery::DECLARED];
    type Access = Fresh<Workspace<ManageSecurity>>;
    type Output = Reply<SecurityView>;

    async fn handle(self, workspace: &Fresh<Workspace<ManageSecurity>>) -> Result<Self::Output, Problem> {
        if self.admin_recovery.is_given() {
            workspace.permit::<ManageAdminRecovery>()?;
        }
        let before = workspace.security();
        let second_factor = self.second_factor.or(before.second_factor);
        let admin_recovery = self.admin_recovery.or(before.admin_recovery);
        let audited = Changes::default()
            .audit(&WORKSPACE_SECURITY_UPDATED, Target::from(workspace.id()))
            .detail(serde_json::json!({ "second_factor": second_factor, "admin_recovery": admin_recovery }));
        workspace.secure(SecurityRules { second_factor, admin_recovery })?.commit(audited).await?;
        Ok(Reply(SecurityView { second_factor, admin_recovery }))
    }
}
