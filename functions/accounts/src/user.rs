//! A user: a person with a verified address, and the password that proves them.

use mail::EmailAddress;
use serde::{Deserialize, Serialize};
use shared::identity::{AccountKey, AccountRecord};
use shared::kernel::ids::UserId;
use shared::kernel::time::Timestamp;

use crate::{PasswordHash, PersonName};

/// A person with an account. There is none before the address is verified.
#[derive(Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    /// Verified, and nobody else's.
    pub email: EmailAddress,
    pub name: PersonName,
    pub created_at: Timestamp,
}

impl AccountRecord for User {
    const KIND: &'static str = "USER";

    fn account_key(&self) -> AccountKey {
        AccountKey::User(self.id)
    }
}

/// A user's password, apart from the profile, so that what shows a profile never reads it.
#[derive(Serialize, Deserialize)]
pub struct PasswordRecord {
    pub user: UserId,
    pub hash: PasswordHash,
    pub set_at: Timestamp,
}

impl AccountRecord for PasswordRecord {
    const KIND: &'static str = "PASSWORD";

    fn account_key(&self) -> AccountKey {
        AccountKey::User(self.user)
    }
}
