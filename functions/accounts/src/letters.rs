//! Letters to a typed address, and the parts that letters of higher domains share.

use mail::{Fact, Letter, Page};
use shared::crypto::link::LinkClaims;

pub const VERIFY_EMAIL: &str = "Confirm your email address";
pub const ALREADY_REGISTERED: &str = "You already have an account";
pub const NO_ACCOUNT: &str = "No account uses this email address";
pub const ACCOUNT_IN_TRASH: &str = "Your account is deleted and can be restored";
pub const ADDRESS_TAKEN: &str = "This email address already has an account";
pub const RESET_PASSWORD: &str = "Reset your password";

const SIGN_IN: Page = Page::named("sign-in");
const SIGN_UP: Page = Page::named("sign-up");
const FORGOT_PASSWORD: Page = Page::named("forgot-password");
const OPEN_VERIFY_EMAIL: Page = Page::named("verify-email");
const OPEN_RESET_PASSWORD: Page = Page::named("reset-password");
const OPEN_RESTORE_ACCOUNT: Page = Page::named("restore-account");

pub const SAFETY: &str = "This is a security notice. You can't unsubscribe from it.";
const NOT_YOU: &str = "If this wasn't you, someone else may have access to your account. Reset your password now: that \
                       ends every session. Then check your sign-in methods and remove any that you don't recognize.";
const ADDRESS_TYPED: &str = "If this wasn't you, someone entered your email address by mistake. They weren't told that \
                             you have an account. You don't need to do anything.";

