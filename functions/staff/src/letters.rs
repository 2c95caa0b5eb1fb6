//! The letters about what the staff did to an account.

use accounts::letters::warning;
use mail::{Fact, Letter};
use shared::kernel::time::Timestamp;

pub const SESSIONS_ENDED: &str = "Our staff signed you out everywhere";

/// A member of the staff ended every session of the user.
pub fn sessions_ended(at: Timestamp) -> Letter {
    let happened = "On {}, our staff ended every session of your account, on every device. Sign in again. Personal access \
                    tokens still work.";
    warning(SESSIONS_ENDED, happened, &[Fact::At(at)])
}
