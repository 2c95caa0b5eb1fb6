//! A user's display name.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, de};
use shared::kernel::visible_text::{NotALine, line};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

/// The longest name, in characters.
pub const LONGEST_CHARACTERS: usize = 80;

/// One line of text of 1 to 80 characters ([`line`]).
///
/// It is shown to others and appears in emails, so it must not contain characters of links that mail programs recognize
/// (`:`, `/`, `\`, `@`, `<`, `>`).
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct PersonName(String);

/// Why a text cannot be a display name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAName {
    #[error(transparent)]
    NotALine(#[from] NotALine),
    #[error("must not contain any of : / \\ @ < >")]
    LooksLikeALink,
}

impl PersonName {
    pub fn parse(text: &str) -> Result<Self, NotAName> {
        let name = line(text, LONGEST_CHARACTERS)?;
        let looks_like_a_link = name.contains([':', '/', '\\', '@', '<', '>']);
        if looks_like_a_link { Err(NotAName::LooksLikeALink) } else { Ok(Self(name)) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
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
            .description(Some("The user's display name: one line, without any of : / \\ @ < >"))
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
    use shared::kernel::visible_text::Unreadable;

    use super::*;

    #[test]
    fn names_of_people_are_accepted() {
        for text in ["Ada", "  Ada Lovelace ", "Nguyễn Văn A.", "O’Neil-Smith, Jr", "李小龍", "X Æ A-12"] {
            assert_eq!(PersonName::parse(text).unwrap().as_str(), text.trim());
        }
        assert_eq!(PersonName::parse("e\u{301}").unwrap().as_str(), "é");
        assert!(PersonName::parse(&"ß".repeat(80)).is_ok());
    }

    #[test]
    fn a_name_that_looks_like_a_link_or_is_not_a_line_is_refused() {
        for text in ["win at http://x.example", "a@b", "<b>", "a\\b", "a:b"] {
            assert_eq!(PersonName::parse(text).err(), Some(NotAName::LooksLikeALink), "{text}");
        }
        let not_a_line = |text: &str| match PersonName::parse(text).err() {
            Some(NotAName::NotALine(reason)) => Some(reason),
            _ => None,
        };
        for text in ["", &"x".repeat(81), &"x".repeat(100_000)] {
            assert_eq!(not_a_line(text), Some(NotALine::WrongLength(LONGEST_CHARACTERS)));
        }
        for text in ["   ", "\u{200B}", "\u{2800}", "\u{3164}", "\u{AD}", "\u{2060}", "\u{115F}", "\u{FE0F}"] {
            assert_eq!(not_a_line(text), Some(Unreadable::NothingVisible.into()), "{text:?}");
        }
        assert_eq!(not_a_line("a\nb"), Some(NotALine::SeveralLines));
        assert_eq!(not_a_line("a\u{202E}dA"), Some(Unreadable::ChangesDirection.into()));
        assert_eq!(PersonName::parse("\u{2068}Ada\u{2069} \u{2068}Lovelace\u{2069}").unwrap().as_str(), "Ada Lovelace");
    }
}
