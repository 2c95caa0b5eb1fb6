//! Writing to an address that a stranger named, so that nobody can tell from the answer, or from its time, what we know
//! of it.

use mail::{EmailAddress, SendEmail};
use serde::{Deserialize, Serialize};
use shared::identity::{AccountChanges, AccountKey, AccountRecord, Accounts};
use shared::kernel::ids::UserId;
use shared::kernel::problems::Problem;
use shared::kernel::time::{SignedDuration, Timestamp, after};

use crate::address::{Address, Posting};

/// Tries to change an address that others change at the same moment.
const TRIES: u32 = 12;

/// Changes what we know of an address, and writes to it if the change says so: in one transaction of two writes,
/// whatever the address is to us.
pub async fn correspond(
    accounts: &Accounts,
    email: &EmailAddress,
    change: impl Fn(&mut Address, Timestamp) -> Option<Posting> + Send + Sync,
) -> Result<(), Problem> {
    correspond_with(accounts, email, AccountChanges::default, change).await
}

/// The same with further changes, which are made whatever the address is to us.
pub async fn correspond_with(
    accounts: &Accounts,
    email: &EmailAddress,
    further: impl Fn() -> AccountChanges + Send + Sync,
    change: impl Fn(&mut Address, Timestamp) -> Option<Posting> + Send + Sync,
) -> Result<(), Problem> {
    let key = AccountKey::email(email.as_str());
    for round in 0..TRIES {
        let (changes, posting) = match accounts.find::<Address>(&key).await? {
            Some(mut known) => {
                let posting = change(&mut known, accounts.now());
                (further().replace(&known), posting)
            }
            None => {
                let mut unknown = Address::new(email.clone());
                let posting = change(&mut unknown, accounts.now());
                (further().insert(&unknown), posting)
            }
        };
        let changes = match posting {
            Some(Posting { user, letter }) => changes.send(user, &SendEmail { to: email.clone(), letter }),
            None => changes.insert(&Silence::new(accounts, email)),
        };
        if accounts.try_commit(changes).await?.is_ok() {
            return Ok(());
        }
        accounts.back_off(round).await;
    }
    Err(Problem::unavailable("an address was changed at every try"))
}

/// A record in place of the letter that is not sent. It says nothing and goes at once; it is there because a transaction
/// of one write is quicker than one of two.
#[derive(Serialize, Deserialize)]
struct Silence {
    email: EmailAddress,
    id: UserId,
    at: Timestamp,
}

impl Silence {
    fn new(accounts: &Accounts, email: &EmailAddress) -> Self {
        Self { email: email.clone(), id: accounts.new_id(), at: accounts.now() }
    }
}

impl AccountRecord for Silence {
    const KIND: &'static str = "SILENCE";

    fn account_key(&self) -> AccountKey {
        AccountKey::email(self.email.as_str())
    }

    fn part(&self) -> String {
        self.id.to_string()
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(after(self.at, SignedDuration::from_mins(1)))
    }
}
