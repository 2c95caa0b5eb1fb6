//! Mail: addresses, letters, and the job that sends them.

mod email_address;
mod email_domain;
mod former;
pub mod jobs;
mod letter;
mod plain;
mod recipient;
mod rendering;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod unsendable;
mod written;

pub use email_address::{EmailAddress, NotAnAddress};
pub use email_domain::{EmailDomain, NotADomain};
pub use jobs::send_email::SendEmail;
pub use letter::{Fact, Letter, Page};
pub use recipient::{MailUser, Reader};
