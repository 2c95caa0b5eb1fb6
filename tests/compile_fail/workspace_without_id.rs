//! A route of a workspace must have a workspace_id in its path, and no other route may.

use serde::Deserialize;
use shared::function::Function;
use shared::http::{Endpoint, NoContent, Route};
use shared::identity::SignedIn;
use shared::kernel::problems::Problem;
use shared::tenancy::permissions::ReadWorkspace;
use shared::tenancy::Workspace;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
pub struct Forgotten {}

pub static FORGOTTEN: Function = Function::route::<Forgotten>();

impl Endpoint for Forgotten {
    const ROUTE: Route = Route::get("list-notes", "/notes");
    type Access = Workspace<ReadWorkspace>;
    type Output = NoContent;

    async fn handle(self, _: &Workspace<ReadWorkspace>) -> Result<NoContent, Problem> {
        Ok(NoContent)
    }
}

#[derive(Deserialize, ToSchema)]
pub struct Unproved {}

pub static UNPROVED: Function = Function::route::<Unproved>();

impl Endpoint for Unproved {
    const ROUTE: Route = Route::get("list-notes", "/workspaces/{workspace_id}/notes");
    type Access = SignedIn;
    type Output = NoContent;

    async fn handle(self, _: &SignedIn) -> Result<NoContent, Problem> {
        Ok(NoContent)
    }
}
