//! The name that a person wants to be called by.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

use crate::line::{NotALine, line};

/// The longest name, in characters.
pub const LONGEST_CHARACTERS: usize = 80;

/// 1 to 80 characters in Unicode NFC, without white space around them, on one line.
///
/// It is shown to others and stands in our mails, so it has no control or direction-changing characters, and nothing
/// that makes a mail program see a link (`:`, `/`, `\`, `@`, `<`, `>`).
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct PersonName(String);

/// Why a text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAName {
    #[error("must have 1 to {LONGEST_CHARACTERS} characters")]
    WrongLength,
    #[error("must not have line breaks, control characters or any of : / \\ @ < >")]
    Unsupported,
}

impl PersonName {
    pub fn parse(text: &str) -> Result<Self, NotAName> {
        let name = line(text, LONGEST_CHARACTERS)?;
        let looks_like_a_link = name.contains([':', '/', '\\', '@', '<', '>']);
        if looks_like_a_link { Err(NotAName::Unsupported) } else { Ok(Self(name)) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<NotALine> for NotAName {
    fn from(not_a_line: NotALine) -> Self {
        match not_a_line {
            NotALine::WrongLength => Self::WrongLength,
            NotALine::Unsupported => Self::Unsupported,
        }
    }
}

impl<'de> Deserialize<'de> for PersonName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&Cow::<'de, str>::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl utoipa::PartialSchema for PersonName {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("What to call the user: one line, without any of : / \\ @ < >"))
            .min_length(Some(1))
            .max_length(Some(LONGEST_CHARACTERS))
            .examples(["Ada Lovelace"])
            .into()
    }
}

impl utoipa::ToSchema for PersonName {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("PersonName")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_of_people_are_names() {
        for text in ["Ada", "  Ada Lovelace ", "Nguyễn Văn A.", "O’Neil-Smith, Jr", "李小龍", "X Æ A-12"] {
            assert_eq!(PersonName::parse(text).unwrap().as_str(), text.trim());
        }
        assert_eq!(PersonName::parse("e\u{301}").unwrap().as_str(), "é");
        assert!(PersonName::parse(&"ß".repeat(80)).is_ok());
    }

    #[test]
    fn what_could_be_read_as_something_else_is_refused() {
        for text in ["", "   ", &"x".repeat(81), &"x".repeat(100_000)] {
            assert_eq!(PersonName::parse(text).err(), Some(NotAName::WrongLength));
        }
        for text in ["a\nb", "a\u{0}b", "win at http://x.example", "a@b", "<b>", "\u{202E}adA", "a\u{2028}b"] {
            assert_eq!(PersonName::parse(text).err(), Some(NotAName::Unsupported), "{text}");
        }
    }
}
