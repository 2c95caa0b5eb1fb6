//! The routes of `sign_in`. Written by `make generate`: each file of this folder is one.

pub mod change_password;
pub mod confirm_totp;
pub mod disable_totp;
pub mod enrol_totp;
pub mod get_jwks;
pub mod list_factors;
pub mod login;
pub mod logout;
pub mod refresh_session;
pub mod regenerate_recovery_codes;
pub mod step_up;
pub mod verify_second_factor;

use shared::function::Listed;

#[rustfmt::skip]
pub static LISTED: &[Listed] = &[
    Listed::route::<change_password::ChangePassword>(&change_password::FUNCTION),
    Listed::route::<confirm_totp::ConfirmTotp>(&confirm_totp::FUNCTION),
    Listed::route::<disable_totp::DisableTotp>(&disable_totp::FUNCTION),
    Listed::route::<enrol_totp::EnrolTotp>(&enrol_totp::FUNCTION),
    Listed::route::<get_jwks::GetJwks>(&get_jwks::FUNCTION),
    Listed::route::<list_factors::ListFactors>(&list_factors::FUNCTION),
    Listed::route::<login::Login>(&login::FUNCTION),
    Listed::route::<logout::Logout>(&logout::FUNCTION),
    Listed::route::<refresh_session::RefreshSession>(&refresh_session::FUNCTION),
    Listed::route::<regenerate_recovery_codes::RegenerateRecoveryCodes>(&regenerate_recovery_codes::FUNCTION),
    Listed::route::<step_up::StepUp>(&step_up::FUNCTION),
    Listed::route::<verify_second_factor::VerifySecondFactor>(&verify_second_factor::FUNCTION),
];
