//! The letters of profiles: about a user's address, account and access tokens.

use accounts::letters::{SAFETY, to_restore, warning};
use mail::{Fact, Letter, Page};
use shared::crypto::link::LinkClaims;
use shared::kernel::time::Timestamp;

pub const EMAIL_CHANGE_ASKED: &str = "Someone asked to change your email address";
pub const CONFIRM_EMAIL_CHANGE: &str = "Confirm your new email address";
pub const EMAIL_CHANGED: &str = "Your email address was changed";
pub const ACCOUNT_DELETED: &str = "Your account was deleted";
pub const ACCESS_TOKEN_CREATED: &str = "An access token was created for your account";
pub const ACCESS_TOKEN_EXPIRES: &str = "Your access token expires soon";

const CONFIRM_EMAIL: Page = Page::named("confirm-email");

/// To the address that the account has. It does not tell the new one.
pub fn email_change_asked(at: Timestamp) -> Letter {
    let happened = "On {}, someone, probably you, asked to change the email address of your account. We sent a link to \
                    the new address. Nothing changes until it is opened.";
    warning(EMAIL_CHANGE_ASKED, happened, &[Fact::At(at)])
}

/// To the address that the account is to have.
pub fn confirm_email_change(link: LinkClaims) -> Letter {
    Letter::about(CONFIRM_EMAIL_CHANGE)
        .says(
            "Someone, probably you, asked to use this email address for their Bulkhead account. To confirm it, open the \
             link in a browser where you're signed in to that account.",
        )
        .offers_link("Use this email address", CONFIRM_EMAIL, link)
        .ends("If this wasn't you, ignore this email. Your email address isn't used unless you open the link.")
}

/// To the address that the account had.
pub fn email_changed(at: Timestamp) -> Letter {
    Letter::about(EMAIL_CHANGED)
        .greets()
        .tells(
            "On {}, the email address of your account was changed. You can no longer sign in with this address, and this \
             is the last email about the account that you get here.",
            &[Fact::At(at)],
        )
        .says("If this wasn't you, someone else has taken over your account. Contact our support now.")
        .ends(SAFETY)
}

/// Its link takes the deletion back until it expires.
pub fn account_deleted(link: LinkClaims) -> Letter {
    let letter = Letter::about(ACCOUNT_DELETED)
        .greets()
        .tells(
            "Your account was deleted, and no one can sign in to it. You can restore it until {}. After that, everything \
             in it is erased for good.",
            &[Fact::At(link.expires_at)],
        )
        .says(
            "If this wasn't you, someone else may have access to your account. Restore it, and then reset your password.",
        );
    to_restore(letter, link).ends(SAFETY)
}

/// A personal access token was made.
pub fn access_token_created(at: Timestamp, token_name: &str) -> Letter {
    let happened = "On {}, a personal access token was created for your account: {}. Anyone with this token can act as \
                    you within its scopes.";
    warning(ACCESS_TOKEN_CREATED, happened, &[Fact::At(at), Fact::Chosen(token_name)])
}

/// Before a personal access token expires.
pub fn access_token_expires(token_name: &str, at: Timestamp) -> Letter {
    Letter::about(ACCESS_TOKEN_EXPIRES)
        .greets()
        .tells(
            "Your personal access token {} expires on {}. From then on, programs that use it are refused.",
            &[Fact::Chosen(token_name), Fact::At(at)],
        )
        .ends("To keep them working, create another token in your settings. If you don't know this token, or no longer use it, revoke it.")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use mail::testing::assert_states;

    use super::*;

    #[test]
    fn a_letter_states_its_facts() {
        let at = "2026-03-01T12:00:30Z".parse().unwrap();
        let (hello, on, works) = ("Hello Ada L.,", "1 March 2026 at 12:00 UTC", "The link works for 30 minutes.");
        let forgot = "https://app.example.com/forgot-password";
        let (user, expires_at) = (format!("user_{:032x}", 1).parse().unwrap(), "2026-03-31T12:00:00Z".parse().unwrap());
        let link = LinkClaims { purpose: String::new(), user, binding: "bound".to_owned(), expires_at };
        let facts = [hello, on, "the email address of your account", "Nothing changes until it is opened", forgot];
        assert_states(&email_change_asked(at), &facts);
        let confirm = "https://app.example.com/confirm-email#token=v1.a-b_c";
        assert_states(&confirm_email_change(link.clone()), &["to use this email address", works, confirm]);
        assert_states(&email_changed(at), &[hello, on, "was changed", "Contact our support"]);
        let restore = "https://app.example.com/restore-account#token=v1.a-b_c";
        let facts = [hello, "31 March 2026 at 12:00 UTC", "no one can sign in", works, restore];
        assert_states(&account_deleted(link), &facts);
        let facts = [hello, on, "created for your account: ci. example. com.", "within its scopes", forgot];
        assert_states(&access_token_created(at, "ci.example.com"), &facts);
        let facts = [hello, on, "token ci. example. com expires", "create another token"];
        assert_states(&access_token_expires("ci.example.com", at), &facts);
    }
}
