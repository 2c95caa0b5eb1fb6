//! `PATCH /workspaces/{workspace_id}/security`: sets the workspace's security rules.

use shared::audit::Target;
use shared::kernel::problem_codes::NETWORKS_EXCLUDE_CALLER;
use shared::prelude::route::*;
use shared::tenancy::permissions::{ManageAdminRecovery, ManageSecurity, ManageStaffAccess};
use shared::tenancy::{
    DeclaredPermission, Networks, OverrideAccess, Permission, PersonalTokenRule, RecoveryRule, SecondFactorRule,
    SecurityRules,
};

use crate::audit_actions::WORKSPACE_SECURITY_UPDATED;
use crate::security::{InviteeDomains, LongestSessionHours, SecurityView};

/// Sets the workspace's security rules, effective from the next request. The networks must contain the address of the caller.
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
    #[serde(default)]
    #[schema(inline)]
    invitee_domains: Patch<InviteeDomains>,
    /// How many hours after its sign-in a session is admitted; null for as long as it lives.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 720, example = 12)]
    longest_session_hours: Patch<Option<LongestSessionHours>>,
    #[serde(default)]
    #[schema(inline)]
    networks: Patch<Networks>,
    /// Whether members may use the workspace by their personal access tokens.
    #[serde(default)]
    #[schema(inline)]
    personal_tokens: Patch<PersonalTokenRule>,
    /// The most that a session of our staff in the workspace may do. Only an owner may set it.
    #[serde(default)]
    #[schema(inline)]
    override_access: Patch<OverrideAccess>,
}

pub static FUNCTION: Function = Function::route::<UpdateSecurity>();

impl Endpoint for UpdateSecurity {
    const ROUTE: Route = Route::patch("update-security", "/workspaces/{workspace_id}/security");
    const GRANTS: &'static [Grant] = &[Grant::WriteItems, Grant::ChangeDirectory, Grant::ProveMembership];
    const SOME_NEED: &'static [DeclaredPermission] = &[ManageAdminRecovery::DECLARED, ManageStaffAccess::DECLARED];
    const PROBLEMS: &'static [ProblemCode] = &[NETWORKS_EXCLUDE_CALLER];
    const VERSIONED: Option<Versioned> = Some(Versioned::directory());
    type Access = Fresh<Workspace<ManageSecurity>>;
    type Output = Reply<SecurityView>;

    async fn handle(self, workspace: &Fresh<Workspace<ManageSecurity>>) -> Result<Self::Output, Problem> {
        if self.admin_recovery.is_given() {
            workspace.permit::<ManageAdminRecovery>()?;
        }
        if self.override_access.is_given() {
            workspace.permit::<ManageStaffAccess>()?;
        }
        let rules = self.applied_to(workspace.security().clone());
        let audited =
            Changes::default().audit(&WORKSPACE_SECURITY_UPDATED, Target::from(workspace.id())).detail(&rules);
        workspace.secure(&rules)?.commit(audited).await?;
        Ok(Reply(SecurityView::from(&rules)))
    }
}

impl UpdateSecurity {
    fn applied_to(self, mut rules: SecurityRules) -> SecurityRules {
        self.second_factor.apply(&mut rules.second_factor);
        self.admin_recovery.apply(&mut rules.admin_recovery);
        self.invitee_domains.map(InviteeDomains::into_texts).apply(&mut rules.invitee_domains);
        let hours = self.longest_session_hours.map(|hours| hours.map(LongestSessionHours::get));
        hours.apply(&mut rules.longest_session_hours);
        self.networks.apply(&mut rules.networks);
        self.personal_tokens.apply(&mut rules.personal_tokens);
        self.override_access.apply(&mut rules.override_access);
        rules
    }
}
