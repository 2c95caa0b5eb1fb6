//! What the staff writes about what it does: reasons, tickets and notes, one line each.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, de};
use shared::kernel::visible_text::line;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

macro_rules! lines {
    ($($(#[doc = $doc:literal])+ $name:ident, $longest:literal characters: $describes:literal, $example:literal;)+) => { $(
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
        pub struct $name(String);

        impl $name {
            pub fn into_text(self) -> String {
                self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                line(&Cow::<'de, str>::deserialize(deserializer)?, $longest).map(Self).map_err(de::Error::custom)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .description(Some($describes))
                    .min_length(Some(1))
                    .max_length(Some($longest))
                    .examples([$example])
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }
    )+ };
}

lines! {
    /// Why a member of the staff does something to a user. It is kept with the system event.
    StaffReason, 500 characters: "Why, in one line of text. It is kept with the system event.",
        "The customer reported a stolen laptop.";
    /// Why a member of the staff does something to a workspace. Its members see it.
    ShownReason, 500 characters: "Why, in one line of text. The workspace's members see it in their audit log.",
        "Agreed with the customer.";
    /// Where the staff documents the case.
    StaffTicket, 100 characters: "Where the staff documents the case. Only the staff sees it.", "CASE-1024";
    /// The same where the workspace's members see it.
    ShownTicket, 100 characters: "The ticket, in one line of text. The workspace's members see it in their audit log.",
        "SUP-4711";
    /// What a member of the staff found out about a system event.
    EventNote, 500 characters: "What was found out, in one line of text. Only the staff sees it.",
        "A penetration test that the customer announced.";
}
