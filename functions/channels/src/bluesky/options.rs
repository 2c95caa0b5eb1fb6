//! What a post can set on Bluesky alone: `langs` and `labels` of `app.bsky.feed.post`.
//!
//! Who may reply is not among them. It is a second record (`app.bsky.feed.threadgate`), and the call that writes two records
//! at once (`com.atproto.repo.applyWrites`) does not recognise a repeat, as `putRecord` does.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::language::Language;
use crate::listed::Listed;

/// `langs` of `app.bsky.feed.post` has at most three.
type Languages = Listed<Language, 3>;
/// Each label once; the lexicon allows ten (`com.atproto.label.defs#selfLabels`).
type Labels = Listed<SelfLabel, 4>;

/// The options of a post on Bluesky.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BlueskyOptions {
    /// The languages of the text.
    #[serde(skip_serializing_if = "Listed::is_empty")]
    #[schema(inline)]
    pub languages: Languages,
    /// Warnings about the pictures, which viewers can hide or blur.
    #[serde(skip_serializing_if = "Listed::is_empty")]
    #[schema(inline)]
    pub labels: Labels,
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
        let options = json!({ "languages": ["en", "pt-br"], "labels": ["graphic-media", "sexual"] });
        serde_json::from_value::<BlueskyOptions>(options).unwrap().apply(&mut record);
        let values = json!([{ "val": "graphic-media" }, { "val": "sexual" }]);
        let labels = json!({ "$type": "com.atproto.label.defs#selfLabels", "values": values });
        assert_eq!(record, json!({ "text": "a", "langs": ["en", "pt-BR"], "labels": labels }));
    }

    #[test]
    fn more_languages_than_the_lexicon_allows_and_repeated_labels_are_refused() {
        let refused = |sent| serde_json::from_value::<BlueskyOptions>(sent).unwrap_err().to_string();
        assert_eq!(refused(json!({ "languages": ["en", "de", "fr", "it"] })), "must have at most 3 items");
        assert_eq!(refused(json!({ "labels": ["porn", "porn"] })), "must not have an item twice");
    }
}
