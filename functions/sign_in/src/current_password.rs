//! Checks a user's current password within a session. Failures are counted and delayed as at sign-in, and appear in the
//! login history.

use serde_json::json;
use shared::identity::{AccountChanges, AccountKey, SignedIn};
use shared::kernel::problems::Problem;
use shared::system_events::{EventKind, Occurrence, Severity};

use crate::attempts::{Attempts, STEP_UP};
use crate::history::SignIn;
use crate::password_sign_in::PASSWORD_HASH_DAMAGED;
use accounts::PasswordAttempt;
use accounts::password_hash::{self, Verdict};
use accounts::user::{PasswordRecord, User};

/// How often to retry counting a failure when it conflicts with another failure of the same user.
const TRIES: u32 = 12;

/// A password given in a session was wrong, or was sent during a delay.
pub static STEP_UP_FAILED: EventKind = EventKind::operational("step_up_failed", Severity::Info);

/// Returns the changes that reset the count of failures if the password is right. Counts a wrong password and returns
/// `None`.
///
/// The count covers all sessions of the user and is separate from the count for sign-ins: guessing in a stolen session
/// must not delay the owner's sign-ins. A right password in a session or a new password resets it.
pub async fn prove(
    caller: &SignedIn,
    user: &User,
    record: Option<&PasswordRecord>,
    attempt: &PasswordAttempt,
) -> Result<Option<AccountChanges>, Problem> {
    let (accounts, key) = (caller.accounts(), AccountKey::email(user.email.as_str()));
    let mut attempts = accounts.find_part::<Attempts>(&key, &STEP_UP).await?;
    let verdict = password_hash::check(accounts, record.map(|record| &record.hash), attempt).await?;
    if verdict == Verdict::Damaged {
        accounts.emit(Occurrence::of(&PASSWORD_HASH_DAMAGED, user.id).once(user.id)).await?;
    }
    let is_right = matches!(verdict, Verdict::Right | Verdict::Outdated);
    for round in 0..TRIES {
        let now = accounts.now();
        let delayed = attempts.as_ref().is_some_and(|attempts| attempts.is_delayed(now));
        if is_right && !delayed {
            let changes = AccountChanges::default();
            return Ok(Some(attempts.iter().fold(changes, AccountChanges::delete)));
        }
        let none = || Attempts::of_step_ups(key.clone(), now);
        let (changes, entry) = Attempts::record_failure(&mut attempts, none, accounts.new_id(), now);
        let entry = SignIn::wrong_passwords(accounts, user.id, entry, Some(caller.session()));
        let failed = Occurrence::of(&STEP_UP_FAILED, user.id).detail(json!({ "delayed": delayed }));
        if accounts.try_commit(changes.overwrite(&entry).event(failed)).await?.is_ok() {
            return Ok(None);
        }
        accounts.back_off(round).await;
        attempts = accounts.find_part::<Attempts>(&key, &STEP_UP).await?;
    }
    Ok(None)
}
