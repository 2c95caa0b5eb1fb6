//! What a post can set on Bluesky alone: `langs`, `labels` and `tags` of `app.bsky.feed.post`.
//!
//! Who may reply is not among them. It is a second record (`app.bsky.feed.threadgate`), and the call that writes two records
//! at once (`com.atproto.repo.applyWrites`) does not recognise a repeat, as `putRecord` does.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Value, json};
use shared::kernel::visible_text::line;
use unicode_segmentation::UnicodeSegmentation;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::rich_text::{TAG_BYTES, TAG_GRAPHEMES};
use crate::language::Language;
use crate::listed::Listed;

/// `langs` of `app.bsky.feed.post` has at most three.
type Languages = Listed<Language, 3>;
/// Each label once; the lexicon allows ten (`com.atproto.label.defs#selfLabels`).
type Labels = Listed<SelfLabel, 4>;
/// `tags` of `app.bsky.feed.post` has at most eight.
type Tags = Listed<AddedTag, 8>;

/// The options of a post on Bluesky.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BlueskyOptions {
    /// The languages of the text.
    #[serde(default, skip_serializing_if = "Listed::is_empty")]
    #[schema(inline)]
    pub languages: Languages,
    /// Warnings about the pictures, which viewers can hide or blur.
    #[serde(default, skip_serializing_if = "Listed::is_empty")]
    #[schema(inline)]
    pub labels: Labels,
    /// Hashtags that the post is found by, in addition to those in its text.
    #[serde(default, skip_serializing_if = "Listed::is_empty")]
    #[schema(inline)]
    pub tags: Tags,
}

/// A warning about the content of one's own post (`com.atproto.label.defs#selfLabels`). The official app offers these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = BlueskyLabel)]
#[serde(rename_all = "kebab-case")]
pub enum SelfLabel {
    /// Suggestive.
    Sexual,
    /// Artistic or not erotic.
    Nudity,
    Porn,
    /// Violence, blood or gore.
    GraphicMedia,
}

/// A hashtag without its `#`: at most 64 graphemes and 640 bytes, without a space.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct AddedTag(String);

impl<'de> Deserialize<'de> for AddedTag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let tag = line(&text, TAG_BYTES).map_err(de::Error::custom)?;
        if tag.starts_with(['#', '＃']) || tag.contains(char::is_whitespace) {
            return Err(de::Error::custom("must be a hashtag without its # and without spaces"));
        }
        if tag.len() > TAG_BYTES || tag.graphemes(true).count() > TAG_GRAPHEMES {
            return Err(de::Error::custom("must have at most 64 characters, in at most 640 bytes"));
        }
        Ok(Self(tag))
    }
}

impl PartialSchema for AddedTag {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("A hashtag without its `#`. Counted in graphemes."))
            .min_length(Some(1))
            .max_length(Some(TAG_GRAPHEMES))
            .examples(["spring"])
            .into()
    }
}

impl ToSchema for AddedTag {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("BlueskyTag")
    }
}

impl BlueskyOptions {
    /// Adds the options to the record of a post.
    pub fn apply(&self, record: &mut Value) {
        if !self.languages.is_empty() {
            record["langs"] = json!(self.languages);
        }
        if !self.labels.is_empty() {
            let values: Vec<Value> = self.labels.iter().map(|label| json!({ "val": label })).collect();
            record["labels"] = json!({ "$type": "com.atproto.label.defs#selfLabels", "values": values });
        }
        if !self.tags.is_empty() {
            record["tags"] = json!(self.tags);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn options_become_fields_of_the_record() {
        let mut record = json!({ "text": "a" });
        BlueskyOptions::default().apply(&mut record);
        assert_eq!(record, json!({ "text": "a" }));
        let options = json!({ "languages": ["en", "pt-br"], "labels": ["graphic-media", "sexual"], "tags": ["März"] });
        serde_json::from_value::<BlueskyOptions>(options).unwrap().apply(&mut record);
        let values = json!([{ "val": "graphic-media" }, { "val": "sexual" }]);
        let labels = json!({ "$type": "com.atproto.label.defs#selfLabels", "values": values });
        assert_eq!(record, json!({ "text": "a", "langs": ["en", "pt-BR"], "labels": labels, "tags": ["März"] }));
    }

    #[test]
    fn more_languages_than_the_lexicon_allows_and_repeated_labels_are_refused() {
        let refused = |sent| serde_json::from_value::<BlueskyOptions>(sent).unwrap_err().to_string();
        assert_eq!(refused(json!({ "languages": ["en", "de", "fr", "it"] })), "must have at most 3 items");
        assert_eq!(refused(json!({ "labels": ["porn", "porn"] })), "must not have an item twice");
        assert_eq!(
            refused(json!({ "tags": ["1", "2", "3", "4", "5", "6", "7", "8", "9"] })),
            "must have at most 8 items"
        );
    }

    #[test]
    fn a_tag_is_measured_as_the_lexicon_does() {
        let tag = |tag: &str| serde_json::from_value::<BlueskyOptions>(json!({ "tags": [tag] })).map(|_| ());
        let family = "👨‍👩‍👧‍👦";
        for good in ["a", &"é".repeat(64), &family.repeat(25)] {
            assert!(tag(good).is_ok(), "{good:?}");
        }
        for bad in ["", "#a", "＃a", "a b", "\u{200b}", &"é".repeat(65), &family.repeat(26)] {
            assert!(tag(bad).is_err(), "{bad:?}");
        }
    }
}
