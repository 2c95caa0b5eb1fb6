//! A job enters the workspaces that the due index names, not one that a payload names.

use shared::kernel::ids::WorkspaceId;
use shared::tenancy::all_workspaces::DueEntry;

pub fn build(workspace: WorkspaceId) -> DueEntry {
    DueEntry { workspace }
}
