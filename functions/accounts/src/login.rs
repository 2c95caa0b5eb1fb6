//! `POST /auth/login`: opens a session for whoever has the password.

use mail::EmailAddress;
use serde::Deserialize;
use shared::aws::grants::Grant;
use shared::config::PasswordCost;
use shared::function::Function;
use shared::http::{Endpoint, Found, Route};
use shared::identity::{AccountKey, Credentials};
use shared::kernel::problems::{Problem, Refusal};
use shared::kernel::secrets::SecretBytes;
use utoipa::ToSchema;

use crate::address::Address;
use crate::password_hash::match_nobody;
use crate::session::{self, Tokens};
use crate::user::PasswordRecord;
use crate::{PasswordAttempt, PasswordHash};

/// Signs in with address and password, and opens a session.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    email: EmailAddress,
    password: PasswordAttempt,
}

/// Why a sign-in is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// The same for an unknown address: who has an account is nobody's business.
    #[error("The e-mail address or the password is wrong.")]
    WrongCredentials,
    /// Only to who has the right password.
    #[error("The e-mail address is not verified yet. Open the link that we mailed, or have it sent again.")]
    EmailNotVerified,
}

impl Refusal for SignInError {
    fn status(&self) -> u16 {
        match self {
            Self::WrongCredentials => 401,
            Self::EmailNotVerified => 403,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::WrongCredentials => "wrong_credentials",
            Self::EmailNotVerified => "email_not_verified",
        }
    }
}

pub static FUNCTION: Function = Function::route::<Login>();

impl Endpoint for Login {
    // Argon2 needs 64 MiB, and a share of a processor that comes with more memory.
    const ROUTE: Route = Route::post("login", "/auth/login").memory_mb(1024);
    const GRANTS: &'static [Grant] = &[Grant::Accounts, Grant::DeriveKeys, Grant::SignTokens];
    type Access = Credentials;
    type Output = Found<Tokens>;

    async fn handle(self, accounts: &Credentials) -> Result<Self::Output, Problem> {
        let peppered = accounts.pepper(self.password.secret()).await?;
        let address = accounts.find::<Address>(&AccountKey::email(self.email.as_str())).await?;
        let owner = address.as_ref().and_then(|address| address.owner());
        // Somebody's password is read in any case, so that an unknown address takes as many reads.
        let somebody = owner.unwrap_or_else(|| accounts.new_id());
        let password = accounts.find::<PasswordRecord>(&AccountKey::User(somebody)).await?;
        let waiting = address.as_ref().and_then(|address| address.newest_registration(accounts.now()));
        let hash = password.as_ref().map(|record| &record.hash).or(waiting.map(|registration| &registration.password));
        match (is_right(hash, &peppered, accounts.password_cost())?, owner) {
            (false, _) => Err(SignInError::WrongCredentials.into()),
            (true, None) => Err(SignInError::EmailNotVerified.into()),
            (true, Some(user)) => Ok(Found(session::open(accounts, user).await?)),
        }
    }
}

/// Computes one Argon2 hash, whoever it is. A stored hash that is damaged is no password's: an operator is told, and the
/// user can set a new password, where a failure would only be repeated.
fn is_right(hash: Option<&PasswordHash>, peppered: &SecretBytes, cost: PasswordCost) -> Result<bool, Problem> {
    match hash.map(|hash| hash.matches(peppered)) {
        Some(Ok(right)) => return Ok(right),
        Some(Err(error)) => tracing::error!(event = "password_hash_damaged", cause = %error, "a password is unusable"),
        None => {}
    }
    match_nobody(peppered, cost).map_err(Problem::internal)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_damaged_hash_is_nobodys_password_and_no_fault() {
        let damaged: PasswordHash = serde_json::from_str(r#"{"phc":"$argon2id$v=19$broken","pepper":1}"#).unwrap();
        let cost = PasswordCost { memory_kib: 8, passes: 1, lanes: 1 };
        assert!(!is_right(Some(&damaged), &SecretBytes::new(vec![1]), cost).unwrap());
        assert!(!is_right(None, &SecretBytes::new(vec![1]), cost).unwrap());
    }
}
