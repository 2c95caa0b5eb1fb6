//! Sign-in by password: reads, checks and records, with the same cost for every address.
//!
//! A wrong password takes the same reads, the same computation, one transaction of three writes, and one answer:
//! whether or not the account exists, has an imported hash, is delayed or has a second factor.

use mail::EmailAddress;
use shared::identity::{AccountChanges, AccountKey, Accounts, UserEpoch, Wanted};
use shared::kernel::problems::Problem;
use shared::system_events::{EventKind, Occurrence, Severity};
use shared::table::Stored;

use crate::attempts::{self, Attempts};
use crate::device::{self, DeviceToken, KnownDevice};
use crate::history::SignIn;
use crate::sign_in_error::SignInError;
use accounts::address::Address;
use accounts::decoy_account;
use accounts::password_hash::{self, Verdict};
use accounts::user::{PasswordRecord, User};
use accounts::{PasswordAttempt, PasswordHash};

/// How often to retry recording an attempt when it conflicts with another attempt on the same address.
const TRIES: u32 = 12;

/// A password was wrong, or was sent during a delay. The monitor counts these events.
pub static SIGN_IN_FAILED: EventKind = EventKind::operational("sign_in_failed", Severity::Info);
/// A stored hash cannot be verified: its user must reset the password.
pub static PASSWORD_HASH_DAMAGED: EventKind = EventKind::security("password_hash_damaged", Severity::Critical);

/// A user who gave the right password.
pub struct Proved {
    pub user: Stored<User>,
    pub epoch: UserEpoch,
    pub device: Option<KnownDevice>,
    /// The changes that a right password causes: it resets the count of failures and replaces an outdated hash.
    pub changes: AccountChanges,
}

/// The account behind an address, if there is one, and its earlier failures.
struct Candidate {
    key: AccountKey,
    /// The subject of events: the digest of the address, the same with and without an account.
    subject: String,
    user: Option<Stored<User>>,
    password: Option<Stored<PasswordRecord>>,
    epoch: Option<UserEpoch>,
    device: Option<KnownDevice>,
    /// The failures before this attempt: on the device, or on all other devices.
    attempts: Option<Stored<Attempts>>,
    /// Whether a known device signs in while failures are counted for other devices.
    failed_elsewhere: bool,
}

/// Checks a password and records a failure.
pub async fn prove(
    accounts: &Accounts,
    email: &EmailAddress,
    password: &PasswordAttempt,
    device: Option<&DeviceToken>,
) -> Result<Proved, Problem> {
    let device = device::recognise(accounts, device, email).await?;
    let mut candidate = Candidate::read(accounts, email, device).await?;
    let verdict = password_hash::check(accounts, candidate.hash(), password).await?;
    if verdict == Verdict::Damaged {
        let subject = &candidate.subject;
        accounts.emit(Occurrence::of(&PASSWORD_HASH_DAMAGED, subject).once(subject)).await?;
    }
    let is_right = matches!(verdict, Verdict::Right | Verdict::Outdated | Verdict::TooLongForLegacy);
    for round in 0..TRIES {
        let delayed = candidate.attempts.as_ref().is_some_and(|attempts| attempts.is_delayed(accounts.now()));
        if is_right && !delayed && !candidate.is_decoy() {
            return candidate.succeed(accounts, verdict, password).await;
        }
        if accounts.try_commit(candidate.failure(accounts, delayed)).await?.is_ok() {
            return Err(SignInError::WrongCredentials.into());
        }
        // Another attempt was recorded concurrently, so this one may now be delayed.
        accounts.back_off(round).await;
        candidate.attempts = candidate.read_attempts(accounts).await?;
    }
    // Refuse with the same error: another one would reveal that this address is in use.
    tracing::warn!(
        subject = candidate.subject,
        "a failed sign-in was not counted: every retry conflicted with another attempt"
    );
    Err(SignInError::WrongCredentials.into())
}

