//! Passwords as people type them: which may be chosen, and in which form they are hashed.

use std::borrow::Cow;

use mail::EmailAddress;
use serde::{Deserialize, Deserializer, de};
use shared::kernel::problems::Refusal;
use shared::kernel::secrets::SecretText;
use unicode_normalization::UnicodeNormalization;
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};
use zeroize::Zeroize;

/// Characters that a password has where it is the only factor (NIST SP 800-63B-4, section 3.1.1.2).
pub const SHORTEST_CHARACTERS: usize = 15;
/// Characters that a password has at most. None is ever cut.
pub const LONGEST_CHARACTERS: usize = 128;
/// What is not even looked at, so that nobody has us normalise and hash megabytes.
pub const LONGEST_BYTES: usize = 1024;

/// No password may contain the name of what it opens.
const PRODUCT_NAME: &str = "bulkhead";
/// A shorter name is in too many good passwords to forbid it.
const SHORTEST_CONTEXT_CHARACTERS: usize = 4;

/// A password that may be chosen for an account.
///
/// 15 to 128 characters (Unicode code points after NFKC) of any kind but control characters; there is no rule of
/// composition. It is not one character, one short text or one run of neighbours (`abcdef…`) again and again.
/// Whether it names its own account is asked by [`Password::suits`], which needs the account.
pub struct Password(SecretText);

/// A password that someone signs in with: any that was ever allowed, so that a new rule locks nobody out.
pub struct PasswordAttempt(SecretText);

/// Why a password may not be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    #[error("must have at most {LONGEST_BYTES} bytes")]
    OverLong,
    #[error("must have {SHORTEST_CHARACTERS} to {LONGEST_CHARACTERS} characters")]
    WrongLength,
    #[error("must not have control characters")]
    ControlCharacter,
    #[error("must not be one character, one short text or one run like 123456 repeated")]
    Repetitive,
    #[error("must not contain your e-mail address or the word {PRODUCT_NAME}")]
    NamesTheAccount,
}

impl Refusal for PasswordError {
    fn status(&self) -> u16 {
        422
    }

    fn code(&self) -> &'static str {
        "invalid_input"
    }

    fn field(&self) -> Option<&'static str> {
        Some("password")
    }
}

impl Password {
    pub fn parse(text: String) -> Result<Self, PasswordError> {
        let normal = normalised(text)?;
        let length = normal.expose().chars().count();
        if !(SHORTEST_CHARACTERS..=LONGEST_CHARACTERS).contains(&length) {
            return Err(PasswordError::WrongLength);
        }
        if normal.expose().chars().any(char::is_control) {
            return Err(PasswordError::ControlCharacter);
        }
        if is_repetitive(normal.expose()) { Err(PasswordError::Repetitive) } else { Ok(Self(normal)) }
    }

    /// Whether it is free of what a guesser tries first: the part of the address before the `@`, and our own name.
    pub fn suits(&self, email: &EmailAddress) -> Result<(), PasswordError> {
        let mut folded = folded(self.0.expose());
        let named = [email.local_part(), PRODUCT_NAME]
            .into_iter()
            .filter(|word| word.chars().count() >= SHORTEST_CONTEXT_CHARACTERS)
            .any(|word| folded.contains(word));
        folded.zeroize();
        if named { Err(PasswordError::NamesTheAccount) } else { Ok(()) }
    }

    /// What is peppered and hashed.
    pub fn secret(&self) -> &SecretText {
        &self.0
    }
}

impl PasswordAttempt {
    pub fn parse(text: String) -> Result<Self, PasswordError> {
        normalised(text).map(Self)
    }

    /// What is peppered and hashed.
    pub fn secret(&self) -> &SecretText {
        &self.0
    }
}

/// NFKC, so that the same password typed on two keyboards is the same bytes (NIST SP 800-63B-4, section 3.1.1.2).
fn normalised(mut text: String) -> Result<SecretText, PasswordError> {
    let normal = if text.len() <= LONGEST_BYTES {
        // Reserved for the longest expansion there is (18 times), so that no half-grown copy is left on the heap.
        let mut normal = String::with_capacity(text.len() * 18);
        normal.extend(text.nfkc());
        Ok(SecretText::new(normal))
    } else {
        Err(PasswordError::OverLong)
    };
    text.zeroize();
    normal
}

/// In lower case, and in a buffer that does not grow (lower case is at most three times as long).
fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len() * 3);
    folded.extend(text.chars().flat_map(char::to_lowercase));
    folded
}

fn is_repetitive(text: &str) -> bool {
    let mut characters: Vec<char> = text.chars().collect();
    // A unit that would itself be long enough is not made worse by being typed twice.
    let period = shortest_period(&characters);
    let repeats = period < SHORTEST_CHARACTERS && period * 2 <= characters.len();
    let is_run = characters.windows(2).all(|pair| follows(pair[0], pair[1]))
        || characters.windows(2).all(|pair| follows(pair[1], pair[0]));
    characters.zeroize();
    repeats || is_run
}

/// Whether the second character is the first one's neighbour; a keyboard's digits go round (`…8901…`).
fn follows(first: char, second: char) -> bool {
    u32::from(second) == u32::from(first) + 1 || (first, second) == ('9', '0')
}

