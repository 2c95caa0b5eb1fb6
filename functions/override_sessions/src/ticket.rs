//! The ticket that an override session belongs to.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, de};
use shared::kernel::visible_text::line;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

/// The longest ticket, in characters.
const LONGEST_CHARACTERS: usize = 100;

/// One line of text of 1 to 100 characters: the number or address of a ticket in the operator's system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ticket(String);

impl Ticket {
    pub fn into_text(self) -> String {
        self.0
    }
}

impl<'de> Deserialize<'de> for Ticket {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        line(&Cow::<'de, str>::deserialize(deserializer)?, LONGEST_CHARACTERS).map(Self).map_err(de::Error::custom)
    }
}

impl utoipa::PartialSchema for Ticket {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("The ticket, in one line of text. The owners of the workspace see it."))
            .min_length(Some(1))
            .max_length(Some(LONGEST_CHARACTERS))
            .examples(["SUP-4711"])
            .into()
    }
}

impl utoipa::ToSchema for Ticket {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Ticket")
    }
}
