//! The trace of a request (W3C Trace Context, section 3.2), which is passed on and logged.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A valid `traceparent`, without fields that a later version may append.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Traceparent(String);

/// `00-<trace id>-<parent id>-<flags>`.
const LENGTHS: [usize; 4] = [2, 32, 16, 2];
const LENGTH: usize = 55;

impl Traceparent {
    /// Parses a client's header. An invalid one is ignored, as if none had been sent (section 3.2.2.3).
    pub fn parse(text: &str) -> Option<Self> {
        let known = text.get(..LENGTH)?;
        let parts: Vec<&str> = known.split('-').collect();
        let is_hex = |part: &str| part.bytes().all(|letter| matches!(letter, b'0'..=b'9' | b'a'..=b'f'));
        let is_formed = parts.len() == LENGTHS.len()
            && parts.iter().zip(LENGTHS).all(|(part, length)| part.len() == length && is_hex(part));
        let is_zero = |part: &str| part.bytes().all(|letter| letter == b'0');
        if !is_formed || parts[0] == "ff" || is_zero(parts[1]) || is_zero(parts[2]) {
            return None;
        }
        // Version 00 ends here; a later version may continue after another hyphen.
        let rest = &text[LENGTH..];
        (rest.is_empty() || (parts[0] != "00" && rest.starts_with('-'))).then(|| Self(known.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Traceparent {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("must be a traceparent")
    }
}

impl From<Traceparent> for String {
    fn from(traceparent: Traceparent) -> Self {
        traceparent.0
    }
}

impl fmt::Display for Traceparent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_valid_traceparent_is_kept_and_an_invalid_one_ignored() {
        assert_eq!(Traceparent::parse(VALID).map(String::from).as_deref(), Some(VALID));
        let later = VALID.replacen("00", "cc", 1);
        assert_eq!(Traceparent::parse(&format!("{later}-more")).map(String::from), Some(later));
        for wrong in [
            "",
            "00",
            "x",
            &VALID.to_uppercase(),
            &VALID[1..],
            &format!("{VALID}-more"),
            &format!("{VALID} "),
            &VALID.replacen("00", "ff", 1),
            &VALID.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            &VALID.replace("00f067aa0ba902b7", &"0".repeat(16)),
            &VALID.replace('-', "_"),
            &VALID.replace("4bf9", "4-f9"),
            &VALID.replace('1', "é"),
        ] {
            assert_eq!(Traceparent::parse(wrong), None, "{wrong}");
        }
    }
}
