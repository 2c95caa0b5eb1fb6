//! The allowed case: an entity and a route, as in a function crate.


use std::borrow::Borrow;

use serde::{Deserialize, Serialize};
use shared::audit::AuditAction;
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::http::{Endpoint, Reply, Route};
use shared::kernel::ids::{Id, Identified};
use shared::kernel::problems::Problem;
use shared::table::Entity;
use shared::tenancy::permissions::{ManageAdminRecovery, ManageSecurity, ReadWorkspace};
use shared::tenancy::{Changes, Covers, Workspace};
use utoipa::ToSchema;

static NOTE_WRITTEN: AuditAction = AuditAction::named("note.written");

#[derive(Serialize, Deserialize)]
pub struct Note {
    id: Id<Note>,
}

impl Identified for Note {
    const PREFIX: &'static str = "note";
    const NAME: &'static str = "Note";
}

impl Entity for Note {
    const KIND: &'static str = "NOTE";
    type Key = Id<Note>;

    fn key(&self) -> impl Borrow<Self::Key> {
        self.id
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteNote {}

pub static FUNCTION: Function = Function::route::<WriteNote>();

impl Endpoint for WriteNote {
    const ROUTE: Route = Route::post("write-note", "/workspaces/{workspace_id}/notes");
    const GRANTS: &'static [Grant] = &[Grant::WriteItems];
    type Access = Workspace<ReadWorkspace>;
    type Output = Reply<String>;

    async fn handle(self, workspace: &Workspace<ReadWorkspace>) -> Result<Reply<String>, Problem> {
        let note = Note { id: workspace.new_id() };
        workspace.commit(Changes::default().insert(&note).audit(&NOTE_WRITTEN, note.id)).await?;
        Ok(Reply(note.id.to_string()))
    }
}

pub fn administer(_: &Workspace<impl Covers<ManageSecurity>>) {}

pub fn as_owner(workspace: &Workspace<ManageAdminRecovery>) {
    administer(workspace);
}
