//! `PATCH /workspaces/{workspace_id}/settings`: changes the workspace's settings.

use shared::prelude::route::*;

use crate::audit_actions::WORKSPACE_SETTINGS_UPDATED;
use crate::permissions::ManageWorkspace;
use crate::settings::{ApprovalPolicy, Locale, Settings, TimeZoneName};
use crate::workspace::{PROFILE_KEY, Profile};

/// Changes the workspace's settings.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateSettings {
    #[serde(default)]
    #[schema(inline)]
    time_zone: Patch<TimeZoneName>,
    #[serde(default)]
    #[schema(inline)]
    locale: Patch<Locale>,
    /// Whether new posts need an approval before they are published.
    #[serde(default)]
    #[schema(inline)]
    default_approval: Patch<ApprovalPolicy>,
}

pub static FUNCTION: Function = Function::route::<UpdateSettings>();

impl Endpoint for UpdateSettings {
    const ROUTE: Route = Route::patch("update-settings", "/workspaces/{workspace_id}/settings");
    const GRANTS: &'static [Grant] =
        &[Grant::ReadItems, Grant::WriteItems, Grant::ProveMembership, Grant::ServeOverrides];
    const VERSIONED: Option<Versioned> = Some(Versioned::of::<Profile>());
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(3, "the profile is read");
    type Access = Workspace<ManageWorkspace>;
    type Output = Reply<Settings>;

    async fn handle(self, workspace: &Workspace<ManageWorkspace>) -> Result<Self::Output, Problem> {
        let mut profile = workspace.get::<Profile>(PROFILE_KEY).await?;
        self.time_zone.apply(&mut profile.settings.time_zone);
        self.locale.apply(&mut profile.settings.locale);
        self.default_approval.apply(&mut profile.settings.default_approval);
        let settings = profile.settings.clone();
        let changes = Changes::default().replace(&profile);
        let audited = changes.audit(&WORKSPACE_SETTINGS_UPDATED, workspace.id()).detail(&settings);
        workspace.commit_in_role(audited).await?;
        Ok(Reply::<Settings>(settings))
    }
}
