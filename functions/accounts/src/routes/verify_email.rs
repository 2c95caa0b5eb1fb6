//! `POST /auth/verify-email`: completes a registration with the token of the emailed link.

use mail::EmailAddress;
use shared::crypto::link::LinkClaims;
use shared::identity::{AccountChanges, AccountKey};
use shared::kernel::ids::UserId;
use shared::kernel::secrets::SecretText;
use shared::prelude::route::*;
use shared::table::Stored;

use crate::address::{Address, VERIFY_EMAIL, Verified};
use crate::mailed_link::DeadLink;
use crate::password_hash::{self, Verdict};
use crate::problems;
use crate::user::{PasswordRecord, User};
use crate::{Password, PersonName, ProvedBy};

/// Completes a registration with the token of the emailed link: verifies the address and sets name and password. The
/// same request may be repeated.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyEmail {
    /// The text after `#token=` in the emailed link.
    token: SecretText,
    name: PersonName,
    password: Password,
}

/// The verified address, for prefilling a sign-in form.
#[derive(Serialize, ToSchema)]
pub struct VerifiedEmail {
    email: EmailAddress,
}

/// How often to try again when the address was changed by another request.
const TRIES: u32 = 12;

pub static FUNCTION: Function = Function::route::<VerifyEmail>();

impl Endpoint for VerifyEmail {
    // Argon2 needs 64 MiB, and more CPU, which Lambda allots in proportion to memory.
    const ROUTE: Route = Route::post("verify-email", "/auth/verify-email").memory_mb(1024);
    const GRANTS: &'static [Grant] = &[
        Grant::ReadUserRecords,
        Grant::WriteUserRecords,
        Grant::ReadAddresses,
        Grant::WriteAddresses,
        Grant::WriteSessions,
        Grant::DeriveKeys,
    ];
    const PROBLEMS: &'static [ProblemCode] = &[problems::LINK_INVALID, problems::EMAIL_TAKEN];
    type Access = Credentials;
    type Output = Reply<VerifiedEmail>;

    async fn handle(self, accounts: &Credentials) -> Result<Self::Output, Problem> {
        let claims = accounts.verify_link(&self.token, VERIFY_EMAIL).await?.ok_or(DeadLink::OF_ADDRESS)?;
        let LinkClaims { user, binding, .. } = claims;
        let key = AccountKey::Email(binding);
        let mut address = read(accounts, &key).await?;
        let email = address.email().clone();
        match address.verify(user, accounts.now())? {
            Verified::Now => self.open_account(accounts, &key, address, user).await?,
            Verified::Before => self.require_retry(accounts, user).await?,
        }
        accounts.proved();
        Ok(Reply(VerifiedEmail { email }))
    }
}

async fn read(accounts: &Credentials, key: &AccountKey) -> Result<Stored<Address>, Problem> {
    Ok(accounts.find::<Address>(key).await?.ok_or(DeadLink::OF_ADDRESS)?)
}

impl VerifyEmail {
    async fn open_account(
        &self,
        accounts: &Credentials,
        key: &AccountKey,
        mut address: Stored<Address>,
        user: UserId,
    ) -> Result<(), Problem> {
        let Self { name, password, .. } = self;
        password.is_long_enough(ProvedBy::PasswordAlone)?;
        password.suits(address.email(), [name.as_str()])?;
        let hash = password_hash::hash(accounts, password.secret()).await?;
        let record = PasswordRecord { user, hash, set_at: accounts.now(), length: password.length() };
        for round in 0..TRIES {
            let changes = AccountChanges::default()
                .replace(&address)
                .insert(&User::new(user, address.email().clone(), name.clone(), accounts.now()))
                .insert(&record)
                .first_epoch(user);
            if accounts.try_commit(changes).await?.is_ok() {
                return Ok(());
            }
            accounts.back_off(round).await;
            // Anyone may register the address again, which renews the registration: the link stays valid. Or the same
            // link was used concurrently, or another account claimed the address.
            address = read(accounts, key).await?;
            if address.verify(user, accounts.now())? == Verified::Before {
                return self.require_retry(accounts, user).await;
            }
        }
        Err(Problem::unavailable("the address was registered again in every try"))
    }

    /// A link sets one password. A second request with the same link is a retry if it sends the same password.
    async fn require_retry(&self, accounts: &Credentials, user: UserId) -> Result<(), Problem> {
        let record = accounts.find::<PasswordRecord>(&AccountKey::User(user)).await?.ok_or(DeadLink::OF_ADDRESS)?;
        match password_hash::check(accounts, Some(&record.hash), &self.password.as_attempt()).await? {
            Verdict::Right | Verdict::Outdated => Ok(()),
            _ => Err(DeadLink::OF_ADDRESS.into()),
        }
    }
}
