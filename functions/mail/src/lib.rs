//! Mail: addresses, letters, and the job that sends them.

mod email_address;
pub mod jobs;
pub mod letter;
mod plain;
mod wording;
mod written;

pub use email_address::{EmailAddress, NotAnAddress};
pub use jobs::send_email::SendEmail;
pub use letter::Letter;
