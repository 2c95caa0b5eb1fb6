//! No call takes a partition key: the scope has it.


use std::borrow::Borrow;

use serde::{Deserialize, Serialize};
use shared::kernel::ids::{Id, Identified, WorkspaceId};
use shared::kernel::problems::Problem;
use shared::table::Entity;
use shared::tenancy::permissions::ReadWorkspace;
use shared::tenancy::{Changes, Workspace};

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

pub async fn read(workspace: &Workspace<ReadWorkspace>, theirs: WorkspaceId, id: Id<Note>) -> Result<(), Problem> {
    workspace.get::<Note>(&theirs, &id).await?;
    Ok(())
}

pub fn write(theirs: WorkspaceId, note: &Note) -> Changes {
    Changes::default().insert(&theirs, note)
}

pub fn name(workspace: &Workspace<ReadWorkspace>) -> String {
    workspace.partition()
}
