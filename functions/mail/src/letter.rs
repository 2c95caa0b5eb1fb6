//! The letters: what each says, as a subject, a text and a page of HTML.

use askama::Template;
use serde::{Deserialize, Serialize};
use shared::crypto::link::LinkClaims;
use shared::kernel::time::Timestamp;

/// Which letter is sent, and what it needs to know. It holds no secret: of a link it says whom and what it is for, and
/// the token is made while the mail is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Letter {
    /// Asks whether an address is its user's.
    VerifyEmail { link: LinkClaims },
    /// Tells the owner of an account that somebody tried to open it again, so that registration can answer as if it
    /// were new.
    AlreadyRegistered,
    /// Tells a user that a refresh token came back after its use, and that every session was ended for it.
    SessionsRevoked { name: String, at: Timestamp },
}

/// A letter, written. The text and the page say the same.
#[derive(Debug, PartialEq, Eq)]
pub struct Written {
    pub subject: &'static str,
    pub text: String,
    pub html: String,
}

/// It does not greet by name: whoever registers chooses both the name and the address, and could have us send a text of
/// theirs to anybody.
pub(crate) fn verify_email(link: &str, valid_for_h: i64) -> askama::Result<Written> {
    let subject = "Confirm your e-mail address";
    let text = VerifyEmailText { link, valid_for_h }.render()?;
    let html = VerifyEmailPage { subject, link, valid_for_h }.render()?;
    Ok(Written { subject, text, html })
}

pub(crate) fn already_registered(sign_in_link: &str) -> askama::Result<Written> {
    let subject = "You already have an account";
    let text = AlreadyRegisteredText { link: sign_in_link }.render()?;
    let html = AlreadyRegisteredPage { subject, link: sign_in_link }.render()?;
    Ok(Written { subject, text, html })
}

pub(crate) fn sessions_revoked(name: &str, at: Timestamp, sign_in_link: &str) -> askama::Result<Written> {
    let subject = "We signed you out everywhere";
    let at = at.strftime("%-d %B %Y at %H:%M UTC").to_string();
    let text = SessionsRevokedText { name, at: &at, link: sign_in_link }.render()?;
    let html = SessionsRevokedPage { subject, name, at: &at, link: sign_in_link }.render()?;
    Ok(Written { subject, text, html })
}

#[derive(Template)]
#[template(path = "verify_email.txt")]
struct VerifyEmailText<'a> {
    link: &'a str,
    valid_for_h: i64,
}

#[derive(Template)]
#[template(path = "verify_email.html")]
struct VerifyEmailPage<'a> {
    subject: &'a str,
    link: &'a str,
    valid_for_h: i64,
}

#[derive(Template)]
#[template(path = "already_registered.txt")]
struct AlreadyRegisteredText<'a> {
    link: &'a str,
}

#[derive(Template)]
#[template(path = "already_registered.html")]
struct AlreadyRegisteredPage<'a> {
    subject: &'a str,
    link: &'a str,
}

#[derive(Template)]
#[template(path = "sessions_revoked.txt")]
struct SessionsRevokedText<'a> {
    name: &'a str,
    at: &'a str,
    link: &'a str,
}

#[derive(Template)]
#[template(path = "sessions_revoked.html")]
struct SessionsRevokedPage<'a> {
    subject: &'a str,
    name: &'a str,
    at: &'a str,
    link: &'a str,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const LINK: &str = "https://app.example.com/verify-email#token=v1.a-b_c";

    #[test]
    fn both_parts_carry_the_link_whole() {
        let letter = verify_email(LINK, 24).unwrap();
        assert!(letter.text.contains(&format!("\n{LINK}\n")), "{}", letter.text);
        assert_eq!(letter.html.matches(&format!("href=\"{LINK}\"")).count(), 2, "{}", letter.html);
        assert!(letter.text.contains("works for 24 hours") && letter.html.contains("works for 24 hours"));
        for letter in [already_registered(LINK).unwrap(), sessions_revoked("Ada", Timestamp::UNIX_EPOCH, LINK).unwrap()]
        {
            assert!(letter.text.contains(LINK) && letter.html.contains(&format!("href=\"{LINK}\"")));
        }
    }

    #[test]
    fn a_name_cannot_become_markup() {
        let letter = sessions_revoked("<b>Ada & \"Co\"</b>", Timestamp::UNIX_EPOCH, LINK).unwrap();
        assert!(!letter.html.contains("<b>"), "{}", letter.html);
        assert!(letter.text.contains("Hello <b>Ada & \"Co\"</b>,"), "the text is not HTML: {}", letter.text);
        assert!(letter.text.contains("1 January 1970 at 00:00 UTC"));
    }

    #[test]
    fn a_line_of_text_fits_into_a_mail() {
        // RFC 5322, section 2.1.1: 998 characters at most, 78 where it can be.
        for letter in [already_registered(LINK).unwrap(), verify_email(LINK, 24).unwrap()] {
            for line in letter.text.lines().chain(letter.html.lines()) {
                assert!(line.len() <= 998, "{line}");
            }
            assert!(letter.text.lines().all(|line| line.len() <= 78));
        }
    }

    #[test]
    fn every_page_has_its_subject_as_title() {
        let letter = verify_email(LINK, 24).unwrap();
        assert!(letter.html.contains("<title>Confirm your e-mail address</title>"), "{}", letter.html);
    }
}
