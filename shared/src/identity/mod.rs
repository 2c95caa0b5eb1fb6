//! Identity: who calls, proved from a token and one read.

pub mod access;
pub mod accounts;
pub(crate) mod admission;
pub(crate) mod founding;
pub(crate) mod proofs;
pub mod signing;
pub(crate) mod token;

pub use access::{Access, Anyone, Credentials, SignedIn};
pub use accounts::{AccountChanges, AccountKey, AccountRecord, Accounts};
pub use founding::{Founding, Membership};
pub use token::PublicKey;
