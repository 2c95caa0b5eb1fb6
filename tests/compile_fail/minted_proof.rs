//! No function that creates a proof can be called.

use shared::kernel::ids::WorkspaceId;
use shared::tenancy::permissions::{ManageAdminRecovery, ReadWorkspace};
use shared::tenancy::{Scope, Tenant, Workspace};

pub fn from_nothing(theirs: WorkspaceId) -> Scope {
    Scope::new(theirs)
}

pub fn from_a_scope(scope: Scope) -> Tenant {
    Tenant::prove(scope)
}

pub fn promoted(mine: Workspace<ReadWorkspace>, scope: Scope) -> Workspace<ManageAdminRecovery> {
    Workspace::prove(scope, mine.author(), mine.role())
}
