//! A scope cannot be constructed field by field.

use shared::kernel::ids::WorkspaceId;
use shared::tenancy::Scope;

pub fn build(theirs: WorkspaceId) -> Scope {
    Scope { workspace: theirs }
}
