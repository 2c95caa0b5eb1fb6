//! A job can only enter workspaces from the due index, never one from a payload.

use shared::kernel::ids::WorkspaceId;
use shared::tenancy::all_workspaces::DueEntry;

pub fn build(workspace: WorkspaceId) -> DueEntry {
    DueEntry { workspace }
}
