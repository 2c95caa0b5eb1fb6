//! The name of a workspace.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, de};
use shared::kernel::visible_text::{NotALine, line};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

/// The longest name, in characters.
pub const LONGEST_CHARACTERS: usize = 80;

/// A line of text of 1 to 80 characters ([`line`]). Names need not be unique.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorkspaceName(String);

impl WorkspaceName {
    pub fn parse(text: &str) -> Result<Self, NotALine> {
        line(text, LONGEST_CHARACTERS).map(Self)
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
            .description(Some("The name of a workspace: one line."))
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
    use shared::kernel::visible_text::Unreadable;

    use super::*;

    #[test]
    fn a_name_that_is_not_one_line_is_refused() {
        for text in ["x", " Northwind Studio ", "R&D: north/south", "東京", "Cafe\u{301}"] {
            assert!(WorkspaceName::parse(text).is_ok(), "{text}");
        }
        assert_eq!(WorkspaceName::parse(" Cafe\u{301} ").unwrap().as_str(), "Café");
        for (text, why) in [
            ("", NotALine::WrongLength(80)),
            (" \t ", Unreadable::NothingVisible.into()),
            ("\u{3164}", Unreadable::NothingVisible.into()),
            (&*"x".repeat(81), NotALine::WrongLength(80)),
            ("a\nb", NotALine::SeveralLines),
            ("a\u{7}b", Unreadable::ControlCharacter.into()),
            ("a\u{202E}b", Unreadable::ChangesDirection.into()),
        ] {
            assert_eq!(WorkspaceName::parse(text).err(), Some(why), "{text}");
        }
    }
}
