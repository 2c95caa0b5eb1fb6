//! The identifiers of the AT Protocol, validated by their specifications. A response with an invalid one is rejected.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::handle::{Handle, is_label};

/// The permanent identifier of an account: `did:plc:ewvi7nxzyoun6zhxrhs64oiz`.
///
/// Source: <https://atproto.com/specs/did>, "AT Protocol DID Identifier Syntax": at most 2 kB, a method in lower case, no
/// path, query or fragment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Did(String);

/// The address of one record: `at://did:plc:…/app.bsky.feed.post/3jzfcijpj2z2a`.
///
/// Source: <https://atproto.com/specs/at-uri-scheme>, "Restricted AT URI Syntax", with a required collection and record
/// key: at most 8 kB.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct RecordUri(String);

/// The hash of a record or a blob, as text.
///
/// Source: <https://atproto.com/specs/data-model>, "Link and CID Formats". The alphabet and the length of 8 to 256 are
/// those of the protocol's interoperability tests (`cid_syntax_valid.txt`), so a future hash function is accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Cid(String);

/// A text that is not the expected identifier.
#[derive(Debug, thiserror::Error)]
#[error("not {0}")]
pub struct NotAnIdentifier(&'static str);

const DID_BYTES: usize = 2_048;
const URI_BYTES: usize = 8_192;
const CID_BYTES: std::ops::RangeInclusive<usize> = 8..=256;
/// <https://atproto.com/specs/nsid>: the domain authority and the name.
const AUTHORITY_BYTES: usize = 253;
const NAME_BYTES: usize = 63;
/// <https://atproto.com/specs/record-key>.
const RECORD_KEY_BYTES: usize = 512;

impl Did {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Did {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Did {
    type Error = NotAnIdentifier;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if is_did(&text) { Ok(Self(text)) } else { Err(NotAnIdentifier("a DID")) }
    }
}

impl RecordUri {
    /// Whether it is the address of this record. A server may identify the account by its handle.
    pub fn names(&self, account: &str, collection: &str, record_key: &str) -> bool {
        parts(&self.0).is_some_and(|(authority, named, key)| {
            (authority == account || Handle::parse(authority).is_some()) && (named, key) == (collection, record_key)
        })
    }

    pub fn into_text(self) -> String {
        self.0
    }
}

impl TryFrom<String> for RecordUri {
    type Error = NotAnIdentifier;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let valid = text.len() <= URI_BYTES
            && parts(&text).is_some_and(|(authority, collection, key)| {
                (is_did(authority) || Handle::parse(authority).is_some()) && is_nsid(collection) && is_record_key(key)
            });
        if valid { Ok(Self(text)) } else { Err(NotAnIdentifier("the AT URI of a record")) }
    }
}

impl Cid {
    pub fn into_text(self) -> String {
        self.0
    }
}

impl TryFrom<String> for Cid {
    type Error = NotAnIdentifier;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let valid = CID_BYTES.contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'='));
        if valid { Ok(Self(text)) } else { Err(NotAnIdentifier("a CID")) }
    }
}

fn is_did(text: &str) -> bool {
    let Some((method, name)) = text.strip_prefix("did:").and_then(|rest| rest.split_once(':')) else { return false };
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'%' | b'-');
    text.len() <= DID_BYTES
        && !method.is_empty()
        && method.bytes().all(|byte| byte.is_ascii_lowercase())
        && !name.is_empty()
        && name.bytes().all(is_name)
        && !name.ends_with([':', '%'])
}

/// Authority, collection and record key.
fn parts(uri: &str) -> Option<(&str, &str, &str)> {
    let mut parts = uri.strip_prefix("at://")?.split('/');
    let found = (parts.next()?, parts.next()?, parts.next()?);
    parts.next().is_none().then_some(found)
}

