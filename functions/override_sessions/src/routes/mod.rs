//! The routes of `override_sessions`. Written by `make generate`: each file of this folder is one.

pub mod approve_override_session;
pub mod close_override_session;
pub mod end_override_session;
pub mod list_override_sessions;
pub mod list_staff_override_sessions;
pub mod list_workspace_override_sessions;
pub mod open_override_session;

use shared::function::Listed;

#[rustfmt::skip]
pub static LISTED: &[Listed] = &[
    Listed::route::<approve_override_session::ApproveOverrideSession>(&approve_override_session::FUNCTION),
    Listed::route::<close_override_session::CloseOverrideSession>(&close_override_session::FUNCTION),
    Listed::route::<end_override_session::EndOverrideSession>(&end_override_session::FUNCTION),
    Listed::route::<list_override_sessions::ListOverrideSessions>(&list_override_sessions::FUNCTION),
    Listed::route::<list_staff_override_sessions::ListStaffOverrideSessions>(&list_staff_override_sessions::FUNCTION),
    Listed::route::<list_workspace_override_sessions::ListWorkspaceOverrideSessions>(&list_workspace_override_sessions::FUNCTION),
    Listed::route::<open_override_session::OpenOverrideSession>(&open_override_session::FUNCTION),
];
