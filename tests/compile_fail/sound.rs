//! What is allowed: an entity and a route, as a function crate has them.

use std::fmt::Display;

use serde::{Deserialize, Serialize};
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::http::{Created, Endpoint, Route};
use shared::kernel::ids::{Id, Identified, WorkspaceId};
use shared::kernel::problems::Problem;
use shared::table::Entity;
use shared::tenancy::{Admin, AtLeast, Changes, Member, Owner, Workspace};
use utoipa::ToSchema;

#[derive(Serialize, Deserialize)]
pub struct Note {
    id: Id<Note>,
}

impl Identified for Note {
    const PREFIX: &'static str = "note";
}

impl Entity for Note {
    const KIND: &'static str = "NOTE";
    type Key = Id<Note>;

    fn key(&self) -> impl Display {
        self.id
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteNote {
    #[serde(rename = "workspace_id")]
    _workspace_id: WorkspaceId,
}

pub static FUNCTION: Function = Function::route::<WriteNote>();

impl Endpoint for WriteNote {
    const ROUTE: Route = Route::post("write-note", "/workspaces/{workspace_id}/notes");
    const GRANTS: &'static [Grant] = &[Grant::WriteItems];
    type Access = Workspace<Member>;
    type Output = Created<String>;

    async fn handle(self, workspace: &Workspace<Member>) -> Result<Created<String>, Problem> {
        let note = Note { id: workspace.new_id() };
        workspace.commit(Changes::default().insert(&note).audit("note.written", note.id)).await?;
        Ok(Created(note.id.to_string()))
    }
}

pub fn administer(_: &Workspace<impl AtLeast<Admin>>) {}

pub fn as_owner(workspace: &Workspace<Owner>) {
    administer(workspace);
}
