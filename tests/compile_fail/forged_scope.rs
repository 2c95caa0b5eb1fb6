//! A scope is not made from the parts of another one.

use shared::kernel::ids::WorkspaceId;
use shared::tenancy::Scope;

pub fn change(mine: Scope, theirs: WorkspaceId) -> Scope {
    Scope { workspace: theirs, ..mine }
}
