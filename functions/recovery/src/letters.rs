//! The letters of an account recovery.

use accounts::letters::{SAFETY, to_sign_in, warning};
use mail::{Fact, Letter, Page};
use shared::crypto::link::LinkClaims;
use shared::kernel::time::Timestamp;

pub const RECOVERY_STARTED: &str = "Account recovery was started";
pub const MEMBER_RECOVERY_STARTED: &str = "A member of your workspace started account recovery";
pub const RECOVERY_READY: &str = "Finish recovering your account";
pub const RECOVERY_CANCELLED: &str = "Account recovery was cancelled";

const COMPLETE_RECOVERY: Page = Page::named("complete-recovery");

/// A recovery of the account was started: second factors can be removed after `ready_at`.
pub fn recovery_started(at: Timestamp, ready_at: Timestamp) -> Letter {
    let letter = Letter::about(RECOVERY_STARTED)
        .greets()
        .tells(
            "On {}, someone who knows your password said that they lost your second factor and all recovery codes. From \
             {} on, a link that we email to you can remove the second factor.",
            &[Fact::At(at), Fact::At(ready_at)],
        )
        .says(
            "If this wasn't you, stop it now: sign in with your second factor, or cancel the recovery in any session \
             that is still open. Then change your password, because someone else knows it.",
        );
    to_sign_in(letter).ends(SAFETY)
}

/// The same, to an admin of a workspace that the user is a member of. `member` is the user's name.
pub fn member_recovery_started(member: &str, workspace: &str, at: Timestamp, ready_at: Timestamp) -> Letter {
    let member = Fact::Chosen(member);
    let letter = Letter::about(MEMBER_RECOVERY_STARTED)
        .greets()
        .tells(
            "On {}, {} started account recovery. {} is a member of your workspace {}. From {} on, their second factor \
             can be removed with their password and a link that we email to them.",
            &[Fact::At(at), member, member, Fact::Chosen(workspace), Fact::At(ready_at)],
        )
        .tells(
            "If you did not expect this, ask {} now, and not by email. They can cancel the recovery by signing in with \
             their second factor.",
            &[member],
        );
    to_sign_in(letter).ends(SAFETY)
}

/// The waiting time is over: its link removes the second factors and sets a new password.
pub fn recovery_ready(link: LinkClaims) -> Letter {
    Letter::about(RECOVERY_READY)
        .greets()
        .says(
            "The waiting period of your account recovery is over. Open the link to choose a new password. It removes \
             every second factor and recovery code, ends every session and revokes every personal access token.",
        )
        .offers_link("Recover your account", COMPLETE_RECOVERY, link)
        .ends(
            "If this wasn't you, don't open the link. Sign in with your second factor to cancel the recovery, and change \
             your password. Don't share this link. It works once.",
        )
}

/// One of the user's sessions cancelled the recovery.
pub fn recovery_cancelled(at: Timestamp) -> Letter {
    let happened =
        "On {}, the recovery of your account was cancelled in one of your sessions. Your second factor stays.";
    warning(RECOVERY_CANCELLED, happened, &[Fact::At(at)])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use mail::testing::assert_states;

    use super::*;

    #[test]
    fn a_letter_greets_its_reader_and_states_its_facts() {
        let (at, ready_at) = ("2026-03-01T12:00:30Z".parse().unwrap(), "2026-03-04T12:00:30Z".parse().unwrap());
        let states = |letter: Letter, facts: &[&str]| assert_states(&letter, &[&["Hello Ada L.,"], facts].concat());
        let (started, ready) = ("1 March 2026 at 12:00 UTC", "4 March 2026 at 12:00 UTC");
        let sign_in = "https://app.example.com/sign-in";
        let facts = [started, ready, "knows your password", "sign in with your second factor", sign_in];
        states(recovery_started(at, ready_at), &facts);
        let member = member_recovery_started("Bob", "Acme", at, ready_at);
        let facts = [started, ready, "Bob started account recovery", "your workspace Acme", "ask Bob now", sign_in];
        states(member, &facts);
        let user = format!("user_{:032x}", 1).parse().unwrap();
        let link = LinkClaims { purpose: String::new(), user, binding: "bound".to_owned(), expires_at: ready_at };
        let opened = "https://app.example.com/complete-recovery#token=v1.a-b_c";
        states(recovery_ready(link), &["is over", "The link works for 30 minutes.", opened]);
        let forgot = "https://app.example.com/forgot-password";
        states(recovery_cancelled(at), &[started, "was cancelled", forgot]);
    }
}
