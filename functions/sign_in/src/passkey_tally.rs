//! The number of a user's passkeys, which sign-in by password needs. The passkeys themselves belong to another domain.

use serde::{Deserialize, Serialize};
use shared::identity::{AccountChanges, AccountKey, AccountRecord};
use shared::kernel::ids::UserId;
use shared::table::Stored;

/// The number of a user's passkeys. Every registration and removal changes it, so of two parallel registrations that
/// compete for the last free place, one fails.
#[derive(Serialize, Deserialize)]
pub struct PasskeyTally {
    user: UserId,
    count: u32,
}

impl PasskeyTally {
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Counts one more passkey. `None` if the user already has `most`.
    pub fn one_more(stored: Option<Stored<Self>>, user: UserId, most: u32) -> Option<AccountChanges> {
        let changes = AccountChanges::default();
        match stored {
            Some(tally) if tally.count >= most => None,
            Some(mut tally) => {
                tally.count += 1;
                Some(changes.replace(&tally))
            }
            None => Some(changes.insert(&Self { user, count: 1 })),
        }
    }

    pub fn fewer(stored: Option<Stored<Self>>, by: u32) -> AccountChanges {
        let changes = AccountChanges::default();
        match stored {
            Some(mut tally) => {
                tally.count = tally.count.saturating_sub(by);
                changes.replace(&tally)
            }
            None => changes,
        }
    }
}

impl AccountRecord for PasskeyTally {
    const KIND: &'static str = "PASSKEY_TALLY";

    fn account_key(&self) -> AccountKey {
        AccountKey::User(self.user)
    }
}
