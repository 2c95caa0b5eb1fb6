//! Passkeys: sign-in by a key that a device keeps (WebAuthn), and nothing else to remember.

pub mod delete_passkey;
pub mod list_passkeys;
pub mod passkey;
mod passkey_cbor;
mod passkey_ceremony;
mod passkey_credential;
mod passkey_key;
mod passkey_octets;
mod passkey_options;
mod passkey_proof;
mod passkey_statement;
pub mod register_passkey;
pub mod rename_passkey;
pub mod sign_in_with_passkey;
pub mod start_passkey_registration;
pub mod start_passkey_sign_in;
pub mod step_up_with_passkey;

use shared::function::Listed;

/// Every function of the domain, with its shapes.
pub static FUNCTIONS: &[Listed] = &[
    Listed::route::<start_passkey_registration::StartPasskeyRegistration>(&start_passkey_registration::FUNCTION),
    Listed::route::<register_passkey::RegisterPasskey>(&register_passkey::FUNCTION),
    Listed::route::<list_passkeys::ListPasskeys>(&list_passkeys::FUNCTION),
    Listed::route::<rename_passkey::RenamePasskey>(&rename_passkey::FUNCTION),
    Listed::route::<delete_passkey::DeletePasskey>(&delete_passkey::FUNCTION),
    Listed::route::<start_passkey_sign_in::StartPasskeySignIn>(&start_passkey_sign_in::FUNCTION),
    Listed::route::<sign_in_with_passkey::SignInWithPasskey>(&sign_in_with_passkey::FUNCTION),
    Listed::route::<step_up_with_passkey::StepUpWithPasskey>(&step_up_with_passkey::FUNCTION),
];
