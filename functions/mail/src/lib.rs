//! Mail: addresses, letters, and the job that sends them.

mod email_address;
pub mod letter;
mod plain;
pub mod send_email;
mod wording;
mod written;

pub use email_address::{EmailAddress, NotAnAddress};
pub use letter::Letter;
pub use send_email::SendEmail;

use shared::function::Listed;

/// Every function of the domain.
pub static FUNCTIONS: &[Listed] = &[Listed::job(&send_email::FUNCTION)];
