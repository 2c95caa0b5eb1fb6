//! Regaining an account by a mailed link: what the links of a reset and of a deletion have in common.
//!
//! A mailed link proves who reads the mailbox, and nothing that was typed or made before. So it always comes with a
//! password, and ends every session and every personal access token; second factors that somebody may have added in the
//! user's place can go with them.

use accounts::password_owner::{PasswordOwner, ResetMethod};
use accounts::{Password, PasswordLength};
use shared::identity::{AccountChanges, Accounts, EpochTurn};
use shared::kernel::problems::Problem;
use shared::kernel::time::{SignedDuration, Timestamp, after};

use crate::factor_removal::{FactorCounts, FactorRemoval};

/// How long a new factor can be removed by who reads the mailbox alone. Within it, a stranger who learned the password
/// and added a factor of their own cannot keep the owner out; after it, who breaks into the mailbox cannot pass the
/// owner's factor.
const RECENT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What regaining an account comes to.
pub struct Regained {
    pub changes: AccountChanges,
    /// Factors that were added lately, which the changes remove if it was asked for.
    pub recent_factors: FactorCounts,
}

/// Sets the password and does what goes with it. `turn` is what the link itself does to the user's epochs.
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
    let (owner, factors) = owner.without_factors();
    let removal = FactorRemoval::of_those_since(accounts, user, factors, since).await?;
    let recent_factors = removal.counts();
    if remove_recent_factors {
        proved_by = removal.leaves;
        (changes, turn) = removal.carry_out(turn);
    }
    // Workspaces' names are not read: whoever presents a link is not signed in to any.
    owner.may_have(password, proved_by, [])?;
    let changes = owner.set(accounts, password, method, changes, turn).await?;
    Ok(Regained { changes, recent_factors })
}