fn is_nsid(text: &str) -> bool {
    let Some((authority, name)) = text.rsplit_once('.') else { return false };
    authority.len() <= AUTHORITY_BYTES
        && authority.contains('.')
        && authority.split('.').all(is_label)
        && !authority.starts_with(|first: char| first.is_ascii_digit())
        && (1..=NAME_BYTES).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_record_key(text: &str) -> bool {
    let is_key = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'~');
    (1..=RECORD_KEY_BYTES).contains(&text.len()) && text.bytes().all(is_key) && !matches!(text, "." | "..")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[track_caller]
    fn assert_sorted<T: TryFrom<String>>(valid: &[&str], invalid: &[&str]) {
        for text in valid {
            assert!(T::try_from((*text).to_owned()).is_ok(), "{text:?} was refused");
        }
        for text in invalid {
            assert!(T::try_from((*text).to_owned()).is_err(), "{text:?} was accepted");
        }
    }

    /// The examples of the specification and of its interoperability tests, and the limits.
    #[test]
    fn did_syntax_follows_the_specification() {
        let longest = format!("did:method:{}", "v".repeat(DID_BYTES - 11));
        assert_sorted::<Did>(
            &[
                "did:plc:z72i7hdynmk6r22z27h6tvur",
                "did:web:blueskyweb.xyz",
                "did:web:localhost%3A1234",
                "did:method:val:two",
                "did:method::::val",
                "did:method:-:_:.:%ab",
                "did:m:v",
                &longest,
            ],
            &[
                "",
                "did",
                "did:method:",
                "did::val",
                "did:METHOD:val",
                "DID:method:val",
                "did:m123:val",
                "did:method:val/two",
                "did:method:val?two",
                "did:method:val#two",
                "did:method:val%",
                "did:method:val:",
                "did:method:v\u{7}al",
                "did:method:välue",
                " did:method:val",
                &(longest.clone() + "v"),
            ],
        );
    }

    #[test]
    fn a_record_address_without_all_three_parts_is_refused() {
        assert_sorted::<RecordUri>(
            &[
                "at://did:plc:44ybard66vv44zksje25o7dz/app.bsky.feed.post/3jwdwj2ctlk26",
                "at://bnewbold.bsky.team/app.bsky.feed.post/3jwdwj2ctlk26",
                "at://did:plc:asdf123/com.atproto.feed.post/a~b:c_d-e.f",
            ],
            &[
                "at://did:plc:asdf123",
                "at://did:plc:asdf123/com.atproto.feed.post",
                "at://did:plc:asdf123/com.atproto.feed.post/",
                "at://did:plc:asdf123/com.atproto.feed.post/asdf123/asdf",
                "at://did:plc:asdf123/com.atproto.feed.post/.",
                "at://did:plc:asdf123/com.atproto.feed.post/..",
                "at://did:plc:asdf123/com.atproto.feed.post/%30",
                "at://did:plc:asdf123/com.atproto.feed.post/a#b",
                "at://did:plc:asdf123/com.atproto.feed_post/a",
                "at://did:plc:asdf123/-com.atproto.feed.post/a",
                "at://did:plc:asdf123/4com.atproto.post/a",
                "at://did:plc:asdf123/com.post/a",
                "at://did:plc:asdf123/short/stuff",
                "at://name/com.atproto.feed.post/a",
                "AT://did:plc:asdf123/com.atproto.feed.post/a",
                "https://did:plc:asdf123/com.atproto.feed.post/a",
                "at://did:plc:asdf123/com.atproto.feed.post/a b",
                &format!("at://did:plc:asdf123/com.atproto.feed.post/{}", "o".repeat(RECORD_KEY_BYTES + 1)),
            ],
        );
    }

    #[test]
    fn a_record_address_matches_only_its_own_record() {
        let uri = |text: &str| RecordUri::try_from(text.to_owned()).unwrap();
        let names = |text: &str| uri(text).names("did:plc:a", "app.bsky.feed.post", "3k");
        assert!(names("at://did:plc:a/app.bsky.feed.post/3k"));
        assert!(names("at://alice.test/app.bsky.feed.post/3k"));
        assert!(!names("at://did:plc:b/app.bsky.feed.post/3k"));
        assert!(!names("at://did:plc:a/app.bsky.feed.like/3k"));
        assert!(!names("at://did:plc:a/app.bsky.feed.post/3j"));
    }

    #[test]
    fn a_cid_outside_its_length_or_alphabet_is_refused() {
        assert_sorted::<Cid>(
            &[
                "bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a",
                "QmbWqxBEKC3P8tqsKc98xmWNzrzDtRLMiMPL8wBuTGsMnR",
                "zb2rhe5P4gXftAwvA4eXQ5HJwsER2owDyS9sKaQRRVQPn93bA",
                &"a".repeat(256),
            ],
            &["", "bafy", "bafy\u{0}reidfay", "bafybeidfayvfuwqa7-qlnopdjiqrx", "bafybe idfayvf", &"a".repeat(257)],
        );
    }
}
