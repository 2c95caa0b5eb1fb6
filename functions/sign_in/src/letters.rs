//! The letters about how a user signs in. The domains above send some of them, too.

use accounts::letters::{SAFETY, to_sign_in, warning};
use mail::{Fact, Letter};
use shared::kernel::time::Timestamp;

pub const SESSIONS_REVOKED: &str = "We signed you out everywhere";
pub const PASSWORD_CHANGED: &str = "Your password was changed";
pub const ACCOUNT_RESTORED: &str = "Your account was restored";
pub const ACCOUNT_RECOVERED: &str = "Your account was recovered";
pub const NEW_SIGN_IN: &str = "New sign-in to your account";
pub const SIGN_IN_METHOD_ADDED: &str = "A sign-in method was added to your account";
pub const SIGN_IN_METHOD_REMOVED: &str = "A sign-in method was removed from your account";
pub const RECOVERY_CODE_USED: &str = "A recovery code was used";
pub const RECOVERY_CODES_RENEWED: &str = "Your recovery codes were replaced";

/// A refresh token came back after its use, and every session was ended for it.
pub fn sessions_revoked(at: Timestamp) -> Letter {
    let letter = Letter::about(SESSIONS_REVOKED)
        .greets()
        .tells(
            "On {}, a sign-in token of your account was used a second time. Each token works once, so someone may have \
             copied it. To protect your account, we ended every session on every device.",
            &[Fact::At(at)],
        )
        .says(
            "Sign in again. If you don't know why this happened, check your devices for apps and browser extensions that \
             you don't trust.",
        );
    to_sign_in(letter).ends(SAFETY)
}

pub fn password_changed(at: Timestamp) -> Letter {
    warning(PASSWORD_CHANGED, "On {}, the password of your account was changed.", &[Fact::At(at)])
}

pub fn account_restored(at: Timestamp) -> Letter {
    let happened =
        "On {}, your account was restored. Sign in as before; create new personal access tokens if you use any.";
    warning(ACCOUNT_RESTORED, happened, &[Fact::At(at)])
}

pub fn account_recovered(at: Timestamp) -> Letter {
    let happened = "On {}, your account was recovered: its password was replaced, and every second factor and recovery \
                    code was removed. Set up a second factor again.";
    warning(ACCOUNT_RECOVERED, happened, &[Fact::At(at)])
}

/// A sign-in from a device that the user was not seen with before.
pub fn new_sign_in(at: Timestamp, browser: &str, system: &str, ip: &str) -> Letter {
    let happened = "On {}, your account was signed in to on a new device: with {} on {} from IP address {}.";
    warning(NEW_SIGN_IN, happened, &[Fact::At(at), Fact::Chosen(browser), Fact::Chosen(system), Fact::Ip(ip)])
}

/// `method` is what the user calls it: `authenticator app`, `passkey “Laptop”`.
pub fn sign_in_method_added(at: Timestamp, method: &str) -> Letter {
    let happened = "On {}, a sign-in method was added to your account: {}.";
    warning(SIGN_IN_METHOD_ADDED, happened, &[Fact::At(at), Fact::Chosen(method)])
}

pub fn sign_in_method_removed(at: Timestamp, method: &str) -> Letter {
    let happened = "On {}, a sign-in method was removed from your account: {}.";
    warning(SIGN_IN_METHOD_REMOVED, happened, &[Fact::At(at), Fact::Chosen(method)])
}

/// `left` is how many recovery codes remain.
pub fn recovery_code_used(at: Timestamp, left: usize) -> Letter {
    let happened = "On {}, your account was signed in to with a recovery code. Codes left: {}. Create new ones before \
                    they run out.";
    warning(RECOVERY_CODE_USED, happened, &[Fact::At(at), Fact::Count(left)])
}

pub fn recovery_codes_renewed(at: Timestamp) -> Letter {
    let happened = "On {}, new recovery codes were created for your account. The old ones no longer work.";
    warning(RECOVERY_CODES_RENEWED, happened, &[Fact::At(at)])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use mail::testing::assert_states;

    use super::*;

    const SIGN_IN_URL: &str = "https://app.example.com/sign-in";
    const FORGOT_URL: &str = "https://app.example.com/forgot-password";
    const AT: &str = "1 March 2026 at 12:00 UTC";

    #[test]
    fn a_letter_to_a_user_greets_them_and_states_its_facts() {
        let at = "2026-03-01T12:00:30Z".parse().unwrap();
        const HELLO: &str = "Hello Ada L.,";
        let states = |letter: Letter, facts: &[&str]| assert_states(&letter, &[&[HELLO, AT], facts].concat());
        states(sessions_revoked(at), &["ended every session", SIGN_IN_URL]);
        states(password_changed(at), &["password of your account", FORGOT_URL]);
        states(account_restored(at), &["was restored", FORGOT_URL]);
        states(account_recovered(at), &["was recovered", FORGOT_URL]);
        let signed_in = new_sign_in(at, "Firefox 128.0", "Windows", "2001:db8::1");
        states(signed_in, &["with Firefox 128.0 on Windows from IP address 2001:db8::1.", FORGOT_URL]);
        let app = "authenticator app";
        states(sign_in_method_added(at, app), &["was added to your account: authenticator app.", FORGOT_URL]);
        states(sign_in_method_removed(at, app), &["was removed from your account: authenticator app.", FORGOT_URL]);
        states(recovery_code_used(at, 3), &["with a recovery code", "Codes left: 3.", FORGOT_URL]);
        states(recovery_codes_renewed(at), &["new recovery codes", FORGOT_URL]);
    }
}
