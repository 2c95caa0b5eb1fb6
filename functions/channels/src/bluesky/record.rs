//! The record of a post in the account's repository (`app.bsky.feed.post`).

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::kernel::time::{Timestamp, sortable};

use super::answers::Blob;
use super::identifiers::Did;
use super::options::BlueskyOptions;
use crate::rendering::{Facet, FacetKind};

/// `app.bsky.feed.post`, the collection and the type of its records.
pub const COLLECTION: &str = "app.bsky.feed.post";

/// A picture that is already uploaded.
pub struct UploadedPicture {
    /// The reference that `uploadBlob` returned.
    pub blob: Blob,
    pub alt_text: String,
    pub width: u32,
    pub height: u32,
}

/// Builds the record. A mention without a DID in `accounts` stays plain text, as in the official client.
pub fn post_record(
    (text, facets): (&str, &[Facet]),
    options: &BlueskyOptions,
    accounts: &BTreeMap<String, Did>,
    pictures: &[UploadedPicture],
    created_at: Timestamp,
) -> Value {
    let mut record = json!({ "$type": COLLECTION, "text": text, "createdAt": sortable(created_at) });
    let facets: Vec<Value> = facets.iter().filter_map(|part| facet(part, accounts)).collect();
    if !facets.is_empty() {
        record["facets"] = Value::Array(facets);
    }
    if !pictures.is_empty() {
        let images: Vec<Value> = pictures.iter().map(image).collect();
        record["embed"] = json!({ "$type": "app.bsky.embed.images", "images": images });
    }
    options.apply(&mut record);
    record
}

fn facet(part: &Facet, accounts: &BTreeMap<String, Did>) -> Option<Value> {
    let Facet { byte_start, byte_end, kind, value } = part;
    let feature = match kind {
        FacetKind::Mention => json!({ "$type": "app.bsky.richtext.facet#mention", "did": accounts.get(value)? }),
        FacetKind::Link => json!({ "$type": "app.bsky.richtext.facet#link", "uri": value }),
        FacetKind::Tag => json!({ "$type": "app.bsky.richtext.facet#tag", "tag": value }),
    };
    Some(json!({
        "$type": "app.bsky.richtext.facet",
        "index": { "byteStart": byte_start, "byteEnd": byte_end },
        "features": [feature],
    }))
}

fn image(picture: &UploadedPicture) -> Value {
    let mut image = json!({ "image": picture.blob, "alt": picture.alt_text });
    // The lexicon requires at least 1; without a ratio the client measures the picture itself.
    if picture.width > 0 && picture.height > 0 {
        image["aspectRatio"] = json!({ "width": picture.width, "height": picture.height });
    }
    image
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::rich_text::facets;
    use super::*;

    #[test]
    fn a_post_with_every_feature_becomes_the_lexicons_record() {
        let text = "See https://bulkhead.example.com, @alice.test! #März";
        let accounts = BTreeMap::from([("alice.test".to_owned(), Did::try_from("did:plc:alice".to_owned()).unwrap())]);
        let blob = json!({ "$type": "blob", "ref": { "$link": "bafkreid" }, "mimeType": "image/png", "size": 7 });
        let pictures = [UploadedPicture {
            blob: serde_json::from_value(blob.clone()).unwrap(),
            alt_text: "A cat".to_owned(),
            width: 4,
            height: 3,
        }];
        let at = "2026-03-01T08:30:00Z".parse().unwrap();
        assert_eq!(
            post_record((text, &facets(text)), &BlueskyOptions::default(), &accounts, &pictures, at),
            json!({
                "$type": "app.bsky.feed.post",
                "text": text,
                "createdAt": "2026-03-01T08:30:00.000Z",
                "facets": [
                    {
                        "$type": "app.bsky.richtext.facet",
                        "index": { "byteStart": 4, "byteEnd": 32 },
                        "features": [{ "$type": "app.bsky.richtext.facet#link", "uri": "https://bulkhead.example.com" }],
                    },
                    {
                        "$type": "app.bsky.richtext.facet",
                        "index": { "byteStart": 34, "byteEnd": 45 },
                        "features": [{ "$type": "app.bsky.richtext.facet#mention", "did": "did:plc:alice" }],
                    },
                    {
                        "$type": "app.bsky.richtext.facet",
                        "index": { "byteStart": 47, "byteEnd": 53 },
                        "features": [{ "$type": "app.bsky.richtext.facet#tag", "tag": "März" }],
                    },
                ],
                "embed": {
                    "$type": "app.bsky.embed.images",
                    "images": [{ "image": blob, "alt": "A cat", "aspectRatio": { "width": 4, "height": 3 } }],
                },
            })
        );
    }

    #[test]
    fn a_mention_of_an_unknown_account_stays_plain_text() {
        let text = "@unknown.test";
        let (written, options) = ((text, &*facets(text)), BlueskyOptions::default());
        let record = post_record(written, &options, &BTreeMap::new(), &[], Timestamp::UNIX_EPOCH);
        assert_eq!(record, json!({ "$type": COLLECTION, "text": text, "createdAt": "1970-01-01T00:00:00.000Z" }));
    }
}
