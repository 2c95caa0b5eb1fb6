//! A person as a test knows them.

use crate::kernel::ids::{SessionId, UserId, WorkspaceId};
use crate::tenancy::Role;

/// A user with a live session, in one workspace.
#[derive(Clone, Debug)]
pub struct Person {
    pub user: UserId,
    pub session: SessionId,
    pub workspace: WorkspaceId,
    pub role: Role,
    pub token: String,
}

impl Person {
    /// The partition of the person's workspace in the outbox.
    pub fn outbox(&self) -> String {
        format!("W#{}", self.workspace)
    }
}