/// A notice to a user of what happened to their account, and what to do if it was not them.
pub fn warning(subject: &'static str, happened: &'static str, facts: &[Fact<'_>]) -> Letter {
    let letter = Letter::about(subject).greets().tells(happened, facts).says(NOT_YOU);
    letter.offers("Reset your password", FORGOT_PASSWORD).ends(SAFETY)
}

/// Offers the page to sign in.
pub fn to_sign_in(letter: Letter) -> Letter {
    letter.offers("Sign in", SIGN_IN)
}

/// Offers the link that restores an account.
pub fn to_restore(letter: Letter, link: LinkClaims) -> Letter {
    letter.offers_link("Restore your account", OPEN_RESTORE_ACCOUNT, link)
}

/// Asks whether an address is its user's.
pub fn verify_email(link: LinkClaims) -> Letter {
    Letter::about(VERIFY_EMAIL)
        .says(
            "Someone, probably you, started to create a Bulkhead account with this email address. Confirm that the \
             address is yours, and choose your name and password.",
        )
        .offers_link("Confirm your email address", OPEN_VERIFY_EMAIL, link)
        .ends("If this wasn't you, ignore this email. No account is created unless you open the link.")
}

/// Notifies the owner of an account that its address was registered again, so that the answer to a registration need not
/// tell whether there is an account.
pub fn already_registered() -> Letter {
    let letter = Letter::about(ALREADY_REGISTERED).says(
        "Someone, probably you, tried to create a Bulkhead account with this email address. You already have one, and \
         nothing in it was changed. Sign in, or reset your password if you forgot it.",
    );
    to_sign_in(letter).ends(ADDRESS_TYPED)
}

/// Says that the address has no account, when a sign-in link was requested. It is sent so that the request has the same
/// effects for every address.
pub fn no_account() -> Letter {
    Letter::about(NO_ACCOUNT)
        .says(
            "Someone, probably you, asked Bulkhead for a sign-in link for this email address. No account uses it. You \
             may have signed up with another address, or you can create an account with this one.",
        )
        .offers("Create an account", SIGN_UP)
        .ends("If this wasn't you, someone entered your email address by mistake. You don't need to do anything.")
}

/// To the owner of a deleted account, for any request that its address was typed in: its link restores the account until
/// the link expires.
pub fn account_in_trash(link: LinkClaims) -> Letter {
    let letter = Letter::about(ACCOUNT_IN_TRASH).tells(
        "Someone, probably you, tried to use this email address for a Bulkhead account. You deleted the account that has \
         it. You can restore that account until {}. After that, everything in it is erased, and you can create a new \
         account.",
        &[Fact::At(link.expires_at)],
    );
    to_restore(letter, link).ends(ADDRESS_TYPED)
}

/// Notifies the owner of an account that another account asked to move to its address.
pub fn address_taken() -> Letter {
    let letter = Letter::about(ADDRESS_TAKEN).says(
        "Someone, probably you, asked to use this email address for another Bulkhead account. It already has an account, \
         so neither account was changed.",
    );
    to_sign_in(letter).ends(ADDRESS_TYPED)
}

/// Has the link that sets a new password.
pub fn reset_password(link: LinkClaims) -> Letter {
    Letter::about(RESET_PASSWORD)
        .says(
            "Someone, probably you, asked to reset the password of the Bulkhead account with this email address. A new \
             password ends every session and revokes every personal access token.",
        )
        .offers_link("Reset your password", OPEN_RESET_PASSWORD, link)
        .ends("If this wasn't you, ignore this email. Your password stays the same. Don't share this link. It works once.")
}

type Compose = fn(LinkClaims) -> Letter;

/// The letters that a typed address may get.
const TO_TYPED_ADDRESS: [(&str, Compose); 6] = [
    (VERIFY_EMAIL, verify_email),
    (ALREADY_REGISTERED, |_| already_registered()),
    (NO_ACCOUNT, |_| no_account()),
    (ACCOUNT_IN_TRASH, account_in_trash),
    (ADDRESS_TAKEN, |_| address_taken()),
    (RESET_PASSWORD, reset_password),
];

/// The other letters that a typed address may get, composed for `like`. Composing and serialising them too, a request takes as
/// long whichever letter it sends: the time would reveal an account. They are always as many: a letter of a higher domain
/// takes the place of the one that resets the password, which has a link too.
pub(crate) fn others(sent: &Letter, like: &LinkClaims) -> Vec<Letter> {
    let is_known = TO_TYPED_ADDRESS.iter().any(|(subject, _)| *subject == sent.subject());
    let replaced = if is_known { sent.subject() } else { RESET_PASSWORD };
    let others = TO_TYPED_ADDRESS.iter().filter(|(subject, _)| *subject != replaced);
    others.map(|(_, compose)| compose(like.clone())).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use mail::testing::assert_states;

    use super::*;

    const SIGN_IN_URL: &str = "https://app.example.com/sign-in";
    const WORKS: &str = "The link works for 30 minutes.";

    fn link() -> LinkClaims {
        let (user, binding) = (format!("user_{:032x}", 1).parse().unwrap(), "bound".to_owned());
        LinkClaims { purpose: String::new(), user, binding, expires_at: "2026-03-31T12:00:00Z".parse().unwrap() }
    }

    #[test]
    fn a_letter_to_a_typed_address_names_no_one_and_states_its_facts() {
        let verify = "https://app.example.com/verify-email#token=v1.a-b_c";
        assert_states(&verify_email(link()), &["started to create", WORKS, verify]);
        assert_states(&already_registered(), &["You already have one", SIGN_IN_URL]);
        assert_states(&no_account(), &["No account uses it", "https://app.example.com/sign-up"]);
        let restore = "https://app.example.com/restore-account#token=v1.a-b_c";
        let facts = ["You deleted the account", "31 March 2026 at 12:00 UTC", WORKS, restore];
        assert_states(&account_in_trash(link()), &facts);
        assert_states(&address_taken(), &["for another Bulkhead account", "neither account was changed", SIGN_IN_URL]);
        let reset = "https://app.example.com/reset-password#token=v1.a-b_c";
        assert_states(&reset_password(link()), &["asked to reset the password", WORKS, reset]);
    }

    #[test]
    fn every_letter_to_a_typed_address_has_as_many_others() {
        for sent in
            [verify_email(link()), already_registered(), no_account(), account_in_trash(link()), address_taken()]
        {
            let others = others(&sent, &link());
            assert!(others.len() == 5 && others.iter().all(|other| other.subject() != sent.subject()));
        }
        assert_eq!(others(&Letter::about("Confirm your new email address"), &link()).len(), 5);
    }
}
