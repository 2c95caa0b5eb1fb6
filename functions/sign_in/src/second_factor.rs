//! The second factor: a user's methods, the challenge issued after a right password, and its verification.

use mail::MailUser;
use serde::{Deserialize, Serialize};
use shared::crypto::link::LinkClaims;
use shared::identity::{AccountChanges, AccountKey, Accounts, EpochTurn, LookedUp, SignedIn, UserEpoch, Wanted};
use shared::kernel::ids::UserId;
use shared::kernel::problems::{Problem, ProblemCode, Refusal};
use shared::kernel::secrets::SecretText;
use shared::kernel::time::{SignedDuration, after};
use shared::system_events::{EventKind, Occurrence, Severity};
use shared::table::Stored;
use utoipa::ToSchema;

use crate::history::AuthMethod;
use crate::letters;
use crate::passkey_tally::PasskeyTally;
use crate::problems;
use crate::recovery_codes::{RecoveryCode, RecoveryCodes};
use crate::totp::{Attempt, Totp};
use crate::totp_secret::TotpCode;
use accounts::user::{PasswordRecord, User};

/// The purpose that a challenge is signed for.
const PURPOSE: &str = "second-factor";
/// How long a challenge is valid.
const CHALLENGE_LIFETIME: SignedDuration = SignedDuration::from_mins(5);

/// A code was wrong, was used before or was sent during a delay.
pub static SECOND_FACTOR_FAILED: EventKind = EventKind::operational("second_factor_failed", Severity::Info);
/// So many consecutive wrong codes that an attacker who has the password is likely guessing.
pub static SECOND_FACTOR_GUESSED: EventKind = EventKind::security("second_factor_guessed", Severity::Warning);
pub static RECOVERY_CODE_USED: EventKind = EventKind::security("recovery_code_used", Severity::Info);

/// Why a second factor is refused, or cannot be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecondFactorError {
    /// The same text for a code that is wrong, was used before or was sent during a delay.
    #[error(
        "The code is wrong or was already used. Enter the next one. After several wrong codes, wait before you try again."
    )]
    WrongCode,
    /// The same in a valid session: a 401 would make clients drop it.
    #[error("{}", Self::WrongCode)]
    WrongInSession { field: &'static str },
    #[error("The sign-in took too long, or the password was changed. Sign in again with your password.")]
    ChallengeExpired,
    #[error("An authenticator app is already set up. Remove it first.")]
    TotpEnrolled,
    #[error("No authenticator app is waiting for its first code. Start with POST /me/totp.")]
    TotpNotPending,
    #[error("Recovery codes replace a second factor, and none is set up. Set one up first.")]
    NothingToRecover,
    #[error("Your password is too short to be the only factor. Change it first: POST /me/password.")]
    PasswordTooShort,
}

impl Refusal for SecondFactorError {
    fn problem(&self) -> ProblemCode {
        match self {
            Self::WrongCode => problems::WRONG_CODE,
            Self::WrongInSession { .. } => problems::WRONG_CODE.under(403),
            Self::ChallengeExpired => problems::CHALLENGE_EXPIRED,
            Self::TotpEnrolled => problems::TOTP_ENROLLED,
            Self::TotpNotPending => problems::TOTP_NOT_PENDING,
            Self::NothingToRecover => problems::NO_SECOND_FACTOR,
            Self::PasswordTooShort => problems::PASSWORD_TOO_SHORT,
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::WrongInSession { field } => Some(field),
            _ => None,
        }
    }
}

/// A way to provide the second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SecondFactorMethod)]
pub enum Method {
    /// A code from an authenticator app.
    Totp,
    /// Sign in with the passkey instead: it needs no password.
    Passkey,
    RecoveryCode,
}

/// A user's factors other than the password.
pub struct Factors {
    user: UserId,
    /// Including an app that is not confirmed yet.
    pub totp: Option<Stored<Totp>>,
    pub recovery_codes: Option<Stored<RecoveryCodes>>,
    pub passkeys: Option<Stored<PasskeyTally>>,
}

impl Factors {
    /// Takes one read.
    pub async fn of(accounts: &Accounts, user: UserId) -> Result<Self, Problem> {
        let mut found = accounts.look_up(Self::wanted(Wanted::default(), user)).await?;
        Self::taken(&mut found, user)
    }

    /// For a user without any factors.
    pub(crate) fn none(user: UserId) -> Self {
        Self { user, totp: None, recovery_codes: None, passkeys: None }
    }

    /// Adds the records to a combined read.
    pub fn wanted(wanted: Wanted, user: UserId) -> Wanted {
        let key = AccountKey::User(user);
        wanted.of::<Totp>(&key).of::<RecoveryCodes>(&key).of::<PasskeyTally>(&key)
    }

    /// Takes the records out of a combined read.
    pub fn taken(found: &mut LookedUp, user: UserId) -> Result<Self, Problem> {
        let key = AccountKey::User(user);
        Ok(Self { user, totp: found.take(&key)?, recovery_codes: found.take(&key)?, passkeys: found.take(&key)? })
    }

