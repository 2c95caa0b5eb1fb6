//! The routes of `recovery`. Written by `make generate`: each file of this folder is one.

pub mod cancel_recovery;
pub mod complete_recovery;
pub mod reset_password;
pub mod restore_account;
pub mod start_recovery;

use shared::function::Listed;

#[rustfmt::skip]
pub static LISTED: &[Listed] = &[
    Listed::route::<cancel_recovery::CancelRecovery>(&cancel_recovery::FUNCTION),
    Listed::route::<complete_recovery::CompleteRecovery>(&complete_recovery::FUNCTION),
    Listed::route::<reset_password::ResetPassword>(&reset_password::FUNCTION),
    Listed::route::<restore_account::RestoreAccount>(&restore_account::FUNCTION),
    Listed::route::<start_recovery::StartRecovery>(&start_recovery::FUNCTION),
];
