//! A letter as it is sent: a subject, a text and a page of HTML, both made of one content, so that they say the same.

use askama::Template;

use crate::plain::plain;

/// A line of a text has at most so many characters where it can be (RFC 5322, section 2.1.1: 78).
const LINE: usize = 76;

/// A letter, written. The text and the page say the same.
#[derive(Debug, PartialEq, Eq)]
pub struct Written {
    pub subject: &'static str,
    pub text: String,
    pub html: String,
}

/// What a letter says.
pub(crate) struct Content {
    subject: &'static str,
    /// Whom it greets; nobody if the reader may not be who asked for the letter.
    name: Option<String>,
    paragraphs: Vec<String>,
    action: Option<Action>,
    footer: String,
    /// Where a reader finds help.
    support: String,
}

/// What the reader can do by a click.
pub(crate) struct Action {
    pub(crate) label: &'static str,
    pub(crate) url: String,
    /// How long its link works: `30 minutes`.
    pub(crate) works_for: Option<String>,
}

impl Content {
    pub(crate) fn new(subject: &'static str, support: String) -> Self {
        Self { subject, name: None, paragraphs: Vec::new(), action: None, footer: String::new(), support }
    }

    /// What an inbox shows next to the subject: the beginning of the letter.
    fn preview(&self) -> &str {
        self.paragraphs.first().map_or("", String::as_str)
    }

    pub(crate) fn greets(mut self, name: &str) -> Self {
        self.name = Some(plain(name));
        self
    }

    pub(crate) fn says(mut self, paragraph: impl Into<String>) -> Self {
        self.paragraphs.push(paragraph.into());
        self
    }

    pub(crate) fn offers(mut self, action: Option<Action>) -> Self {
        self.action = action;
        self
    }

    pub(crate) fn ends(mut self, footer: impl Into<String>) -> Self {
        self.footer = footer.into();
        self
    }

    pub(crate) fn write(&self) -> askama::Result<Written> {
        let (text, html) = (Text { content: self }.render()?, Page { content: self }.render()?);
        Ok(Written { subject: self.subject, text, html })
    }
}

#[derive(Template)]
#[template(path = "letter.txt")]
struct Text<'a> {
    content: &'a Content,
}

#[derive(Template)]
#[template(path = "letter.html")]
struct Page<'a> {
    content: &'a Content,
}

/// The text on lines that every mail program shows whole.
fn wrapped(text: &str) -> String {
    let mut lines = String::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        let characters = word.chars().count();
        if length > 0 && length + 1 + characters > LINE {
            lines.push('\n');
            length = 0;
        } else if length > 0 {
            lines.push(' ');
            length += 1;
        }
        lines.push_str(word);
        length += characters;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words() {
        let text = "word ".repeat(40);
        let lines = wrapped(&text);
        assert!(lines.lines().all(|line| line.len() <= LINE && line.starts_with("word") && line.ends_with("word")));
        assert_eq!(lines.split_whitespace().count(), 40);
        assert_eq!(wrapped(&"x".repeat(200)), "x".repeat(200));
        assert_eq!(wrapped(""), "");
    }
}
