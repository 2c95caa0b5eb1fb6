//! What Meta's Graph APIs have in common: Threads, Instagram and Facebook Pages.
//!
//! Source: <https://developers.facebook.com/docs/graph-api/guides/error-handling>.

use std::borrow::Cow;

use serde::Deserialize;

use crate::call::{Dialect, Meaning};

/// An error has a number, mostly a second one that is more precise, and texts.
pub const DIALECT: Dialect = Dialect {
    words: |body| {
        let error = &body["error"];
        let code = match (error["code"].as_i64(), error["error_subcode"].as_i64()) {
            (Some(code), Some(subcode)) => format!("{code}/{subcode}"),
            (Some(code), None) => code.to_string(),
            (None, _) => String::new(),
        };
        // The text for people is the more helpful one, where there is one.
        let text = error["error_user_msg"].as_str().or_else(|| error["message"].as_str());
        (Cow::Owned(code), Cow::Borrowed(text.unwrap_or_default()))
    },
    meaning: |status, code, _| {
        let mut numbers = code.split('/').map(|number| number.parse::<i64>().ok());
        let (number, precise) = (numbers.next().flatten(), numbers.next().flatten());
        match (number, precise) {
            // Not ready to be published, or too many posts of this account today.
            (_, Some(2_207_027 | 2_207_042)) => Meaning::TooMany,
            // The token is expired or withdrawn, or a permission is: only a person can renew it.
            (Some(10 | 102 | 190 | 200..=299), _) => Meaning::AccountGone,
            (Some(4 | 17 | 32 | 341 | 368 | 613), _) => Meaning::TooMany,
            (Some(1 | 2 | -1 | -2), _) => Meaning::ServerFault,
            _ => match status {
                401 => Meaning::AccountGone,
                404 => Meaning::NotFound,
                429 => Meaning::TooMany,
                408 | 500.. => Meaning::ServerFault,
                _ => Meaning::Rejected,
            },
        }
    },
};

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

/// What a container is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ContainerStatus {
    InProgress,
    Finished,
    Published,
    Error,
    Expired,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::{Value, json};

    use super::*;

    fn meaning(status: u16, error: &Value) -> (String, Meaning) {
        let body = json!({ "error": error });
        let (code, text) = (DIALECT.words)(&body);
        let meaning = (DIALECT.meaning)(status, &code, &text);
        (code.into_owned(), meaning)
    }

    #[test]
    fn an_error_is_understood_by_its_numbers() {
        let expired =
            json!({ "message": "Session has expired", "type": "OAuthException", "code": 190, "error_subcode": 463 });
        assert_eq!(meaning(400, &expired), ("190/463".to_owned(), Meaning::AccountGone));
        assert_eq!(meaning(403, &json!({ "code": 200 })), ("200".to_owned(), Meaning::AccountGone));
        assert_eq!(meaning(400, &json!({ "code": 4 })), ("4".to_owned(), Meaning::TooMany));
        assert_eq!(meaning(400, &json!({ "code": 9, "error_subcode": 2_207_042 })).1, Meaning::TooMany);
        assert_eq!(meaning(400, &json!({ "code": 2, "is_transient": true })).1, Meaning::ServerFault);
        assert_eq!(meaning(400, &json!({ "code": 100 })), ("100".to_owned(), Meaning::Rejected));
        assert_eq!(meaning(502, &Value::Null), (String::new(), Meaning::ServerFault));
        assert_eq!(meaning(429, &Value::Null).1, Meaning::TooMany);
    }

    #[test]
    fn the_text_for_people_is_shown() {
        let body =
            json!({ "error": { "code": 36000, "message": "Fatal", "error_user_msg": "The picture is too large." } });
        assert_eq!((DIALECT.words)(&body).1, "The picture is too large.");
    }

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
