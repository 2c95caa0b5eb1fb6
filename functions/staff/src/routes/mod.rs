//! The routes of `staff`. Written by `make generate`: each file of this folder is one.

pub mod acknowledge_system_event;
pub mod complete_staff_enrolment;
pub mod complete_staff_sign_in;
pub mod end_user_sessions;
pub mod expire_open_invitation;
pub mod find_user;
pub mod find_users_by_domain;
pub mod get_own_staff_member;
pub mod get_suspension_request;
pub mod get_system_event;
pub mod lift_workspace_networks;
pub mod list_job_runs;
pub mod list_open_invitations;
pub mod list_system_events;
pub mod look_up_user;
pub mod look_up_workspace;
pub mod remove_workspace_override;
pub mod request_suspension;
pub mod resend_open_invitation;
pub mod resume_workspace;
pub mod set_workspace_override;
pub mod sign_out_staff;
pub mod start_staff_enrolment;
pub mod start_staff_sign_in;
pub mod suspend_workspace;
pub mod withdraw_suspension_request;

use shared::function::Listed;

#[rustfmt::skip]
pub static LISTED: &[Listed] = &[
    Listed::route::<acknowledge_system_event::AcknowledgeSystemEvent>(&acknowledge_system_event::FUNCTION),
    Listed::route::<complete_staff_enrolment::CompleteStaffEnrolment>(&complete_staff_enrolment::FUNCTION),
    Listed::route::<complete_staff_sign_in::CompleteStaffSignIn>(&complete_staff_sign_in::FUNCTION),
    Listed::route::<end_user_sessions::EndUserSessions>(&end_user_sessions::FUNCTION),
    Listed::route::<expire_open_invitation::ExpireOpenInvitation>(&expire_open_invitation::FUNCTION),
    Listed::route::<find_user::FindUser>(&find_user::FUNCTION),
    Listed::route::<find_users_by_domain::FindUsersByDomain>(&find_users_by_domain::FUNCTION),
    Listed::route::<get_own_staff_member::GetOwnStaffMember>(&get_own_staff_member::FUNCTION),
    Listed::route::<get_suspension_request::GetSuspensionRequest>(&get_suspension_request::FUNCTION),
    Listed::route::<get_system_event::GetSystemEvent>(&get_system_event::FUNCTION),
    Listed::route::<lift_workspace_networks::LiftWorkspaceNetworks>(&lift_workspace_networks::FUNCTION),
    Listed::route::<list_job_runs::ListJobRuns>(&list_job_runs::FUNCTION),
    Listed::route::<list_open_invitations::ListOpenInvitations>(&list_open_invitations::FUNCTION),
    Listed::route::<list_system_events::ListSystemEvents>(&list_system_events::FUNCTION),
    Listed::route::<look_up_user::LookUpUser>(&look_up_user::FUNCTION),
    Listed::route::<look_up_workspace::LookUpWorkspace>(&look_up_workspace::FUNCTION),
    Listed::route::<remove_workspace_override::RemoveWorkspaceOverride>(&remove_workspace_override::FUNCTION),
    Listed::route::<request_suspension::RequestSuspension>(&request_suspension::FUNCTION),
    Listed::route::<resend_open_invitation::ResendOpenInvitation>(&resend_open_invitation::FUNCTION),
    Listed::route::<resume_workspace::ResumeWorkspace>(&resume_workspace::FUNCTION),
    Listed::route::<set_workspace_override::SetWorkspaceOverride>(&set_workspace_override::FUNCTION),
    Listed::route::<sign_out_staff::SignOutStaff>(&sign_out_staff::FUNCTION),
    Listed::route::<start_staff_enrolment::StartStaffEnrolment>(&start_staff_enrolment::FUNCTION),
    Listed::route::<start_staff_sign_in::StartStaffSignIn>(&start_staff_sign_in::FUNCTION),
    Listed::route::<suspend_workspace::SuspendWorkspace>(&suspend_workspace::FUNCTION),
    Listed::route::<withdraw_suspension_request::WithdrawSuspensionRequest>(&withdraw_suspension_request::FUNCTION),
];
