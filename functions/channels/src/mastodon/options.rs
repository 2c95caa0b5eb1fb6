//! What a post can set on Mastodon alone: parameters of <https://docs.joinmastodon.org/methods/statuses/#create>.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value, json};
use shared::kernel::visible_text::line;
use utoipa::ToSchema;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

use crate::language::Language;

/// The options of a post on Mastodon.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MastodonOptions {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, inline)]
    pub visibility: Option<Visibility>,
    /// A content warning: the post is shown only after a click on it. Its characters count with those of the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, inline)]
    pub spoiler_text: Option<SpoilerText>,
    /// Whether the pictures are hidden until a click. A content warning hides them too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sensitive: Option<bool>,
    /// The language of the text. A server ignores one that it does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, inline)]
    pub language: Option<Language>,
}

/// Who sees a post. `direct` is not offered: such a post is a message to the mentioned accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MastodonVisibility)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    Public,
    /// Everyone, but not in public timelines.
    Unlisted,
    /// Followers only.
    Private,
}

/// The longest content warning in code points. A server counts it with the text, and allows 500 characters by default.
const LONGEST: usize = 1_000;

/// A content warning: one line with a visible character.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SpoilerText(String);

impl SpoilerText {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for SpoilerText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        line(&text, LONGEST).map(Self).map_err(de::Error::custom)
    }
}

impl utoipa::PartialSchema for SpoilerText {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(LONGEST))
            .examples(["Spoilers for the finale"])
            .into()
    }
}

impl ToSchema for SpoilerText {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("SpoilerText")
    }
}

impl MastodonOptions {
    pub fn warning(&self) -> &str {
        self.spoiler_text.as_ref().map_or("", SpoilerText::as_str)
    }

    /// Adds the options to the parameters of a status. What is not set has the account's default.
    pub fn apply(&self, parameters: &mut Map<String, Value>) {
        let set = [
            self.visibility.map(|visibility| ("visibility", json!(visibility))),
            self.spoiler_text.as_ref().map(|warning| ("spoiler_text", json!(warning))),
            self.sensitive.map(|sensitive| ("sensitive", json!(sensitive))),
            self.language.as_ref().map(|language| ("language", json!(language))),
        ];
        parameters.extend(set.into_iter().flatten().map(|(name, value)| (name.to_owned(), value)));
    }
}
