//! The routes of `passkeys`. Written by `make generate`: each file of this folder is one.

pub mod delete_passkey;
pub mod list_passkeys;
pub mod register_passkey;
pub mod rename_passkey;
pub mod sign_in_with_passkey;
pub mod start_passkey_registration;
pub mod start_passkey_sign_in;
pub mod step_up_with_passkey;

use shared::function::Listed;

#[rustfmt::skip]
pub static LISTED: &[Listed] = &[
    Listed::route::<delete_passkey::DeletePasskey>(&delete_passkey::FUNCTION),
    Listed::route::<list_passkeys::ListPasskeys>(&list_passkeys::FUNCTION),
    Listed::route::<register_passkey::RegisterPasskey>(&register_passkey::FUNCTION),
    Listed::route::<rename_passkey::RenamePasskey>(&rename_passkey::FUNCTION),
    Listed::route::<sign_in_with_passkey::SignInWithPasskey>(&sign_in_with_passkey::FUNCTION),
    Listed::route::<start_passkey_registration::StartPasskeyRegistration>(&start_passkey_registration::FUNCTION),
    Listed::route::<start_passkey_sign_in::StartPasskeySignIn>(&start_passkey_sign_in::FUNCTION),
    Listed::route::<step_up_with_passkey::StepUpWithPasskey>(&step_up_with_passkey::FUNCTION),
];
