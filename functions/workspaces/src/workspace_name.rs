//! The name of a workspace.

use std::borrow::Cow;

use accounts::line::{NotALine, line};
use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

/// The longest name, in characters.
pub const LONGEST_CHARACTERS: usize = 80;

/// 1 to 80 characters in Unicode NFC, on one line, without white space around them and without control or
/// direction-changing characters (Unicode TR 36, section 2.8). Names need not be unique.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorkspaceName(String);

/// Why a text is no name of a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAName {
    #[error("must have 1 to {LONGEST_CHARACTERS} characters")]
    WrongLength,
    #[error("must not have line breaks or control characters")]
    Unsupported,
}

impl WorkspaceName {
    pub fn parse(text: &str) -> Result<Self, NotAName> {
        line(text, LONGEST_CHARACTERS).map(Self).map_err(|not_a_line| match not_a_line {
            NotALine::WrongLength => NotAName::WrongLength,
            NotALine::Unsupported => NotAName::Unsupported,
        })
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for WorkspaceName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&Cow::<'de, str>::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl utoipa::PartialSchema for WorkspaceName {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(LONGEST_CHARACTERS))
            .examples(["Northwind Studio"])
            .into()
    }
}

impl utoipa::ToSchema for WorkspaceName {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("WorkspaceName")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_name_is_one_line_of_text() {
        for text in ["x", " Northwind Studio ", "R&D: north/south", "東京", "Cafe\u{301}"] {
            assert!(WorkspaceName::parse(text).is_ok(), "{text}");
        }
        assert_eq!(WorkspaceName::parse(" Cafe\u{301} ").unwrap().as_str(), "Café");
        for (text, why) in [
            ("", NotAName::WrongLength),
            (" \t ", NotAName::WrongLength),
            (&*"x".repeat(81), NotAName::WrongLength),
            ("a\nb", NotAName::Unsupported),
            ("a\u{7}b", NotAName::Unsupported),
            ("a\u{202E}b", NotAName::Unsupported),
        ] {
            assert_eq!(WorkspaceName::parse(text).err(), Some(why), "{text}");
        }
    }
}
