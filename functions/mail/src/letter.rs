//! A letter as its domain composes it: what it says, and where it leads. Each domain has its own in `letters.rs`; this
//! crate knows none of them.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use shared::crypto::link::LinkClaims;
use shared::identity::InvitationClaim;
use shared::kernel::time::Timestamp;

use crate::plain::{plain, plain_ip};

/// The content of a mail. It has no secret: of a link it has the claims, and the token is made when the mail is rendered.
///
/// A letter that greets goes to a verified address. The others do not greet: a stranger who chose both name and address
/// could make us send a text of their choice to any address.
///
/// Its texts are constants of the domains. What varies is a [`Fact`], so that no text that a person chose becomes a link or
/// a separate line.
///
/// `Debug` tells which letter it is and nothing of what is in it: names and network addresses are personal.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Letter {
    subject: Cow<'static, str>,
    greets: bool,
    paragraphs: Vec<Cow<'static, str>>,
    action: Option<Action>,
    footer: Cow<'static, str>,
}

/// What the reader can do by a click.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Action {
    pub(crate) label: Cow<'static, str>,
    /// The page of the web application that it opens.
    pub(crate) page: Cow<'static, str>,
    /// What its link entitles to, if it carries a token.
    pub(crate) link: Option<LinkClaims>,
    /// The invitation that its link carries instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) invitation: Option<InvitationClaim>,
}

/// A page of the web application, by its name in `docs/client-pages.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page(pub(crate) &'static str);

impl Page {
    pub const fn named(name: &'static str) -> Self {
        Self(name)
    }
}

/// Something in a letter that varies.
#[derive(Clone, Copy)]
pub enum Fact<'a> {
    /// An instant, to the minute.
    At(Timestamp),
    /// A text that a person or their device chose.
    Chosen(&'a str),
    Ip(&'a str),
    Count(usize),
    /// A JWS in compact serialisation, which is written in pieces that fit on a line.
    Signed(&'a str),
}

impl fmt::Display for Fact<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(at) => write!(f, "{}", at.strftime("%-d %B %Y at %H:%M UTC")),
            Self::Chosen(text) => f.write_str(&plain(text)),
            Self::Ip(text) => f.write_str(&plain_ip(text)),
            Self::Count(count) => count.fmt(f),
            Self::Signed(text) => f.write_str(&in_pieces(text)),
        }
    }
}

