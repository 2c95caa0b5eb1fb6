//! The routes of `profiles`. Written by `make generate`: each file of this folder is one.

pub mod cancel_email_change;
pub mod change_email;
pub mod confirm_email_change;
pub mod create_access_token;
pub mod delete_account;
pub mod list_access_tokens;
pub mod list_sessions;
pub mod list_sign_ins;
pub mod logout_everywhere;
pub mod revoke_access_token;
pub mod revoke_session;
pub mod update_profile;

use shared::function::Listed;

#[rustfmt::skip]
pub static LISTED: &[Listed] = &[
    Listed::route::<cancel_email_change::CancelEmailChange>(&cancel_email_change::FUNCTION),
    Listed::route::<change_email::ChangeEmail>(&change_email::FUNCTION),
    Listed::route::<confirm_email_change::ConfirmEmailChange>(&confirm_email_change::FUNCTION),
    Listed::route::<create_access_token::CreateAccessToken>(&create_access_token::FUNCTION),
    Listed::route::<delete_account::DeleteAccount>(&delete_account::FUNCTION),
    Listed::route::<list_access_tokens::ListAccessTokens>(&list_access_tokens::FUNCTION),
    Listed::route::<list_sessions::ListSessions>(&list_sessions::FUNCTION),
    Listed::route::<list_sign_ins::ListSignIns>(&list_sign_ins::FUNCTION),
    Listed::route::<logout_everywhere::LogoutEverywhere>(&logout_everywhere::FUNCTION),
    Listed::route::<revoke_access_token::RevokeAccessToken>(&revoke_access_token::FUNCTION),
    Listed::route::<revoke_session::RevokeSession>(&revoke_session::FUNCTION),
    Listed::route::<update_profile::UpdateProfile>(&update_profile::FUNCTION),
];
