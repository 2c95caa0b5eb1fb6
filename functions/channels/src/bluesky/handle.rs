//! Bluesky handles: the domain names of accounts.

use std::fmt;

use serde::{Deserialize, Deserializer, de};

/// Longest handle in ASCII characters.
const LONGEST: usize = 253;
/// Longest label between two dots.
const LONGEST_LABEL: usize = 63;

/// A syntactically valid handle in lower case, without the `@`: `alice.bsky.social`.
///
/// Source: <https://atproto.com/specs/handle>, "Handle Identifier Syntax". Only the network can tell whether it exists.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle(String);

impl Handle {
    pub fn parse(text: &str) -> Option<Self> {
        let labels: Vec<&str> = text.split('.').collect();
        let starts_with_letter = |label: &&str| label.starts_with(|first: char| first.is_ascii_alphabetic());
        let valid = text.len() <= LONGEST
            && labels.len() >= 2
            && labels.iter().all(|label| is_label(label))
            && labels.last().is_some_and(starts_with_letter);
        // Handles are case-insensitive; one spelling saves a second lookup.
        valid.then(|| Self(text.to_ascii_lowercase()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Handle {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).ok_or_else(|| de::Error::custom("not a handle"))
    }
}

/// Whether it is a label of a domain name, as used in handles and NSID authorities.
pub(super) fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= LONGEST_LABEL
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// The examples of the specification, and its limits.
    #[test]
    fn handle_syntax_follows_the_specification() {
        let longest_label = "a".repeat(63);
        for valid in [
            "jay.bsky.social",
            "8.cn",
            "name.t--t",
            "XX.LCS.MIT.EDU",
            "a.co",
            "xn--notarealidn.com",
            "4chan.org",
            "laptop.local",
            &format!("{longest_label}.test"),
        ] {
            assert!(Handle::parse(valid).is_some(), "{valid} was refused");
        }
        for invalid in [
            "jo@hn.test",
            "💩.test",
            "john..test",
            "xn--bcher-.tld",
            "john.0",
            "cn.8",
            "www.masełkowski.pl.com",
            "org",
            "name.org.",
            ".org",
            "-a.com",
            "a b.com",
            "",
            &format!("a{longest_label}.test"),
            &format!("{}test", "abcdefg.".repeat(32)),
        ] {
            assert!(Handle::parse(invalid).is_none(), "{invalid} was accepted");
        }
    }

    #[test]
    fn a_handle_is_normalised_to_lower_case() {
        assert_eq!(Handle::parse("Alice.Bsky.Social").unwrap().as_str(), "alice.bsky.social");
    }
}
