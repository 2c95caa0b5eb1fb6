//! Recovery: the ways back into an account, for a user who lost a password or a second factor, or deleted it.

pub mod cancel_recovery;
pub mod complete_recovery;
mod factor_removal;
pub mod offer_recoveries;
mod policy;
mod regaining;
pub mod reset_password;
pub mod restore_account;
pub mod start_recovery;
pub mod tell_of_recovery;

use shared::function::Listed;

/// Every function of the domain, with its shapes.
pub static FUNCTIONS: &[Listed] = &[
    Listed::route::<reset_password::ResetPassword>(&reset_password::FUNCTION),
    Listed::route::<restore_account::RestoreAccount>(&restore_account::FUNCTION),
    Listed::route::<start_recovery::StartRecovery>(&start_recovery::FUNCTION),
    Listed::route::<cancel_recovery::CancelRecovery>(&cancel_recovery::FUNCTION),
    Listed::route::<complete_recovery::CompleteRecovery>(&complete_recovery::FUNCTION),
    Listed::job(&tell_of_recovery::FUNCTION),
    Listed::job(&offer_recoveries::FUNCTION),
];
