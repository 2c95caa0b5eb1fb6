//! The routes of `workspaces`. Written by `make generate`: each file of this folder is one.

pub mod change_member_role;
pub mod create_workspace;
pub mod get_member;
pub mod get_workspace;
pub mod leave_workspace;
pub mod list_members;
pub mod list_workspaces;
pub mod remove_member;
pub mod update_security;

use shared::function::Listed;

#[rustfmt::skip]
pub static LISTED: &[Listed] = &[
    Listed::route::<change_member_role::ChangeMemberRole>(&change_member_role::FUNCTION),
    Listed::route::<create_workspace::CreateWorkspace>(&create_workspace::FUNCTION),
    Listed::route::<get_member::GetMember>(&get_member::FUNCTION),
    Listed::route::<get_workspace::GetWorkspace>(&get_workspace::FUNCTION),
    Listed::route::<leave_workspace::LeaveWorkspace>(&leave_workspace::FUNCTION),
    Listed::route::<list_members::ListMembers>(&list_members::FUNCTION),
    Listed::route::<list_workspaces::ListWorkspaces>(&list_workspaces::FUNCTION),
    Listed::route::<remove_member::RemoveMember>(&remove_member::FUNCTION),
    Listed::route::<update_security::UpdateSecurity>(&update_security::FUNCTION),
];
