//! `POST /auth/step-up`: re-authenticates the current session (RFC 9470).

use shared::identity::sessions::FRESH_FOR;
use shared::identity::{AccountChanges, AccountKey, Strength, Wanted};
use shared::kernel::problems::Refusal;
use shared::kernel::time::{ApiTimestamp, Timestamp, after};
use shared::prelude::route::*;

use crate::current_password;
use crate::history::{SignIn, SignInOutcome};
use crate::problems;
use crate::recovery_codes::RecoveryCode;
use crate::second_factor::{Factors, Proof, prove};
use crate::totp_secret::TotpCode;
use accounts::PasswordAttempt;
use accounts::user::{PasswordRecord, User};

/// Re-authenticates the session of the access token. Send exactly one factor. The password is only accepted if no
/// second factor is set up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StepUp {
    password: Option<PasswordAttempt>,
    code: Option<TotpCode>,
    recovery_code: Option<RecoveryCode>,
}

/// How long the session stays fresh.
#[derive(Serialize, ToSchema)]
pub struct SteppedUp {
    /// Until then, the session may call routes that require a fresh factor.
    #[schema(value_type = String, format = DateTime)]
    fresh_until: ApiTimestamp,
}

impl SteppedUp {
    /// For a factor that was proved at `factor_at`.
    pub fn at(factor_at: Timestamp) -> Self {
        Self { fresh_until: after(factor_at, FRESH_FOR).into() }
    }
}

/// Why a step-up is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StepUpError {
    #[error("The password is wrong. After several wrong passwords, wait before you try again.")]
    WrongPassword,
    #[error("must be omitted because a second factor is set up: send code or recovery_code")]
    PasswordIsNotEnough,
}

impl Refusal for StepUpError {
    fn problem(&self) -> ProblemCode {
        match self {
            Self::WrongPassword => problems::WRONG_PASSWORD,
            Self::PasswordIsNotEnough => problems::SECOND_FACTOR_REQUIRED,
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::WrongPassword => None,
            Self::PasswordIsNotEnough => Some("password"),
        }
    }
}

pub static FUNCTION: Function = Function::route::<StepUp>();

impl Endpoint for StepUp {
    // Argon2 needs 64 MiB, and more CPU, which Lambda allots in proportion to memory.
    const ROUTE: Route = Route::post("step-up", "/auth/step-up").memory_mb(1024);
    const GRANTS: &'static [Grant] = &[
        Grant::ReadUserRecords,
        Grant::WriteUserRecords,
        Grant::ReadAddresses,
        Grant::WriteAddresses,
        Grant::DeleteAddresses,
        Grant::WriteSessions,
        Grant::WriteLetters,
        Grant::DeriveKeys,
    ];
    const LIMIT: Option<UserLimit> = Some(UserLimit { requests: 5, seconds: 300 });
    const PROBLEMS: &'static [ProblemCode] = &[
        problems::WRONG_PASSWORD,
        problems::SECOND_FACTOR_REQUIRED,
        problems::WRONG_CODE.under(403),
        problem_codes::NOT_FOUND,
    ];
    const WARM_CALLS: WarmCalls =
        WarmCalls::up_to(6, "attempts are counted exactly: two calls; the user and their factors are read");
    type Access = SignedIn;
    type Output = Reply<SteppedUp>;

    async fn handle(self, caller: &SignedIn) -> Result<Self::Output, Problem> {
        let (accounts, now) = (caller.accounts(), caller.accounts().now());
        let key = AccountKey::User(caller.user());
        let (strength, changes) = match self {
            Self { password: Some(password), code: None, recovery_code: None } => {
                (Strength::Single, check_password(caller, &password).await?)
            }
            Self { password: None, code, recovery_code } => {
                let proof = Proof::exactly_one(code, recovery_code)?;
                let user = accounts.find::<User>(&key).await?.ok_or_else(Problem::not_found)?;
                let (outcome, session) = (SignInOutcome::WrongSecondFactor, Some(caller.session()));
                let failed = SignIn::now(accounts, user.id, proof.method(), outcome, session);
                let (failed, refusal) = (AccountChanges::default().insert(&failed), proof.wrong_in_session());
                (Strength::Multi, prove(accounts, &user, &proof, failed, refusal).await?)
            }
            Self { password: Some(_), .. } => {
                return Err(Problem::invalid("password", "send exactly one of password, code and recovery_code"));
            }
        };
        let proved = (strength, caller.epoch());
        accounts.commit(changes.prove_factor(caller.user(), caller.session(), proved, now)).await?;
        Ok(Reply(SteppedUp::at(now)))
    }
}

/// An attacker's session often comes from a stolen password: if a second factor is set up, the password proves nothing
/// new.
async fn check_password(caller: &SignedIn, password: &PasswordAttempt) -> Result<AccountChanges, Problem> {
    let (accounts, key) = (caller.accounts(), AccountKey::User(caller.user()));
    let wanted = Wanted::default().of::<User>(&key).of::<PasswordRecord>(&key);
    let mut found = accounts.look_up(Factors::wanted(wanted, caller.user())).await?;
    if Factors::taken(&mut found, caller.user())?.is_enrolled() {
        return Err(StepUpError::PasswordIsNotEnough.into());
    }
    let user = found.take::<User>(&key)?.ok_or_else(Problem::not_found)?;
    let record = found.take::<PasswordRecord>(&key)?;
    let proved = current_password::prove(caller, &user, record.as_deref(), password).await?;
    Ok(proved.ok_or(StepUpError::WrongPassword)?)
}
