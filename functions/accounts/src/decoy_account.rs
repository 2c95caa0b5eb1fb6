//! The decoy: an account that is read in place of a missing one, so that an address without an account costs what one
//! with an account does, to the last attribute that is decoded.
//!
//! It is made when an unknown address is first signed in to, and it can never be signed in to itself: it counts for no
//! address but its own, to which no mail is ever sent (RFC 2606 reserves `.invalid`), and its password is random.

use mail::EmailAddress;
use shared::identity::{AccountChanges, AccountKey, Accounts};
use shared::kernel::ids::UserId;
use shared::kernel::problems::Problem;
use shared::kernel::secrets::SecretText;

use crate::address::Address;
use crate::person_name::PersonName;
use crate::user::{PasswordRecord, User};
use crate::{PasswordAttempt, password_hash};

const EMAIL: &str = "nobody@accounts.invalid";
const NAME: &str = "Nobody Nowhere";

/// Its id: it cannot be made by chance, for ids are UUIDs of version 7.
pub fn id() -> UserId {
    UserId::from_bytes([0; 16])
}

/// The key of its address.
pub fn key() -> AccountKey {
    AccountKey::email(EMAIL)
}

/// Makes it, unless another has just done so.
pub async fn make(accounts: &Accounts) -> Result<(), Problem> {
    let malformed = |_| Problem::internal("the decoy is malformed");
    let email: EmailAddress = EMAIL.parse().map_err(|_| Problem::internal("the decoy's address is invalid"))?;
    let name = PersonName::parse(NAME).map_err(|_| Problem::internal("the decoy's name is invalid"))?;
    let random = SecretText::new(shared::crypto::digest::base64url(&accounts.entropy().bytes::<48>()));
    let hash = password_hash::hash(accounts, &random).await?;
    let length = PasswordAttempt::parse(random.expose().to_owned()).map_err(malformed)?.length();
    let (user, now) = (id(), accounts.now());
    let mut address = Address::new(email.clone());
    address.claim(user)?;
    let changes = AccountChanges::default()
        .insert(&address)
        .insert(&User::new(user, email, name, now))
        .insert(&PasswordRecord { user, hash, set_at: now, length })
        .first_epoch(user);
    let _made_by_another = accounts.try_commit(changes).await?;
    Ok(())
}
