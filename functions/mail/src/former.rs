//! Messages of the previous release: an address in plain text, and the kind of a letter with its facts. Some may be in the
//! outbox or a queue during a deployment. This file words the letters of that release briefly, with subject, link and facts.
//! Remove it in the next release.

use std::collections::BTreeMap;

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use shared::crypto::link::LinkClaims;
use shared::kernel::time::Timestamp;

use crate::recipient::Reader;
use crate::{EmailAddress, Fact, Letter, Page};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Former {
    to: EmailAddress,
    letter: FormerLetter,
}

#[derive(Deserialize)]
struct FormerLetter {
    kind: Kind,
    link: Option<LinkClaims>,
    /// Of a letter that greets.
    name: Option<String>,
    #[serde(flatten)]
    facts: BTreeMap<String, Value>,
}

/// The kinds of letters, their subjects, and the pages that they lead to.
const KINDS: &[(&str, &str, &str)] = &[
    ("verify_email", "Confirm your email address", "verify-email"),
    ("already_registered", "You already have an account", "sign-in"),
    ("no_account", "No account uses this email address", "sign-up"),
    ("account_in_trash", "Your account is deleted and can be restored", "restore-account"),
    ("address_taken", "This email address already has an account", "sign-in"),
    ("sessions_revoked", "We signed you out everywhere", "sign-in"),
    ("reset_password", "Reset your password", "reset-password"),
    ("password_changed", "Your password was changed", "forgot-password"),
    ("new_sign_in", "New sign-in to your account", "forgot-password"),
    ("second_factor_added", "A sign-in method was added to your account", "forgot-password"),
    ("second_factor_removed", "A sign-in method was removed from your account", "forgot-password"),
    ("recovery_code_used", "A recovery code was used", "forgot-password"),
    ("recovery_codes_renewed", "Your recovery codes were replaced", "forgot-password"),
    ("email_change_asked", "Someone asked to change your email address", "forgot-password"),
    ("confirm_email_change", "Confirm your new email address", "confirm-email"),
    ("email_changed", "Your email address was changed", "support"),
    ("account_deleted", "Your account was deleted", "restore-account"),
    ("account_restored", "Your account was restored", "forgot-password"),
    ("recovery_started", "Account recovery was started", "sign-in"),
    ("member_recovery_started", "A member of your workspace started account recovery", "sign-in"),
    ("recovery_ready", "Finish recovering your account", "complete-recovery"),
    ("recovery_cancelled", "Account recovery was cancelled", "forgot-password"),
    ("account_recovered", "Your account was recovered", "forgot-password"),
    ("access_token_created", "An access token was created for your account", "forgot-password"),
];

struct Kind {
    subject: &'static str,
    page: Page,
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let found = KINDS.iter().find(|(kind, _, _)| *kind == text);
        let (_, subject, page) = found.ok_or_else(|| D::Error::custom("no kind of letter"))?;
        Ok(Self { subject, page: Page(page) })
    }
}

impl Former {
    pub(crate) fn open(self) -> (Reader, Letter) {
        let Self { to: email, letter: FormerLetter { kind, link, name, facts } } = self;
        let Kind { subject, page } = kind;
        let mut letter =
            Letter::about(subject).tells("This is about your Bulkhead account: {}.", &[Fact::Chosen(subject)]);
        if name.is_some() {
            letter = letter.greets();
        }
        for (what, value) in &facts {
            let what = Fact::Chosen(&what.replace('_', " "));
            letter = match (
                value.as_str(),
                value.as_str().and_then(|text| text.parse::<Timestamp>().ok()),
                value.as_u64(),
            ) {
                (_, Some(at), _) => letter.tells("{}: {}.", &[what, Fact::At(at)]),
                (Some(text), None, _) => letter.tells("{}: {}.", &[what, Fact::Chosen(text)]),
                (None, None, Some(count)) => letter.tells("{}: {}.", &[what, Fact::Chosen(&count.to_string())]),
                _ => letter,
            };
        }
        let letter = match link {
            Some(link) => letter.offers_link("Open the link", page, link),
            None => letter.offers("Open the page", page),
        };
        let letter = letter
            .ends("If this wasn't you, don't open a link in this email. Contact our support if you have an account.");
        (Reader { email, name }, letter)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::SendEmail;
    use crate::testing::assert_states;

    /// A message of the previous release.
    fn message(kind: &str, link: &Value, facts: &[(&str, Value)]) -> Value {
        let mut letter = json!({ "kind": kind, "name": "Ada L." });
        letter["link"] = link.clone();
        facts.iter().for_each(|(name, value)| letter[*name] = value.clone());
        json!({ "to": "ada@example.com", "letter": letter })
    }

    fn open(message: Value) -> (Reader, Letter) {
        match serde_json::from_value(message).unwrap() {
            SendEmail::Former(former) => former.open(),
            other => unreachable!("read as {other:?}"),
        }
    }

    #[test]
    fn a_message_of_the_previous_release_becomes_a_letter_with_its_subject_link_and_facts() {
        let user = format!("user_{:032x}", 1);
        let link = json!({ "purpose": "x", "user": user, "binding": "b", "expires_at": "2026-03-31T12:00:00Z" });
        for (kind, subject, page) in KINDS {
            let facts = [("at", json!("2026-03-01T12:00:30Z")), ("left", json!(3)), ("factor", json!("evil.example"))];
            let (reader, letter) = open(message(kind, &link, &facts));
            assert_eq!(reader.email.as_str(), "ada@example.com");
            let opened = format!("https://app.example.com/{page}#token=v1.a-b_c");
            let facts = [subject, "at: 1 March 2026 at 12:00 UTC.", "left: 3.", "factor: evil. example.", &opened];
            assert_states(&letter, &facts);
        }
    }

    #[test]
    fn a_padded_letter_of_the_previous_release_shows_no_padding() {
        let padding =
            json!({ "padding": { "purpose": "reset-password", "user": "-", "binding": "-", "expires_at": "-" } });
        let mut padded = json!({ "to": "ada@example.com", "letter": { "kind": "already_registered" } });
        padded["letter"]["padding"] = padding["padding"].clone();
        let (_, letter) = open(padded);
        assert_eq!(letter.paragraphs().count(), 1);
        assert!(letter.link().is_none());
        assert_states(&letter, &["You already have an account", "https://app.example.com/sign-in"]);
    }
}
