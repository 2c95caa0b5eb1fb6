//! Regaining an account by a mailed link: the common part of the reset link and the restore link.
//!
//! A mailed link proves who reads the mailbox, and nothing about who typed or created what before. So it always comes
//! with a new password, and ends every session and every personal access token; it can also remove second factors that
//! somebody else may have added.

use accounts::{Password, PasswordLength};
use shared::identity::{AccountChanges, Accounts, EpochTurn};
use shared::kernel::problems::Problem;
use shared::kernel::time::{SignedDuration, Timestamp, after};
use sign_in::password_owner::{PasswordOwner, ResetMethod};

use crate::factor_removal::{FactorCounts, FactorRemoval};

/// How long control of the mailbox alone is enough to remove a new factor. Within this time, a stranger who learned the
/// password and added a factor of their own cannot keep the owner out; after it, an attacker who breaks into the
/// mailbox cannot get past the owner's factor.
const RECENT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The result of regaining an account.
pub struct Regained {
    pub changes: AccountChanges,
    /// Recently added factors, which the changes remove if the request says so.
    pub recent_factors: FactorCounts,
}

/// Sets the password, with everything that this entails. `turn` is what the link itself does to the user's epochs.
pub async fn regain(
    accounts: &Accounts,
    owner: PasswordOwner,
    password: &Password,
    remove_recent_factors: bool,
    (method, mut turn): (ResetMethod, EpochTurn),
) -> Result<Regained, Problem> {
    let user = owner.user.id;
    let since = after(accounts.now(), -RECENT).max(owner.address.proved_at().unwrap_or(Timestamp::MIN));
    let (mut proved_by, mut changes) = (owner.proved_by(), AccountChanges::default());
    if password.length() == PasswordLength::Short && !remove_recent_factors {
        changes = owner.factors.stay(changes);
    }
    let (mut owner, factors) = owner.without_factors();
    let removal = FactorRemoval::of_those_since(accounts, user, factors, since).await?;
    let recent_factors = removal.counts();
    if remove_recent_factors {
        proved_by = removal.leaves;
        (changes, turn) = removal.carry_out(turn);
    }
    // Factors that were shown and not removed stay recent: the user sees them in the answer, and removes them with the
    // next link.
    if remove_recent_factors || recent_factors == FactorCounts::default() {
        owner.address.was_proved(accounts.now());
    }
    // Names of workspaces are not read: the user who opens a link is not signed in to any.
    owner.may_have(password, proved_by, [])?;
    let changes = owner.set(accounts, password, method, changes, turn).await?;
    Ok(Regained { changes, recent_factors })
}
