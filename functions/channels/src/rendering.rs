//! What a platform gets of a text: the text as it is sent, and its links, mentions and hashtags.
//!
//! One function of each adapter makes it ([`crate::Adapter::render`]). A preview shows the result, and preparing a post
//! sends it, so that the two cannot differ.

use serde::Serialize;
use utoipa::ToSchema;

/// A text as it is sent to a platform.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// What is shown before the text and counts toward its length: Mastodon's content warning. Empty if there is none.
    pub before: String,
    pub text: String,
    /// The parts that the request marks, in order. Empty for a platform that finds them itself.
    pub facets: Vec<Facet>,
}

/// A part of a text that is marked as a link, a mention or a hashtag, by offsets in UTF-8 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Facet {
    /// The offset of its first byte.
    pub byte_start: u32,
    /// The offset after its last byte.
    pub byte_end: u32,
    pub kind: FacetKind,
    /// The address of a link, the handle of a mentioned account, or a hashtag without its `#`.
    #[schema(example = "https://northwind.example/spring")]
    pub value: String,
}

/// What a part of a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FacetKind {
    Link,
    /// The account is looked up when the post is published. A handle without an account stays plain text.
    Mention,
    Tag,
}

impl Rendered {
    /// A text that is sent as it was written.
    pub fn plain(text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::default() }
    }
}
