//! Workspaces: the tenants, how they begin, and who is in them.

pub mod create_workspace;
pub mod get_workspace;
pub mod list_workspaces;
pub mod sweep_orphan_keys;
pub mod update_security;
pub mod workspace;
mod workspace_name;

pub use workspace_name::WorkspaceName;

use shared::function::Listed;

/// Every function of the domain, with its shapes.
pub static FUNCTIONS: &[Listed] = &[
    Listed::route::<create_workspace::CreateWorkspace>(&create_workspace::FUNCTION),
    Listed::route::<list_workspaces::ListWorkspaces>(&list_workspaces::FUNCTION),
    Listed::route::<get_workspace::GetWorkspace>(&get_workspace::FUNCTION),
    Listed::route::<update_security::UpdateSecurity>(&update_security::FUNCTION),
    Listed::job(&sweep_orphan_keys::FUNCTION),
];