/// The length of the shortest text that, repeated and cut, makes the whole (Knuth, Morris and Pratt's failure function).
fn shortest_period(characters: &[char]) -> usize {
    let mut borders = vec![0; characters.len()];
    for end in 1..characters.len() {
        let mut border: usize = borders[end - 1];
        while border > 0 && characters[border] != characters[end] {
            border = borders[border - 1];
        }
        borders[end] = if characters[border] == characters[end] { border + 1 } else { 0 };
    }
    characters.len() - borders.last().copied().unwrap_or_default()
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for PasswordAttempt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl utoipa::PartialSchema for Password {
    fn schema() -> RefOr<Schema> {
        schema()
            .description(Some("15 to 128 characters of any kind. Not one thing repeated, and without your address."))
            .min_length(Some(SHORTEST_CHARACTERS))
            .max_length(Some(LONGEST_CHARACTERS))
            .into()
    }
}

impl utoipa::PartialSchema for PasswordAttempt {
    fn schema() -> RefOr<Schema> {
        schema().max_length(Some(LONGEST_BYTES)).into()
    }
}

fn schema() -> ObjectBuilder {
    let format = SchemaFormat::KnownFormat(KnownFormat::Password);
    ObjectBuilder::new().schema_type(Type::String).format(Some(format)).write_only(true)
}

impl utoipa::ToSchema for Password {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Password")
    }
}

impl utoipa::ToSchema for PasswordAttempt {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("PasswordAttempt")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn fault(text: &str) -> Option<PasswordError> {
        Password::parse(text.to_owned()).err()
    }

    #[test]
    fn only_the_length_counts_not_the_kinds_of_characters() {
        for text in
            ["correct horse battery", "alllowercaseword", "748219640385172", "пароль из слов тут", "        x       "]
        {
            assert_eq!(fault(text), None, "{text}");
        }
        assert_eq!(fault("fourteen chars"), Some(PasswordError::WrongLength));
        assert_eq!(fault("fifteen chars !"), None);
        let words = "one two three four five six seven eight nine ten ".repeat(3);
        assert_eq!(fault(&words[..128]), None);
        assert_eq!(fault(&words[..129]), Some(PasswordError::WrongLength));
    }

    #[test]
    fn characters_are_counted_after_normalising() {
        // Each ligature is one character before NFKC and three after.
        assert_eq!(fault("ﬃﬃaﬃbﬃ"), Some(PasswordError::WrongLength));
        assert_eq!(fault("ﬃxﬃaﬃbﬃc"), None);
        // 15 characters, each with a combining accent that NFKC joins to it.
        assert_eq!(fault(&"e\u{301}a\u{300}o\u{302}u\u{308}".repeat(3)[..]), Some(PasswordError::WrongLength));
    }

    #[test]
    fn two_spellings_of_one_password_are_one() {
        let composed = Password::parse("caf\u{e9} au lait, merci".to_owned()).unwrap();
        let decomposed = PasswordAttempt::parse("cafe\u{301} au lait, merci".to_owned()).unwrap();
        assert_eq!(composed.secret().expose(), decomposed.secret().expose());
    }

    #[test]
    fn a_kilobyte_is_the_most_that_is_looked_at() {
        assert_eq!(fault(&"x".repeat(1025)), Some(PasswordError::OverLong));
        assert_eq!(fault(&"x".repeat(1024)), Some(PasswordError::WrongLength));
        assert_eq!(PasswordAttempt::parse("x".repeat(1025)).err(), Some(PasswordError::OverLong));
        assert!(PasswordAttempt::parse(String::new()).is_ok(), "signing in has no policy");
    }

    #[test]
    fn repetition_is_refused() {
        for text in [
            "aaaaaaaaaaaaaaaa",
            "abcabcabcabcabca",
            "passwordpassword",
            "123456789012345",
            "987654321098765",
            "abcdefghijklmnopq",
            "                    ",
        ] {
            assert_eq!(fault(text), Some(PasswordError::Repetitive), "{text}");
        }
        // 16 characters typed twice: the half is long enough by itself.
        assert_eq!(fault("tram lamp crows!tram lamp crows!"), None);
        assert_eq!(fault("abcabcabcabcabcx"), None);
    }

    #[test]
    fn control_characters_are_refused() {
        assert_eq!(fault("correct horse\u{0} battery"), Some(PasswordError::ControlCharacter));
        assert_eq!(fault("correct horse\u{7f} battery"), Some(PasswordError::ControlCharacter));
    }

    #[test]
    fn a_password_does_not_name_its_account() {
        let suits =
            |text: &str, email: &str| Password::parse(text.to_owned()).unwrap().suits(&email.parse().unwrap()).is_ok();
        assert!(!suits("i am MIKE.Miller 2026", "mike.miller@example.com"));
        assert!(!suits("the BulkHead of a ship", "mike@example.com"));
        assert!(!suits("ｂｕｌｋｈｅａｄ is the name", "mike@example.com"));
        assert!(suits("correct horse battery", "mike@example.com"));
        assert!(suits("a batch of good bread", "al@example.com"));
    }
}
