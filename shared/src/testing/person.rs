//! A person as a test knows them.

use crate::kernel::ids::{SessionId, StaffId, UserId, WorkspaceId};
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

/// A member of the operator's staff, with a live session.
#[derive(Clone, Debug)]
pub struct StaffMember {
    pub id: StaffId,
    pub session: SessionId,
    pub token: String,
}