impl Candidate {
    /// Takes three reads, with or without an account: the address, the epoch, the user. The epoch is read before the
    /// password, so that a password that is changed during the computation does not open a session.
    async fn read(accounts: &Accounts, email: &EmailAddress, device: Option<KnownDevice>) -> Result<Self, Problem> {
        let subject = AccountKey::email_digest(email.as_str());
        let key = AccountKey::Email(subject.clone());
        let own = attempts::part(device.as_ref());
        let mut wanted = Wanted::default().of::<Address>(&key).of::<Attempts>(&key);
        if device.is_some() {
            wanted = wanted.part::<Attempts>(&key, &own);
        }
        let mut found = accounts.look_up(wanted).await?;
        let address: Option<Stored<Address>> = found.take(&key)?;
        let of_device: Option<Stored<Attempts>> = if device.is_some() { found.take_part(&key, &own)? } else { None };
        // A device that has failed too often is treated as unknown.
        let spent = of_device.as_ref().is_some_and(|attempts| attempts.is_device_spent());
        let device = device.filter(|_| !spent);
        let elsewhere: Option<Stored<Attempts>> = found.take(&key)?;
        let failed_elsewhere = device.is_some() && elsewhere.is_some();
        let attempts = if device.is_some() { of_device } else { elsewhere };
        let owner = address.as_ref().and_then(|address| address.owner()).unwrap_or_else(decoy_account::id);
        let epoch = accounts.find_epoch(owner).await?;
        let user_key = AccountKey::User(owner);
        let mut wanted = Wanted::default().of::<User>(&user_key).of::<PasswordRecord>(&user_key);
        if address.is_none() {
            wanted = wanted.of::<Address>(&decoy_account::key());
        }
        let mut found = accounts.look_up(wanted).await?;
        let (user, password) = (found.take(&user_key)?, found.take(&user_key)?);
        if address.is_none() {
            let _decoded: Option<Stored<Address>> = found.take(&decoy_account::key())?;
        }
        if owner == decoy_account::id() && epoch.is_none() {
            decoy_account::make(accounts).await?;
        }
        Ok(Self { key, subject, user, password, epoch, device, attempts, failed_elsewhere })
    }

    async fn read_attempts(&self, accounts: &Accounts) -> Result<Option<Stored<Attempts>>, Problem> {
        accounts.find_part(&self.key, &attempts::part(self.device.as_ref())).await
    }

    /// The hash to compare with: the user's or the decoy's.
    fn hash(&self) -> Option<&PasswordHash> {
        self.password.as_ref().map(|record| &record.hash)
    }

    /// The user, unless it is the decoy.
    fn owner(&self) -> Option<&Stored<User>> {
        self.user.as_ref().filter(|user| user.id != decoy_account::id())
    }

    /// Whether no password can be right: the account does not exist or is deleted.
    fn is_decoy(&self) -> bool {
        self.owner().is_none_or(|user| user.is_deleted())
    }

    /// Always three writes: the count, a history entry and the event.
    fn failure(&mut self, accounts: &Accounts, delayed: bool) -> AccountChanges {
        let now = accounts.now();
        let none = || Attempts::none(self.key.clone(), self.device.as_ref(), now);
        let (changes, entry) = Attempts::record_failure(&mut self.attempts, none, accounts.new_id(), now);
        let entry = match self.owner() {
            Some(user) => SignIn::wrong_passwords(accounts, user.id, entry, None),
            None => SignIn::wrong_passwords(accounts, accounts.new_id(), entry, None).without_account(),
        };
        let changes = changes.overwrite(&entry);
        let detail = serde_json::json!({ "delayed": delayed });
        changes.event(Occurrence::of(&SIGN_IN_FAILED, &self.subject).detail(detail))
    }

    async fn succeed(
        self,
        accounts: &Accounts,
        verdict: Verdict,
        password: &PasswordAttempt,
    ) -> Result<Proved, Problem> {
        let (Some(user), Some(epoch), Some(mut record)) = (self.user, self.epoch, self.password) else {
            return Err(Problem::internal("an address has an owner without a password or an epoch"));
        };
        if verdict == Verdict::TooLongForLegacy {
            return Err(SignInError::PasswordResetRequired.into());
        }
        let mut changes = AccountChanges::default();
        if let Some(attempts) = &self.attempts {
            changes = changes.delete(attempts).or(SignInError::WrongCredentials);
        }
        // A sign-in from a known device clears the failures elsewhere. Otherwise an attacker could lock out the user's
        // other devices for good.
        if self.failed_elsewhere {
            changes = changes.forget::<Attempts>(&self.key, &"");
        }
        if verdict == Verdict::Outdated {
            record.hash = password_hash::rehash(accounts, password).await?;
            record.length = password.length();
            changes = changes.replace(&record);
        }
        Ok(Proved { user, epoch, device: self.device, changes })
    }
}
