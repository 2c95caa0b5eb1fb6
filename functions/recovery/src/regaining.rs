//! Regaining an account by an emailed link: shared by the reset link and the restore link.
//!
//! An emailed link proves control of the mailbox, but not that the mailbox's owner set the password, opened the
//! sessions or added the factors. So it always sets a new password, and ends every session and every personal access
//! token; it can also remove second factors that an attacker may have added.

use accounts::{Password, PasswordLength};
use shared::aws::grants::Grant;
use shared::identity::{AccountChanges, Accounts, EpochTurn};
use shared::kernel::problems::Problem;
use shared::kernel::time::{SignedDuration, Timestamp, after};
use sign_in::password_owner::{PasswordOwner, ResetMethod};

use crate::factor_removal::{FactorCounts, FactorRemoval};

/// How long after a factor was added control of the mailbox suffices to remove it. Within this time, an attacker who
/// learned the password and added their own factor cannot lock the owner out; after it, an attacker who controls the
/// mailbox cannot bypass the owner's factor.
const RECENT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The grants of a route by which an owner regains an account: it reads the owner, sets the password, ends sessions, and
/// may remove factors.
pub const GRANTS: &[Grant] = &[
    Grant::ReadUserRecords,
    Grant::WriteUserRecords,
    Grant::DeleteUserRecords,
    Grant::ReadAddresses,
    Grant::WriteAddresses,
    Grant::DeleteAddresses,
    Grant::ReadSessions,
    Grant::WriteSessions,
    Grant::WriteLetters,
    Grant::DeriveKeys,
];

/// The result of regaining an account.
pub struct Regained {
    pub changes: AccountChanges,
    /// Recently added factors, which the changes remove if the request asks for it.
    pub recent_factors: FactorCounts,
}

/// Sets the password and removes recent factors if requested. `turn` holds the changes that the link itself makes to
/// the user's epochs.
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
        changes = owner.factors.require_kept(changes);
    }
    let (mut owner, factors) = owner.without_factors();
    let removal = FactorRemoval::of_those_since(accounts, user, factors, since).await?;
    let recent_factors = removal.counts();
    if remove_recent_factors {
        proved_by = removal.leaves;
        (changes, turn) = removal.into_changes(turn);
    }
    // Factors that were reported but not removed stay recent: the user sees them in the response and can remove them
    // with the next link.
    if remove_recent_factors || recent_factors == FactorCounts::default() {
        owner.address.was_proved(accounts.now());
    }
    // The names of workspaces are not checked: the user who opens a link is not signed in.
    owner.may_have(password, proved_by, [])?;
    let changes = owner.set(accounts, password, method, changes, turn).await?;
    Ok(Regained { changes, recent_factors })
}
