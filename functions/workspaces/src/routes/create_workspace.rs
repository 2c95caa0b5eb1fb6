//! `POST /workspaces`: creates a workspace, with the caller as its owner.

use shared::kernel::ids::WorkspaceKind;
use shared::prelude::route::*;
use shared::tenancy::{Role, SecurityRules};

use crate::WorkspaceName;
use crate::audit_actions::WORKSPACE_CREATED;
use crate::inactivity::NextReport;
use crate::problems;
use crate::settings::Settings;
use crate::workspace::{Profile, WORKSPACES_PER_USER, WorkspaceError, WorkspaceView};

/// Creates a workspace. The caller becomes its owner.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateWorkspace {
    name: WorkspaceName,
}

pub static FUNCTION: Function = Function::route::<CreateWorkspace>();

impl Endpoint for CreateWorkspace {
    const ROUTE: Route = Route::post("create-workspace", "/workspaces");
    const GRANTS: &'static [Grant] = &[Grant::FoundWorkspaces, Grant::WriteItems];
    const REPEATABLE: Repeatable<Self> =
        Repeatable::recalled::<WorkspaceKind>(|id, caller| Box::pin(recall(id, caller)));
    const PROBLEMS: &'static [ProblemCode] = &[problems::TOO_MANY_WORKSPACES];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(3, "each workspace needs another STS session");
    type Access = SignedIn;
    type Output = Created<WorkspaceView>;

    async fn handle(self, caller: &SignedIn) -> Result<Self::Output, Problem> {
        let founding = caller.found_workspace();
        let (founder, created_at) = (caller.user(), founding.now());
        let name = self.name.as_str().to_owned();
        let changes = Changes::default()
            .insert(&Profile { name: self.name, founded_by: founder, created_at, settings: Settings::default() })
            .insert(&NextReport::after(created_at))
            .audit(&WORKSPACE_CREATED, founding.target());
        founding.commit(&name, WORKSPACES_PER_USER, WorkspaceError::TooMany, changes).await?;
        let plan = founding.plan().to_owned();
        let (id, SecurityRules { second_factor, admin_recovery, .. }) = (founding.id(), founding.security().clone());
        let created_at = created_at.into();
        Ok(Created(WorkspaceView {
            id,
            name,
            role: Role::Owner,
            read_only: false,
            plan,
            second_factor,
            admin_recovery,
            created_at,
            restorable_until: None,
        }))
    }
}

async fn recall(id: &str, caller: &SignedIn) -> Result<Created<WorkspaceView>, Problem> {
    let workspace = id.parse().map_err(Problem::internal)?;
    let membership = caller.membership(workspace).await?.ok_or_else(Problem::not_found)?;
    Ok(Created(membership.into()))
}
