//! Identity: who calls, proved from a token and one read.

pub mod access;
pub mod account_changes;
pub mod accounts;
pub(crate) mod admission;
pub mod all_accounts;
pub(crate) mod caller;
pub(crate) mod founding;
pub mod fresh;
pub mod keyring;
pub mod mailroom;
pub mod memberships;
pub mod personal_token;
mod plan;
pub(crate) mod proofs;
pub mod records;
pub mod securing;
pub mod session_only;
pub mod sessions;
pub mod signing;
pub(crate) mod token;

pub use access::{Access, Anyone, Credentials, Known, SignedIn};
pub use account_changes::{AccountChanges, EpochTurn, RefusedChange};
pub use accounts::Accounts;
pub use all_accounts::AllAccounts;
pub use founding::Founding;
pub use fresh::Fresh;
pub use keyring::Keyring;
pub use mailroom::Mailroom;
pub use memberships::{Administered, Membership};
pub use personal_token::TokenScope;
pub use records::{AccountKey, AccountRecord, LookedUp, Wanted};
pub use session_only::SessionOnly;
pub use sessions::{SessionTerms, Strength, TokenEpoch, UserEpoch};
pub use token::PublicKey;
