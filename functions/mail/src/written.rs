//! A letter as it is sent: a subject, a text and a page of HTML, both made of one content, so that they say the same.

use askama::Template;

use crate::letter::Letter;
use crate::plain::plain;

/// A line of a text has at most so many characters where it can be (RFC 5322, section 2.1.1: 78).
const LINE: usize = 76;

/// A letter, written. The text and the page say the same.
#[derive(Debug, PartialEq, Eq)]
pub struct Written {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Where a letter sends its reader.
pub(crate) struct Places {
    pub(crate) action: Option<Action>,
    /// Where a reader finds help.
    pub(crate) support: String,
}

/// What the reader can do by a click.
pub(crate) struct Action {
    pub(crate) label: String,
    pub(crate) url: String,
    /// How long its link works: `30 minutes`.
    pub(crate) works_for: Option<String>,
}

/// What the templates are filled with.
struct Content<'a> {
    letter: &'a Letter,
    /// The name in the greeting.
    name: Option<String>,
    places: Places,
}

impl Content<'_> {
    /// What an inbox shows next to the subject: the beginning of the letter.
    fn preview(&self) -> &str {
        self.letter.paragraphs().next().unwrap_or_default()
    }
}

impl Written {
    /// `name` is the reader's, for a letter that greets.
    pub(crate) fn of(letter: &Letter, name: Option<&str>, places: Places) -> askama::Result<Self> {
        let name = name.filter(|_| letter.does_greet()).map(plain);
        let content = Content { letter, name, places };
        let (text, html) = (Text { content: &content }.render()?, Page { content: &content }.render()?);
        Ok(Self { subject: letter.subject().to_owned(), text, html })
    }
}

#[derive(Template)]
#[template(path = "letter.txt")]
struct Text<'a> {
    content: &'a Content<'a>,
}

#[derive(Template)]
#[template(path = "letter.html")]
struct Page<'a> {
    content: &'a Content<'a>,
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
