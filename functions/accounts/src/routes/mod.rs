//! The routes of `accounts`. Written by `make generate`: each file of this folder is one.

pub mod get_me;
pub mod register;
pub mod request_password_reset;
pub mod resend_verification;
pub mod verify_email;

use shared::function::Listed;

#[rustfmt::skip]
pub static LISTED: &[Listed] = &[
    Listed::route::<get_me::GetMe>(&get_me::FUNCTION),
    Listed::route::<register::Register>(&register::FUNCTION),
    Listed::route::<request_password_reset::RequestPasswordReset>(&request_password_reset::FUNCTION),
    Listed::route::<resend_verification::ResendVerification>(&resend_verification::FUNCTION),
    Listed::route::<verify_email::VerifyEmail>(&verify_email::FUNCTION),
];