    pub fn has_app(&self) -> bool {
        self.totp.as_ref().is_some_and(|totp| totp.confirmed_at().is_some())
    }

    pub fn passkeys(&self) -> u32 {
        self.passkeys.as_ref().map_or(0, |tally| tally.count())
    }

    /// Whether a sign-in requires a second factor.
    pub fn is_enrolled(&self) -> bool {
        self.has_app() || self.passkeys() > 0
    }

    pub fn methods(&self) -> Vec<Method> {
        let has_codes = self.recovery_codes.as_ref().is_some_and(|codes| codes.left() > 0);
        let methods =
            [(Method::Totp, self.has_app()), (Method::Passkey, self.passkeys() > 0), (Method::RecoveryCode, has_codes)];
        methods.into_iter().filter(|(_, there)| *there).map(|(method, _)| method).collect()
    }

    /// Requires that no factor is set up concurrently: otherwise a password checked a moment earlier would bypass the
    /// new factor.
    pub fn require_unchanged(&self, changes: AccountChanges) -> AccountChanges {
        let key = AccountKey::User(self.user);
        let changes = match &self.totp {
            Some(totp) => changes.unchanged(totp),
            None => changes.absent::<Totp>(&key),
        };
        match &self.passkeys {
            Some(passkeys) => changes.unchanged(passkeys),
            None => changes.absent::<PasskeyTally>(&key),
        }
    }

    /// Requires that the second factors still exist: if one is removed concurrently, a password that is too short would
    /// be the only factor.
    pub fn require_kept(&self, mut changes: AccountChanges) -> AccountChanges {
        if let Some(totp) = &self.totp {
            changes = changes.unchanged(totp);
        }
        if let Some(passkeys) = &self.passkeys {
            changes = changes.unchanged(passkeys);
        }
        changes
    }

    /// The changes that the first factor causes: it starts a new factor epoch, so that earlier sessions no longer count
    /// as strong. Returns the epoch that the factor is proved in.
    pub fn add_first(&self, caller: &SignedIn, changes: AccountChanges) -> (AccountChanges, UserEpoch) {
        let epoch = caller.epoch();
        if self.is_enrolled() {
            return (changes, epoch);
        }
        (changes.turn(self.user, epoch, EpochTurn::default().and_enrolling()), epoch.with_other_factors())
    }

    /// The changes that removing the last second factor causes: they delete the recovery codes and end the strength of
    /// sessions that proved it. Refused while the password is too short to be the only factor.
    pub async fn remove_last(&self, caller: &SignedIn, changes: AccountChanges) -> Result<AccountChanges, Problem> {
        let accounts = caller.accounts();
        let changes = changes.turn(self.user, caller.epoch(), EpochTurn::default().and_unenrolling());
        let password = accounts.find::<PasswordRecord>(&AccountKey::User(self.user)).await?;
        // A change of the password ends every session, and so makes the epoch another one.
        if password.is_some_and(|password| password.is_short()) {
            return Err(SecondFactorError::PasswordTooShort.into());
        }
        Ok(match &self.recovery_codes {
            Some(codes) => changes.delete(codes),
            None => changes,
        })
    }
}

/// The response to a right password if a second factor is set up.
#[derive(Serialize, ToSchema)]
pub struct SecondFactorChallenge {
    /// Send it to `POST /auth/second-factor` with a code. It attests that the password was right.
    pub challenge: String,
    pub methods: Vec<Method>,
    /// Seconds until the challenge expires.
    pub expires_in_s: i64,
}

#[derive(Serialize, Deserialize)]
struct Binding {
    epoch: UserEpoch,
}

/// Attests a right password. `epoch` is the user's epoch as read before the password check: a challenge does not
/// outlive a change of the password.
pub async fn issue_challenge(
    accounts: &Accounts,
    user: UserId,
    epoch: UserEpoch,
    factors: &Factors,
) -> Result<SecondFactorChallenge, Problem> {
    let claims = LinkClaims {
        purpose: PURPOSE.to_owned(),
        user,
        binding: serde_json::to_string(&Binding { epoch }).map_err(Problem::internal)?,
        expires_at: after(accounts.now(), CHALLENGE_LIFETIME),
    };
    let challenge = accounts.sign_claims(&claims).await?.expose().to_owned();
    Ok(SecondFactorChallenge { challenge, methods: factors.methods(), expires_in_s: CHALLENGE_LIFETIME.as_secs() })
}

/// Verifies a challenge. Returns its user and the epoch in which the password was right: a session is opened in no
/// other.
pub async fn verify_challenge(accounts: &Accounts, challenge: &SecretText) -> Result<(UserId, UserEpoch), Problem> {
    let claims = accounts.verify_claims(challenge, PURPOSE).await?.ok_or(SecondFactorError::ChallengeExpired)?;
    let Binding { epoch } = serde_json::from_str(&claims.binding).map_err(Problem::internal)?;
    let now = accounts.find_epoch(claims.user).await?.filter(|now| *now == epoch);
    Ok((claims.user, now.ok_or(SecondFactorError::ChallengeExpired)?))
}

