//! The routes of `workspaces`. Written by `make generate`: each file of this folder is one.

pub mod accept_invitation;
pub mod accept_ownership;
pub mod change_member_role;
pub mod create_workspace;
pub mod create_workspace_token;
pub mod decline_invitation;
pub mod delete_workspace;
pub mod delete_workspace_token;
pub mod get_invitation;
pub mod get_member;
pub mod get_security;
pub mod get_settings;
pub mod get_workspace;
pub mod invite_member;
pub mod leave_workspace;
pub mod list_invitations;
pub mod list_members;
pub mod list_ownership_offers;
pub mod list_workspace_tokens;
pub mod list_workspaces;
pub mod offer_ownership;
pub mod remove_member;
pub mod rename_workspace;
pub mod resend_invitation;
pub mod restore_workspace;
pub mod revoke_invitation;
pub mod rotate_workspace_token;
pub mod update_security;
pub mod update_settings;
pub mod withdraw_ownership_offer;

use shared::function::Listed;

#[rustfmt::skip]
pub static LISTED: &[Listed] = &[
    Listed::route::<accept_invitation::AcceptInvitation>(&accept_invitation::FUNCTION),
    Listed::route::<accept_ownership::AcceptOwnership>(&accept_ownership::FUNCTION),
    Listed::route::<change_member_role::ChangeMemberRole>(&change_member_role::FUNCTION),
    Listed::route::<create_workspace::CreateWorkspace>(&create_workspace::FUNCTION),
    Listed::route::<create_workspace_token::CreateWorkspaceToken>(&create_workspace_token::FUNCTION),
    Listed::route::<decline_invitation::DeclineInvitation>(&decline_invitation::FUNCTION),
    Listed::route::<delete_workspace::DeleteWorkspace>(&delete_workspace::FUNCTION),
    Listed::route::<delete_workspace_token::DeleteWorkspaceToken>(&delete_workspace_token::FUNCTION),
    Listed::route::<get_invitation::GetInvitation>(&get_invitation::FUNCTION),
    Listed::route::<get_member::GetMember>(&get_member::FUNCTION),
    Listed::route::<get_security::GetSecurity>(&get_security::FUNCTION),
    Listed::route::<get_settings::GetSettings>(&get_settings::FUNCTION),
    Listed::route::<get_workspace::GetWorkspace>(&get_workspace::FUNCTION),
    Listed::route::<invite_member::InviteMember>(&invite_member::FUNCTION),
    Listed::route::<leave_workspace::LeaveWorkspace>(&leave_workspace::FUNCTION),
    Listed::route::<list_invitations::ListInvitations>(&list_invitations::FUNCTION),
    Listed::route::<list_members::ListMembers>(&list_members::FUNCTION),
    Listed::route::<list_ownership_offers::ListOwnershipOffers>(&list_ownership_offers::FUNCTION),
    Listed::route::<list_workspace_tokens::ListWorkspaceTokens>(&list_workspace_tokens::FUNCTION),
    Listed::route::<list_workspaces::ListWorkspaces>(&list_workspaces::FUNCTION),
    Listed::route::<offer_ownership::OfferOwnership>(&offer_ownership::FUNCTION),
    Listed::route::<remove_member::RemoveMember>(&remove_member::FUNCTION),
    Listed::route::<rename_workspace::RenameWorkspace>(&rename_workspace::FUNCTION),
    Listed::route::<resend_invitation::ResendInvitation>(&resend_invitation::FUNCTION),
    Listed::route::<restore_workspace::RestoreWorkspace>(&restore_workspace::FUNCTION),
    Listed::route::<revoke_invitation::RevokeInvitation>(&revoke_invitation::FUNCTION),
    Listed::route::<rotate_workspace_token::RotateWorkspaceToken>(&rotate_workspace_token::FUNCTION),
    Listed::route::<update_security::UpdateSecurity>(&update_security::FUNCTION),
    Listed::route::<update_settings::UpdateSettings>(&update_settings::FUNCTION),
    Listed::route::<withdraw_ownership_offer::WithdrawOwnershipOffer>(&withdraw_ownership_offer::FUNCTION),
];
