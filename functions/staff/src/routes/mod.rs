//! The routes of `staff`. Written by `make generate`: each file of this folder is one.

pub mod complete_staff_enrolment;
pub mod complete_staff_sign_in;
pub mod end_user_sessions;
pub mod find_user;
pub mod get_own_staff_member;
pub mod look_up_user;
pub mod look_up_workspace;
pub mod sign_out_staff;
pub mod start_staff_enrolment;
pub mod start_staff_sign_in;

use shared::function::Listed;

#[rustfmt::skip]
pub static LISTED: &[Listed] = &[
    Listed::route::<complete_staff_enrolment::CompleteStaffEnrolment>(&complete_staff_enrolment::FUNCTION),
    Listed::route::<complete_staff_sign_in::CompleteStaffSignIn>(&complete_staff_sign_in::FUNCTION),
    Listed::route::<end_user_sessions::EndUserSessions>(&end_user_sessions::FUNCTION),
    Listed::route::<find_user::FindUser>(&find_user::FUNCTION),
    Listed::route::<get_own_staff_member::GetOwnStaffMember>(&get_own_staff_member::FUNCTION),
    Listed::route::<look_up_user::LookUpUser>(&look_up_user::FUNCTION),
    Listed::route::<look_up_workspace::LookUpWorkspace>(&look_up_workspace::FUNCTION),
    Listed::route::<sign_out_staff::SignOutStaff>(&sign_out_staff::FUNCTION),
    Listed::route::<start_staff_enrolment::StartStaffEnrolment>(&start_staff_enrolment::FUNCTION),
    Listed::route::<start_staff_sign_in::StartStaffSignIn>(&start_staff_sign_in::FUNCTION),
];
