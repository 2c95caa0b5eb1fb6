//! `POST /auth/second-factor`: completes a sign-in by password with a second factor.

use shared::identity::{AccountChanges, AccountKey};
use shared::kernel::secrets::SecretText;
use shared::prelude::route::*;

use crate::device::{self, DeviceToken};
use crate::history::{SignIn, SignInOutcome};
use crate::problems;
use crate::recovery_codes::RecoveryCode;
use crate::second_factor::{Proof, SecondFactorError, prove, verify_challenge};
use crate::session::{self, Opening, Tokens};
use crate::totp_secret::TotpCode;
use accounts::user::User;

/// Completes a sign-in that `POST /auth/login` answered with a challenge: with a code from an authenticator app or with
/// a recovery code. Each code works once.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifySecondFactor {
    /// The challenge from `POST /auth/login`, at most 5 minutes old.
    challenge: SecretText,
    /// Send exactly one of `code` and `recovery_code`.
    code: Option<TotpCode>,
    recovery_code: Option<RecoveryCode>,
    device_token: Option<DeviceToken>,
}

pub static FUNCTION: Function = Function::route::<VerifySecondFactor>();

impl Endpoint for VerifySecondFactor {
    const ROUTE: Route = Route::post("verify-second-factor", "/auth/second-factor");
    const GRANTS: &'static [Grant] = &[
        Grant::ReadUserRecords,
        Grant::WriteUserRecords,
        Grant::DeleteUserRecords,
        Grant::WriteRefreshTokens,
        Grant::ReadSessions,
        Grant::WriteSessions,
        Grant::WriteLetters,
        Grant::DeriveKeys,
        Grant::SignTokens,
    ];
    const PROBLEMS: &'static [ProblemCode] =
        &[problems::CHALLENGE_EXPIRED, problems::WRONG_CODE, problems::WRONG_CREDENTIALS];
    type Access = Credentials;
    type Output = Reply<Tokens>;

    async fn handle(self, accounts: &Credentials) -> Result<Self::Output, Problem> {
        let proof = Proof::exactly_one(self.code, self.recovery_code)?;
        let (user, epoch) = verify_challenge(accounts, &self.challenge).await?;
        let user = accounts.find::<User>(&AccountKey::User(user)).await?;
        let user = user.ok_or(SecondFactorError::ChallengeExpired)?;
        let device = device::recognise(accounts, self.device_token.as_ref(), &user.email).await?;
        let method = proof.method();
        let failed = SignIn::now(accounts, user.id, method, SignInOutcome::WrongSecondFactor, None);
        let if_wrong = AccountChanges::default().insert(&failed);
        let changes = prove(accounts, &user, &proof, if_wrong, SecondFactorError::WrongCode).await?;
        let tokens = session::open(accounts, &user, Opening { method, device, epoch }, changes).await?;
        accounts.proved();
        Ok(Reply(tokens))
    }
}
