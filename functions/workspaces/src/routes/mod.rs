//! The routes of `workspaces`. Written by `make generate`: each file of this folder is one.

pub mod create_workspace;
pub mod get_workspace;
pub mod list_workspaces;
pub mod update_security;

use shared::function::Listed;

#[rustfmt::skip]
pub static LISTED: &[Listed] = &[
    Listed::route::<create_workspace::CreateWorkspace>(&create_workspace::FUNCTION),
    Listed::route::<get_workspace::GetWorkspace>(&get_workspace::FUNCTION),
    Listed::route::<list_workspaces::ListWorkspaces>(&list_workspaces::FUNCTION),
    Listed::route::<update_security::UpdateSecurity>(&update_security::FUNCTION),
];
