//! Profiles: what people do with their own account: change it, see who uses it, give programs access, delete it.

pub mod access_token;
pub mod cancel_email_change;
pub mod change_email;
pub mod confirm_email_change;
pub mod create_access_token;
pub mod delete_account;
mod email_change;
pub mod list_access_tokens;
pub mod list_sessions;
pub mod list_sign_ins;
pub mod logout_everywhere;
pub mod purge_deleted_accounts;
pub mod purge_login_history;
pub mod revoke_access_token;
pub mod revoke_session;
pub mod update_profile;

use shared::function::Listed;

/// Every function of the domain, with its shapes.
pub static FUNCTIONS: &[Listed] = &[
    Listed::route::<update_profile::UpdateProfile>(&update_profile::FUNCTION),
    Listed::route::<change_email::ChangeEmail>(&change_email::FUNCTION),
    Listed::route::<cancel_email_change::CancelEmailChange>(&cancel_email_change::FUNCTION),
    Listed::route::<confirm_email_change::ConfirmEmailChange>(&confirm_email_change::FUNCTION),
    Listed::route::<delete_account::DeleteAccount>(&delete_account::FUNCTION),
    Listed::job(&purge_deleted_accounts::FUNCTION),
    Listed::route::<list_sessions::ListSessions>(&list_sessions::FUNCTION),
    Listed::route::<revoke_session::RevokeSession>(&revoke_session::FUNCTION),
    Listed::route::<logout_everywhere::LogoutEverywhere>(&logout_everywhere::FUNCTION),
    Listed::route::<list_sign_ins::ListSignIns>(&list_sign_ins::FUNCTION),
    Listed::route::<create_access_token::CreateAccessToken>(&create_access_token::FUNCTION),
    Listed::route::<list_access_tokens::ListAccessTokens>(&list_access_tokens::FUNCTION),
    Listed::route::<revoke_access_token::RevokeAccessToken>(&revoke_access_token::FUNCTION),
    Listed::job(&purge_login_history::FUNCTION),
];
