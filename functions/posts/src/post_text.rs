//! The text of a post as stored: valid for a draft, not necessarily for a channel.

use std::borrow::Cow;

use channels::TextMeasure;
use serde::{Deserialize, Deserializer, Serialize, de};
use shared::kernel::visible_text::{Unreadable, lines};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

/// The longest text of a draft, in graphemes: user-perceived characters (Unicode UAX 29). Most platforms accept far
/// less; `limits` checks that per channel.
pub const MAX_GRAPHEMES: u32 = 3_000;
/// The size of a grapheme in bytes is unlimited; the size of a table item is not.
pub const MAX_BYTES: usize = 30_000;

/// 1 to 3,000 graphemes in at most 30,000 bytes of UTF-8, at least one of them visible ([`lines`]). Line breaks are LF:
/// a CRLF would count as two on a platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PostText(String);

/// Why a text is not a valid post text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAText {
    #[error("must have 1 to 3,000 characters")]
    WrongLength,
    #[error("must have at most 30,000 bytes in UTF-8")]
    TooManyBytes,
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
}

impl PostText {
    pub fn parse(text: &str) -> Result<Self, NotAText> {
        if text.len() > MAX_BYTES {
            return Err(NotAText::TooManyBytes);
        }
        let text = lines(text)?;
        if TextMeasure::Graphemes.count(&text) > MAX_GRAPHEMES { Err(NotAText::WrongLength) } else { Ok(Self(text)) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for PostText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&Cow::<'de, str>::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl utoipa::PartialSchema for PostText {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(
                "Counted in graphemes. Each channel has stricter limits, checked for the selected channels.",
            ))
            .min_length(Some(1))
            .max_length(Some(MAX_GRAPHEMES as usize))
            .examples(["Our spring catalogue is out: https://northwind.example/spring #spring"])
            .into()
    }
}

impl utoipa::ToSchema for PostText {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("PostText")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn length_is_counted_in_graphemes() {
        let family = "👨‍👩‍👧‍👦";
        assert!(PostText::parse(&family.repeat(MAX_BYTES / family.len())).is_ok());
        assert!(PostText::parse(&"é".repeat(3_000)).is_ok());
        assert!(PostText::parse(&"e\u{301}".repeat(3_000)).is_ok());
        assert_eq!(PostText::parse(&"é".repeat(3_001)), Err(NotAText::WrongLength));
    }

    #[test]
    fn a_few_graphemes_of_many_bytes_are_refused() {
        let tower = format!("a{}", "\u{301}".repeat(MAX_BYTES / 2));
        assert_eq!(PostText::parse(&tower), Err(NotAText::TooManyBytes));
    }

    #[test]
    fn a_text_without_visible_characters_is_refused() {
        for blank in [
            "",
            " ",
            "\n\t \r\n",
            "\u{3000}",
            "\u{200B}",
            "\u{2800}\n\u{2800}",
            "\u{3164}",
            "\u{AD}",
            "\u{2060}",
            "\u{115F}",
            "\u{FE0F}",
        ] {
            assert_eq!(PostText::parse(blank), Err(Unreadable::NothingVisible.into()), "{blank:?}");
        }
    }

    #[test]
    fn line_breaks_are_normalised_to_one_character() {
        assert_eq!(PostText::parse("a\r\nb\rc\nd").unwrap().as_str(), "a\nb\nc\nd");
    }

    #[test]
    fn control_characters_are_refused() {
        for text in ["a\0", "\u{7}b", "c\u{85}", "\u{1b}[2J"] {
            assert_eq!(PostText::parse(text), Err(Unreadable::ControlCharacter.into()), "{text:?}");
        }
        assert_eq!(PostText::parse("a\u{202E}b"), Err(Unreadable::ChangesDirection.into()));
    }
}
