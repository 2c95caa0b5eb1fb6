//! A route that declares to have no effect has no right to write.

use serde::Deserialize;
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::http::{Endpoint, NoContent, Repeatable, Route};
use shared::kernel::problems::Problem;
use shared::permissions;
use shared::tenancy::Workspace;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
pub struct Preview {}

pub static PREVIEW: Function = Function::route::<Preview>();

impl Endpoint for Preview {
    const ROUTE: Route = Route::post("preview-note", "/workspaces/{workspace_id}/notes/preview");
    const GRANTS: &'static [Grant] = &[Grant::WriteItems];
    const REPEATABLE: Repeatable<Self> = Repeatable::WithoutEffect;
    type Access = Workspace<ReadNotes>;
    type Output = NoContent;

    async fn handle(self, _: &Workspace<ReadNotes>) -> Result<NoContent, Problem> {
        Ok(NoContent)
    }
}

permissions! {
    /// Reads notes.
    ReadNotes;
}
