//! What tests of the domains need of mail: to open what waits in an outbox, and to check what a letter says.
#![allow(clippy::missing_panics_doc)]

use shared::kernel::problems::Problem;
use shared::testing::{Posted, TestApp};

use crate::email_address::LONGEST_BYTES;
use crate::letter::Letter;
use crate::recipient::{Reader, SEALED_BYTES};
use crate::written::{Action, Places, Written};
use crate::{EmailAddress, SendEmail};

const APP: &str = "https://app.example.com";

/// A letter in an outbox, as the mail job would send it now.
#[derive(Debug)]
pub struct Waiting {
    pub to: EmailAddress,
    pub letter: Letter,
}

/// The letters among messages, without those to users who were erased.
pub async fn waiting(app: &TestApp, posted: &[Posted]) -> Result<Vec<Waiting>, Problem> {
    let mut waiting = Vec::new();
    for posted in posted {
        let message: SendEmail = posted.payload().map_err(Problem::internal)?;
        if let Some((Reader { email, .. }, letter)) = message.open(&app.mailroom(posted)).await? {
            waiting.push(Waiting { to: email, letter });
        }
    }
    Ok(waiting)
}

/// Checks how a letter is written, and that its text and its page state these facts. A letter with a link works for 30
/// minutes, and the token is `v1.a-b_c`.
pub fn assert_states(letter: &Letter, facts: &[&str]) {
    let Written { subject, text, html } = write(letter);
    let (told, page) = (text.split_whitespace().collect::<Vec<_>>().join(" "), said(&html));
    assert!(told.starts_with(&subject) && html.contains(&format!("<title>{subject}</title>")), "{html}");
    for fact in facts {
        let in_page = page.contains(fact) || html.contains(&format!("href=\"{fact}\""));
        assert!(told.contains(fact) && in_page, "{letter:?} does not state {fact}: {told} | {page}");
    }
    for part in [&told, &page] {
        let advises = ["wasn't you", "did not expect", "don't know"].iter().any(|words| part.contains(words));
        assert!(advises, "{letter:?} does not say what to do: {part}");
        assert!(!part.contains("{}"), "{letter:?} lacks a fact: {part}");
    }
    assert_eq!(text.contains("Hello Ada L.,"), letter.does_greet(), "{letter:?}");
    assert_eq!(html.contains("Hello Ada L.,"), letter.does_greet(), "{letter:?}");
    assert_same_words(letter, &told, page);
    assert_link(letter, &text, &html);
    // RFC 5322, section 2.1.1: a line has at most 998 characters, and preferably 78.
    assert!(text.lines().chain(html.lines()).all(|line| line.len() <= 998), "{html}");
    assert!(text.lines().all(|line| line.len() <= 78), "{text}");
    let preview = html.split_once("overflow:hidden;\">").and_then(|(_, rest)| rest.split_once("</div>"));
    assert!(preview.is_some_and(|(preview, _)| preview.len() > 40), "{letter:?} has no preview");
    let help = format!("{APP}/support");
    assert!(text.contains(&format!("Help: {help}")) && html.contains(&format!("href=\"{help}\"")), "{letter:?}");
    // Strangers can request those that do not greet, and the longest address must not make one stick out.
    let json = serde_json::to_string(letter).unwrap_or_default();
    assert!(letter.does_greet() || json.len() + LONGEST_BYTES + 64 <= SEALED_BYTES, "{letter:?} is too long");
    let read = serde_json::from_str::<Letter>(&json).ok();
    assert_eq!(read.as_ref(), Some(letter), "it is not read as it was written");
}

/// What only the page says is the sender, the subject in its title, and what to do if the button fails.
fn assert_same_words(letter: &Letter, text: &str, mut page: String) {
    let aid = "If the button does nothing, copy this line into your browser:";
    for only_there in [letter.subject(), "Bulkhead", aid] {
        page = page.replacen(only_there, "", 1);
    }
    let words = |text: &str| {
        let mut words: Vec<_> = text.split_whitespace().map(|word| word.trim_matches(':').to_owned()).collect();
        words.retain(|word| !word.starts_with(APP));
        words.sort();
        words
    };
    assert_eq!(words(text), words(&page), "{letter:?}");
}

/// A link is whole in both parts, and twice in the page.
fn assert_link(letter: &Letter, text: &str, html: &str) {
    match letter.action().filter(|action| action.link.is_some() || action.invitation.is_some()) {
        Some(action) => {
            let link = link_of(&action.page);
            assert!(text.contains(&format!("\n\n{link}\n\n")), "{text}");
            assert_eq!(html.matches(&format!("href=\"{link}\"")).count(), 2, "{html}");
        }
        None => assert!(!text.contains("token=") && !html.contains("token="), "{letter:?}"),
    }
}

fn link_of(page: &str) -> String {
    format!("{APP}/{page}#token=v1.a-b_c")
}

/// A letter to Ada L., written.
pub(crate) fn write(letter: &Letter) -> Written {
    let action = letter.action().map(|action| {
        let label = action.label.to_string();
        match action.link.is_some() || action.invitation.is_some() {
            true => Action { label, url: link_of(&action.page), works_for: Some("30 minutes".to_owned()) },
            false => Action { label, url: format!("{APP}/{}", action.page), works_for: None },
        }
    });
    let places = Places { action, support: format!("{APP}/support") };
    Written::of(letter, Some("Ada L."), places).unwrap_or_else(|error| Written {
        subject: format!("a template fails: {error}"),
        text: String::new(),
        html: String::new(),
    })
}

/// The text of a page, without its markup, its styles and its preview, which inboxes show.
fn said(html: &str) -> String {
    let between = |from: &str, to: &str| Some(html.split_once(from)?.1.split_once(to)?.0);
    let title = between("<title>", "</title>").unwrap_or_default();
    let (_, body) =
        html.split_once("overflow:hidden;\">").and_then(|(_, rest)| rest.split_once("</div>")).unwrap_or_default();
    let mut said = title.to_owned();
    for piece in body.split('<').skip(1) {
        said.push(' ');
        said.push_str(piece.split_once('>').unwrap_or_default().1);
    }
    let said = said.replace("&#38;", "&").replace("&#34;", "\"").replace("&#39;", "'");
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}