/// The code that a client sends as its second factor.
pub enum Proof {
    Code(TotpCode),
    RecoveryCode(RecoveryCode),
}

impl Proof {
    pub fn exactly_one(code: Option<TotpCode>, recovery_code: Option<RecoveryCode>) -> Result<Self, Problem> {
        match (code, recovery_code) {
            (Some(code), None) => Ok(Self::Code(code)),
            (None, Some(code)) => Ok(Self::RecoveryCode(code)),
            _ => Err(Problem::invalid("code", "send exactly one of code and recovery_code")),
        }
    }

    /// The error for a wrong code in a session.
    pub fn wrong_in_session(&self) -> SecondFactorError {
        let field = match self {
            Self::Code(_) => "code",
            Self::RecoveryCode(_) => "recovery_code",
        };
        SecondFactorError::WrongInSession { field }
    }

    /// How a session is opened if the code is right.
    pub fn method(&self) -> AuthMethod {
        match self {
            Self::Code(_) => AuthMethod::Totp,
            Self::RecoveryCode(_) => AuthMethod::RecoveryCode,
        }
    }
}

/// Checks a second factor. Returns the changes that use the code up; commit them together with what the code
/// authorises. If it is wrong, commits `if_wrong` and returns `refusal`.
///
/// Of several parallel attempts, one changes the record and the others fail, right or wrong: guessing in parallel gains
/// nothing, and a code that is sent twice works once.
pub async fn prove(
    accounts: &Accounts,
    user: &User,
    proof: &Proof,
    if_wrong: AccountChanges,
    refusal: SecondFactorError,
) -> Result<AccountChanges, Problem> {
    let factors = Factors::of(accounts, user.id).await?;
    let tried = match proof {
        Proof::Code(code) => try_code(accounts, user, factors, code, refusal).await?,
        Proof::RecoveryCode(code) => try_recovery_code(accounts, user, factors, code, refusal).await?,
    };
    match tried {
        Tried::Right(changes) => Ok(changes),
        Tried::Wrong(changes, reason) => {
            let detail = serde_json::json!({ "method": proof.method(), "reason": reason });
            let failure = Occurrence::of(&SECOND_FACTOR_FAILED, user.id).detail(detail);
            // A refusal means that another attempt was counted concurrently; this one could not have succeeded.
            let _counted = accounts.try_commit(changes.and(if_wrong).event(failure)).await?;
            Err(refusal.into())
        }
    }
}

enum Tried {
    /// The changes that use the code up.
    Right(AccountChanges),
    /// The changes that count the failure, and its reason, for operators.
    Wrong(AccountChanges, &'static str),
}

impl Tried {
    fn without_factor() -> Self {
        Self::Wrong(AccountChanges::default(), "not_enrolled")
    }
}

async fn try_code(
    accounts: &Accounts,
    user: &User,
    factors: Factors,
    code: &TotpCode,
    refusal: SecondFactorError,
) -> Result<Tried, Problem> {
    let Some(mut totp) = factors.totp else { return Ok(Tried::without_factor()) };
    let secret = totp.secret(accounts).await?;
    let attempt = totp.attempt(&secret, code, accounts.now());
    let changes = AccountChanges::default();
    Ok(match attempt {
        Attempt::Right => Tried::Right(changes.replace(&totp).or(refusal)),
        Attempt::Delayed => Tried::Wrong(changes, "delayed"),
        Attempt::Wrong if totp.is_guessed_at() => {
            Tried::Wrong(changes.replace(&totp).event(Occurrence::of(&SECOND_FACTOR_GUESSED, user.id)), "wrong")
        }
        Attempt::Wrong => Tried::Wrong(changes.replace(&totp), "wrong"),
    })
}

/// A recovery code is never delayed, however many other codes were wrong: it cannot be guessed, and it works for a user
/// whose app is locked by an attacker's wrong codes.
async fn try_recovery_code(
    accounts: &Accounts,
    user: &User,
    factors: Factors,
    code: &RecoveryCode,
    refusal: SecondFactorError,
) -> Result<Tried, Problem> {
    let Some(mut codes) = factors.recovery_codes else { return Ok(Tried::without_factor()) };
    if !codes.spend(accounts, code).await? {
        return Ok(Tried::Wrong(AccountChanges::default(), "wrong"));
    }
    let left = codes.left();
    let letter = letters::recovery_code_used(accounts.now(), left);
    let changes = AccountChanges::default()
        .replace(&codes)
        .or(refusal)
        .event(Occurrence::of(&RECOVERY_CODE_USED, user.id).detail(serde_json::json!({ "left": left })))
        .mail_to(user.id, letter);
    Ok(Tried::Right(match factors.totp {
        Some(mut totp) if totp.failures() > 0 => {
            totp.forgive();
            changes.replace(&totp).or(refusal)
        }
        _ => changes,
    }))
}
