//! Authors: who made something in a workspace, a user, a program or the operator's staff.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

use super::ids::{
    Identified, OverrideSessionId, OverrideSessionKind, UserId, UserKind, WorkspaceTokenId, WorkspaceTokenKind,
};

/// A user, in a session or by a personal access token; a token of the workspace; or a member of the staff in an override
/// session, which is named instead of them.
///
/// It is stored and shown as the id, whose prefix names its kind. A user's is the same text as of earlier releases, which
/// knew no other authors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Author {
    User(UserId),
    Token(WorkspaceTokenId),
    Override(OverrideSessionId),
}

/// Why a text is not the id of an author.
#[derive(Debug, thiserror::Error)]
#[error("must be the id of a user, of a workspace token or of an override session")]
pub struct NotAnAuthor;

impl From<UserId> for Author {
    fn from(user: UserId) -> Self {
        Self::User(user)
    }
}

impl fmt::Display for Author {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => id.fmt(f),
            Self::Token(id) => id.fmt(f),
            Self::Override(id) => id.fmt(f),
        }
    }
}

impl FromStr for Author {
    type Err = NotAnAuthor;

    fn from_str(text: &str) -> Result<Self, NotAnAuthor> {
        let token = || text.parse().map(Self::Token);
        let session = || text.parse().map(Self::Override);
        text.parse().map(Self::User).or_else(|_| token()).or_else(|_| session()).map_err(|_| NotAnAuthor)
    }
}

impl Serialize for Author {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Author {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl utoipa::PartialSchema for Author {
    fn schema() -> RefOr<Schema> {
        let (user, token, session) = (UserKind::PREFIX, WorkspaceTokenKind::PREFIX, OverrideSessionKind::PREFIX);
        let description = format!(
            "The id of a user (`{user}_`), of a workspace token (`{token}_`), or of a session of our staff (`{session}_`)."
        );
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(description))
            .pattern(Some(format!("^({user}|{token}|{session})_[0-9a-f]{{32}}$")))
            .examples([format!("{user}_0190b1c8d2f37c1fa1b2c3d4e5f60718")])
            .into()
    }
}

impl utoipa::ToSchema for Author {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("AuthorId")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    const HEX: &str = "01890a5d000070008000000000000004";

    /// Earlier releases stored the id of the user.
    #[test]
    fn a_stored_user_is_read_as_an_author_and_written_as_the_same_text() {
        let [user, token, session] = ["user", "wtok", "ovr"].map(|prefix| json!(format!("{prefix}_{HEX}")));
        for (stored, is_user) in [(&user, true), (&token, false), (&session, false)] {
            let author: Author = serde_json::from_value(stored.clone()).unwrap();
            assert_eq!(matches!(author, Author::User(_)), is_user);
            assert_eq!(&serde_json::to_value(author).unwrap(), stored);
        }
    }

    #[test]
    fn the_id_of_anything_else_is_no_author() {
        for text in [format!("pat_{HEX}"), format!("wtok{HEX}"), HEX.to_owned(), String::new()] {
            assert!(text.parse::<Author>().is_err(), "{text}");
        }
    }
}
