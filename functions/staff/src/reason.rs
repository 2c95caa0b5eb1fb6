//! Why a member of the staff does something to a user or workspace.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, de};
use shared::kernel::visible_text::line;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

/// The longest reason, in characters.
const LONGEST_CHARACTERS: usize = 500;

/// One line of text of 1 to 500 characters. It is kept with the system event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StaffReason(String);

impl StaffReason {
    pub fn into_text(self) -> String {
        self.0
    }
}

impl<'de> Deserialize<'de> for StaffReason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        line(&Cow::<'de, str>::deserialize(deserializer)?, LONGEST_CHARACTERS).map(Self).map_err(de::Error::custom)
    }
}

impl utoipa::PartialSchema for StaffReason {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("Why, in one line of text. It is kept with the system event."))
            .min_length(Some(1))
            .max_length(Some(LONGEST_CHARACTERS))
            .examples(["The customer reported a stolen laptop."])
            .into()
    }
}

impl utoipa::ToSchema for StaffReason {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("StaffReason")
    }
}