/// The characters of base64url and dots, in pieces of 48: a narrow page shows them whole.
fn in_pieces(jws: &str) -> String {
    let sound: Vec<char> =
        jws.chars().filter(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(*letter)).collect();
    sound.chunks(48).map(|piece| piece.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

impl Letter {
    pub const fn about(subject: &'static str) -> Self {
        Self {
            subject: Cow::Borrowed(subject),
            greets: false,
            paragraphs: Vec::new(),
            action: None,
            footer: Cow::Borrowed(""),
        }
    }

    /// Greets the reader by name.
    pub fn greets(mut self) -> Self {
        self.greets = true;
        self
    }

    /// Adds a paragraph.
    pub fn says(mut self, paragraph: &'static str) -> Self {
        self.paragraphs.push(paragraph.into());
        self
    }

    /// Adds a paragraph with a fact for each `{}`, in their order.
    pub fn tells(mut self, paragraph: &'static str, facts: &[Fact<'_>]) -> Self {
        let mut told = String::new();
        let mut facts = facts.iter();
        let mut pieces = paragraph.split("{}").peekable();
        while let Some(piece) = pieces.next() {
            told.push_str(piece);
            if let (Some(fact), Some(_)) = (facts.next(), pieces.peek()) {
                told.push_str(&fact.to_string());
            }
        }
        self.paragraphs.push(told.into());
        self
    }

    /// Offers a page.
    pub fn offers(self, label: &'static str, Page(page): Page) -> Self {
        self.acts(Action { label: label.into(), page: page.into(), link: None, invitation: None })
    }

    /// Offers a page that takes the token of a link.
    pub fn offers_link(self, label: &'static str, Page(page): Page, link: LinkClaims) -> Self {
        self.acts(Action { label: label.into(), page: page.into(), link: Some(link), invitation: None })
    }

    /// Offers a page that takes the token of an invitation.
    pub fn offers_invitation(self, label: &'static str, Page(page): Page, claim: InvitationClaim) -> Self {
        self.acts(Action { label: label.into(), page: page.into(), link: None, invitation: Some(claim) })
    }

    fn acts(mut self, action: Action) -> Self {
        self.action = Some(action);
        self
    }

    /// What stands below: what to do about a letter that one did not expect.
    pub fn ends(mut self, footer: &'static str) -> Self {
        self.footer = footer.into();
        self
    }

    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// What its link entitles to.
    pub fn link(&self) -> Option<&LinkClaims> {
        self.action.as_ref().and_then(|action| action.link.as_ref())
    }

    /// The invitation that its link carries.
    pub fn invitation(&self) -> Option<&InvitationClaim> {
        self.action.as_ref().and_then(|action| action.invitation.as_ref())
    }

    /// The name of the page that it leads to.
    pub fn opens(&self) -> Option<&str> {
        self.action.as_ref().map(|action| &*action.page)
    }

    pub fn paragraphs(&self) -> impl Iterator<Item = &str> {
        self.paragraphs.iter().map(|paragraph| &**paragraph)
    }

    pub(crate) fn does_greet(&self) -> bool {
        self.greets
    }

    pub(crate) fn action(&self) -> Option<&Action> {
        self.action.as_ref()
    }

    pub(crate) fn footer(&self) -> &str {
        &self.footer
    }
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Letter({:?})", self.subject)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::write;
    use crate::written::Written;

    #[test]
    fn a_chosen_text_becomes_neither_markup_nor_a_link() {
        let chosen = "<b>Ada & \"Co\"</b> www.evil.example";
        let facts = [Fact::Chosen(chosen), Fact::Ip(chosen)];
        let letter = Letter::about("A chosen text").tells("It is {} and {}.", &facts);
        let Written { text, html, .. } = write(&letter);
        assert!(text.contains("It is b Ada & \"Co\" b www. evil. example and b Ada"), "{text}");
        assert!(html.contains("It is b Ada &#38; &#34;Co&#34; b www. evil. example and b Ada"), "{html}");
        assert!(!text.contains("evil.example"), "{text}");
        assert!(!html.contains("evil.example") && !html.contains("<b>"), "{html}");
    }

    #[test]
    fn a_greeted_name_becomes_neither_markup_nor_a_link() {
        let places = || crate::written::Places { action: None, support: String::new() };
        let letter = Letter::about("Hello").greets();
        let Ok(written) = Written::of(&letter, Some("<b>Ada</b> www.evil.example"), places()) else {
            unreachable!("a template fails")
        };
        assert!(written.text.contains("Hello b Ada b www. evil. example,"), "{}", written.text);
        assert!(written.html.contains("Hello b Ada b www. evil. example,"), "{}", written.html);
        let Ok(unasked) = Written::of(&Letter::about("Hello"), Some("Ada"), places()) else {
            unreachable!("a template fails")
        };
        assert!(!unasked.text.contains("Ada") && !unasked.html.contains("Ada"), "a letter greets a stranger");
    }

    #[test]
    fn facts_stand_where_their_marks_are() {
        let at = "2026-03-01T12:00:30Z".parse().unwrap_or(Timestamp::MIN);
        let letter = Letter::about("x").tells("On {}, {} of {}.", &[Fact::At(at), Fact::Count(3), Fact::Chosen("ten")]);
        assert!(letter.paragraphs().eq(["On 1 March 2026 at 12:00 UTC, 3 of ten."]));
        let lacking = Letter::about("x").tells("{} of {}", &[Fact::Count(1)]);
        assert!(lacking.paragraphs().eq(["1 of "]));
    }
}
