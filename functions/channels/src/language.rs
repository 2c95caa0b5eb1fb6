//! The language of a text, as a tag of BCP 47.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

/// The longest tag. RFC 5646, section 4.4.1, recommends room for 35 characters.
const LONGEST: usize = 35;

/// A well-formed tag of a language, with script, region and variants (RFC 5646, section 2.1): `en`, `pt-BR`, `zh-Hant-TW`.
///
/// Extensions and private use are refused, because platforms do not know them. The spelling is the recommended one
/// (section 2.1.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Language(String);

impl Language {
    pub fn parse(text: &str) -> Option<Self> {
        let is = |part: &str, lengths: std::ops::RangeInclusive<usize>, of: fn(&u8) -> bool| {
            lengths.contains(&part.len()) && part.bytes().all(|byte| of(&byte))
        };
        let mut parts = text.split('-').peekable();
        let mut tag = parts.next().filter(|part| is(part, 2..=3, u8::is_ascii_alphabetic))?.to_ascii_lowercase();
        if let Some(script) = parts.next_if(|part| is(part, 4..=4, u8::is_ascii_alphabetic)) {
            let (first, rest) = script.split_at(1);
            tag.extend(["-", &first.to_ascii_uppercase(), &rest.to_ascii_lowercase()]);
        }
        let is_region = |part: &&str| is(part, 2..=2, u8::is_ascii_alphabetic) || is(part, 3..=3, u8::is_ascii_digit);
        if let Some(region) = parts.next_if(is_region) {
            tag.extend(["-", &region.to_ascii_uppercase()]);
        }
        for variant in parts {
            let starts_with_digit = variant.starts_with(|first: char| first.is_ascii_digit());
            if !is(variant, if starts_with_digit { 4..=8 } else { 5..=8 }, u8::is_ascii_alphanumeric) {
                return None;
            }
            tag.extend(["-", &variant.to_ascii_lowercase()]);
        }
        (tag.len() <= LONGEST).then_some(Self(tag))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Language {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("must be a language tag such as en, pt-BR or zh-Hant"))
    }
}

impl utoipa::PartialSchema for Language {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("A language tag (BCP 47), without extensions."))
            .min_length(Some(2))
            .max_length(Some(LONGEST))
            .examples(["en"])
            .into()
    }
}

impl utoipa::ToSchema for Language {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("LanguageTag")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_formed_tags_are_accepted_in_their_recommended_spelling() {
        for (text, tag) in [
            ("en", "en"),
            ("EN-us", "en-US"),
            ("pt-BR", "pt-BR"),
            ("ZH-hant-tw", "zh-Hant-TW"),
            ("es-419", "es-419"),
            ("sl-rozaj-biske-1994", "sl-rozaj-biske-1994"),
            ("gsw", "gsw"),
        ] {
            assert_eq!(Language::parse(text).as_ref().map(Language::as_str), Some(tag), "{text:?}");
        }
        let malformed =
            ["", "e", "english", "en-", "en_US", "en-US-", "x-private", "en-x-a", "en-a-bbb", "é", "12", "en-US-US"];
        for text in malformed {
            assert_eq!(Language::parse(text), None, "{text:?}");
        }
        let long = format!("en-{}", ["variant1"; 5].join("-"));
        assert_eq!(Language::parse(&long), None);
    }
}
