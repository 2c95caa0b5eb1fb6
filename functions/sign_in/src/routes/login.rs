//! `POST /auth/login`: signs in by password, or returns a second-factor challenge.

use mail::EmailAddress;
use shared::prelude::route::*;

use crate::device::DeviceToken;
use crate::history::{AuthMethod, SignIn, SignInOutcome};
use crate::password_sign_in::{self, Proved};
use crate::problems;
use crate::second_factor::{self, Factors, SecondFactorChallenge};
use crate::session::{self, Opening, Tokens};
use accounts::PasswordAttempt;

/// Signs in by email address and password. If the user has a second factor, returns a challenge instead of tokens.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    email: EmailAddress,
    password: PasswordAttempt,
    #[serde(default)]
    device_token: Option<DeviceToken>,
}

/// Tokens, or a second-factor challenge.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum LoggedIn {
    Tokens(Tokens),
    SecondFactor(SecondFactorRequired),
}

/// The password was right, and a second factor is required: send a code to `POST /auth/second-factor`, or sign in with
/// a passkey.
#[derive(Serialize, ToSchema)]
pub struct SecondFactorRequired {
    second_factor: SecondFactorChallenge,
}

pub static FUNCTION: Function = Function::route::<Login>();

impl Endpoint for Login {
    // Argon2 needs 64 MiB, and more CPU, which Lambda allots in proportion to memory.
    const ROUTE: Route = Route::post("login", "/auth/login").memory_mb(1024);
    const GRANTS: &'static [Grant] = &[
        Grant::ReadUserRecords,
        Grant::WriteUserRecords,
        Grant::ReadAddresses,
        Grant::WriteAddresses,
        Grant::DeleteAddresses,
        Grant::WriteRefreshTokens,
        Grant::ReadSessions,
        Grant::WriteSessions,
        Grant::WriteLetters,
        Grant::DeriveKeys,
        Grant::SignTokens,
    ];
    const PROBLEMS: &'static [ProblemCode] = &[problems::WRONG_CREDENTIALS, problems::PASSWORD_RESET_REQUIRED];
    type Access = Credentials;
    type Output = Reply<LoggedIn>;

    async fn handle(self, accounts: &Credentials) -> Result<Self::Output, Problem> {
        let Self { email, password, device_token } = self;
        let proved = password_sign_in::prove(accounts, &email, &password, device_token.as_ref()).await?;
        let Proved { user, epoch, device, changes } = proved;
        let factors = Factors::of(accounts, user.id).await?;
        if factors.is_enrolled() {
            let outcome = SignInOutcome::SecondFactorRequired;
            let entry = SignIn::now(accounts, user.id, AuthMethod::Password, outcome, None);
            accounts.commit(changes.insert(&entry).same_epoch(user.id, epoch)).await?;
            let second_factor = second_factor::issue_challenge(accounts, user.id, epoch, &factors).await?;
            return Ok(Reply(LoggedIn::SecondFactor(SecondFactorRequired { second_factor })));
        }
        let opening = Opening { method: AuthMethod::Password, device, epoch };
        let changes = factors.require_unchanged(changes);
        let tokens = session::open(accounts, &user, opening, changes).await?;
        accounts.proved();
        Ok(Reply(LoggedIn::Tokens(tokens)))
    }
}
