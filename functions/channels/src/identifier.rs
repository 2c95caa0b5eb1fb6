//! Identifiers that a platform gives to its things.

use serde::{Deserialize, Serialize};

/// At most `LONGEST` digits or, if `LETTERS`, digits and letters of ASCII. Nothing that it has needs escaping in a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Identifier<const LONGEST: usize, const LETTERS: bool>(String);

impl<const LONGEST: usize, const LETTERS: bool> TryFrom<String> for Identifier<LONGEST, LETTERS> {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let fits = |byte: u8| byte.is_ascii_digit() || LETTERS && byte.is_ascii_alphabetic();
        let fits = (1..=LONGEST).contains(&text.len()) && text.bytes().all(fits);
        if fits { Ok(Self(text)) } else { Err("not an identifier") }
    }
}

impl<const LONGEST: usize, const LETTERS: bool> From<Identifier<LONGEST, LETTERS>> for String {
    fn from(identifier: Identifier<LONGEST, LETTERS>) -> Self {
        identifier.0
    }
}

impl<const LONGEST: usize, const LETTERS: bool> Identifier<LONGEST, LETTERS> {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_has_no_other_character_and_no_more_than_allowed() {
        let digits = |text: &str| Identifier::<3, false>::try_from(text.to_owned()).is_ok();
        let letters = |text: &str| Identifier::<3, true>::try_from(text.to_owned()).is_ok();
        assert_eq!(["1", "123"].map(|text| (digits(text), letters(text))), [(true, true); 2]);
        assert_eq!(["a", "1Zc"].map(|text| (digits(text), letters(text))), [(false, true); 2]);
        for text in ["", "1234", "1/2", "é", "-1"] {
            assert_eq!((digits(text), letters(text)), (false, false), "{text:?}");
        }
    }
}
