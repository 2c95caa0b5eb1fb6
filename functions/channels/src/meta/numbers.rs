//! Identifiers of Meta's Graph APIs.

use serde::Deserialize;

/// An identifier: a number as text, or, from the OAuth server, as a number.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, Deserialize)]
#[serde(try_from = "AnyNumber", into = "String")]
pub struct Number(String);

#[derive(Deserialize)]
#[serde(untagged)]
enum AnyNumber {
    Text(String),
    Number(u64),
}

impl TryFrom<AnyNumber> for Number {
    type Error = &'static str;

    fn try_from(number: AnyNumber) -> Result<Self, Self::Error> {
        let text = match number {
            AnyNumber::Text(text) => text,
            AnyNumber::Number(number) => number.to_string(),
        };
        let fits = (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        if fits { Ok(Self(text)) } else { Err("not a number") }
    }
}

impl From<Number> for String {
    fn from(number: Number) -> Self {
        number.0
    }
}

impl Number {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn an_identifier_is_a_number() {
        let read = |value: Value| serde_json::from_value::<Number>(value).map(String::from).ok();
        assert_eq!(read(json!("17841405822304914")), Some("17841405822304914".to_owned()));
        assert_eq!(read(json!(17_841_405_822_304_914_u64)), Some("17841405822304914".to_owned()));
        for other in [json!(""), json!("me/threads"), json!("1".repeat(33)), json!(-1), json!(null)] {
            assert_eq!(read(other.clone()), None, "{other}");
        }
    }
}
