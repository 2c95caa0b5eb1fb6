//! Passwords as people type them: which may be chosen, and in which form they are hashed.

use std::borrow::Cow;

use mail::EmailAddress;
use serde::{Deserialize, Deserializer, Serialize, de};
use shared::crypto::digest::equal;
use shared::kernel::problem_codes;
use shared::kernel::problems::{ProblemCode, Refusal};
use shared::kernel::secrets::SecretText;
use unicode_normalization::UnicodeNormalization;
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};
use zeroize::Zeroize;

use crate::blocklist::{Weakness, follows, names_the_account, weakness};

/// Characters that a password has at least where it is the only factor (NIST SP 800-63B-4, section 3.1.1.2).
pub const SHORTEST_CHARACTERS: usize = 15;
/// The same where it is used beside a second factor.
pub const SHORTEST_CHARACTERS_BESIDE_A_FACTOR: usize = 8;
/// Characters that a password has at most. None is ever cut.
pub const LONGEST_CHARACTERS: usize = 128;
/// What is not even looked at, so that nobody has us normalise and hash megabytes.
pub const LONGEST_BYTES: usize = 1024;

/// A guesser tries the name of what a password opens.
const PRODUCT_NAME: &str = "bulkhead";

/// A password that may be chosen for an account.
///
/// 8 to 128 characters (Unicode code points after NFKC) of any kind but control characters; there is no rule of
/// composition. It is not one character, one short text or one run of neighbours (`abcdef…`) again and again, nor anything
/// else that guessers try first ([`weakness`](crate::blocklist::weakness)).
///
/// Two rules need the account: whether it has the 15 characters of an only factor is asked by
/// [`Password::is_long_enough`], and whether it names its own account by [`Password::suits`].
pub struct Password(SecretText);

/// A password that someone signs in with: any that was ever allowed, so that a new rule locks nobody out.
pub struct PasswordAttempt {
    normal: SecretText,
    /// As it came, which is what imported hashes are of.
    typed: SecretText,
}

/// What a password's length allows it to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasswordLength {
    /// Under 15 characters: good beside a second factor, which can therefore not be taken away.
    Short,
    /// Good by itself.
    Full,
}

/// What proves a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProvedBy {
    PasswordAlone,
    /// A second factor is set up.
    TwoFactors,
}

/// Why a password may not be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    #[error("must have at most {LONGEST_BYTES} bytes")]
    OverLong,
    #[error(
        "must have {SHORTEST_CHARACTERS} to {LONGEST_CHARACTERS} characters, or from \
         {SHORTEST_CHARACTERS_BESIDE_A_FACTOR} on where a second factor is set up"
    )]
    WrongLength,
    #[error("must not have control characters")]
    ControlCharacter,
    #[error("must not be one character, one short text or one run like 123456 repeated")]
    Repetitive,
    #[error("must not be a well-known password or phrase with a little added")]
    Common,
    #[error(
        "must not be made of a few common words, names, dates or keyboard rows alone; add words that nobody guesses"
    )]
    Predictable,
    #[error("must not contain your email address, a name of yours or the word {PRODUCT_NAME} without much else")]
    NamesTheAccount,
}

impl Refusal for PasswordError {
    fn problem(&self) -> ProblemCode {
        problem_codes::INVALID_INPUT
    }

    fn field(&self) -> Option<&'static str> {
        Some("password")
    }
}

impl Password {
    pub fn parse(text: String) -> Result<Self, PasswordError> {
        let normal = normalised(text)?;
        let length = normal.expose().chars().count();
        if !(SHORTEST_CHARACTERS_BESIDE_A_FACTOR..=LONGEST_CHARACTERS).contains(&length) {
            return Err(PasswordError::WrongLength);
        }
        if normal.expose().chars().any(char::is_control) {
            return Err(PasswordError::ControlCharacter);
        }
        if is_repetitive(normal.expose()) {
            return Err(PasswordError::Repetitive);
        }
        not_weak(normal.expose())?;
        Ok(Self(normal))
    }

    pub fn length(&self) -> PasswordLength {
        length(&self.0)
    }

    /// The same password as an attempt, to compare with a hash of ours.
    pub fn as_attempt(&self) -> PasswordAttempt {
        let same = || SecretText::new(self.0.expose().to_owned());
        PasswordAttempt { normal: same(), typed: same() }
    }

    /// Whether it is long enough for what it is to be.
    pub fn is_long_enough(&self, proved_by: ProvedBy) -> Result<(), PasswordError> {
        match (proved_by, self.length()) {
            (ProvedBy::PasswordAlone, PasswordLength::Short) => Err(PasswordError::WrongLength),
            _ => Ok(()),
        }
    }

    /// Whether it is worth something against a guesser who knows its account: the address, these names (the person's,
    /// their workspaces'), and what it opens. A name may stand in it, as long as the rest is worth enough.
    pub fn suits<'a>(
        &self,
        email: &'a EmailAddress,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), PasswordError> {
        // The top-level domain is no name; what stands before it may be.
        let domain = email.domain().rsplit_once('.').map_or("", |(before, _)| before);
        let known = [email.local_part(), domain, PRODUCT_NAME].into_iter().chain(names);
        if names_the_account(self.0.expose(), known) { Err(PasswordError::NamesTheAccount) } else { Ok(()) }
    }

    /// Whether somebody has just signed in with it.
    pub fn is(&self, attempt: &PasswordAttempt) -> bool {
        equal(self.0.expose().as_bytes(), attempt.normal.expose().as_bytes())
    }

    /// What is peppered and hashed.
    pub fn secret(&self) -> &SecretText {
        &self.0
    }
}

impl PasswordAttempt {
    pub fn parse(text: String) -> Result<Self, PasswordError> {
        let typed = SecretText::new(text.clone());
        Ok(Self { normal: normalised(text)?, typed })
    }

    /// What is peppered and hashed.
    pub fn secret(&self) -> &SecretText {
        &self.normal
    }

    /// What imported hashes are of.
    pub fn typed(&self) -> &[u8] {
        self.typed.expose().as_bytes()
    }

    pub fn length(&self) -> PasswordLength {
        length(&self.normal)
    }
}

fn length(normal: &SecretText) -> PasswordLength {
    if normal.expose().chars().count() < SHORTEST_CHARACTERS { PasswordLength::Short } else { PasswordLength::Full }
}

fn not_weak(normal: &str) -> Result<(), PasswordError> {
    match weakness(normal) {
        None => Ok(()),
        Some(Weakness::Common) => Err(PasswordError::Common),
        Some(Weakness::Predictable) => Err(PasswordError::Predictable),
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
            .description(Some(
                "15 to 128 characters of any kind, or from 8 on where a second factor is set up. Not what is guessed first: \
                 a well-known password, few common words, your address or name.",
            ))
            .min_length(Some(SHORTEST_CHARACTERS_BESIDE_A_FACTOR))
            .max_length(Some(LONGEST_CHARACTERS))
            .into()
    }
}

impl utoipa::PartialSchema for PasswordAttempt {
    fn schema() -> RefOr<Schema> {
        schema().description(Some("The current password.")).max_length(Some(LONGEST_BYTES)).into()
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

    /// Of a password that is to be the only factor.
    fn fault(text: &str) -> Option<PasswordError> {
        Password::parse(text.to_owned()).and_then(|password| password.is_long_enough(ProvedBy::PasswordAlone)).err()
    }

    #[test]
    fn only_the_length_counts_not_the_kinds_of_characters() {
        for text in
            ["correct horse battery", "alllowercaseword", "748219640385172", "пароль из слов тут", "x . tram . lamp"]
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
        // 16 characters, of which each second is an accent that NFKC joins to the one before.
        let accented = "e\u{301}a\u{300}o\u{302}u\u{308}i\u{302}y\u{301}c\u{327}n\u{303}";
        assert_eq!(fault(accented), Some(PasswordError::WrongLength));
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
    }

    #[test]
    fn control_characters_are_refused() {
        assert_eq!(fault("correct horse\u{0} battery"), Some(PasswordError::ControlCharacter));
        assert_eq!(fault("correct horse\u{7f} battery"), Some(PasswordError::ControlCharacter));
    }

    #[test]
    fn a_password_does_not_name_its_account() {
        let suits = |text: &str, email: &str| {
            Password::parse(text.to_owned()).unwrap().suits(&email.parse().unwrap(), ["Ada Lovelace", "Analytical Ltd"])
        };
        for (text, email) in [
            ("i am MIKE.Miller 2026", "mike.miller@example.com"),
            ("Wolkenkuckuck 2026!", "mike@news.wolkenkuckuck.example"),
            ("the BulkHead bulkhead", "mike@example.com"),
            ("ｂｕｌｋｈｅａｄ2026-12", "mike@example.com"),
            ("ada.lovelace.1815", "mike@example.com"),
            ("Analytical Ltd. 1843", "mike@example.com"),
        ] {
            assert_eq!(suits(text, email), Err(PasswordError::NamesTheAccount), "{text}");
        }
        assert_eq!(suits("correct horse battery", "mike@example.com"), Ok(()));
        assert_eq!(suits("a batch of good bread", "al@example.com"), Ok(()));
        assert_eq!(suits("the bulkhead of a wooden ship", "mike@example.com"), Ok(()), "the rest is enough");
    }

    #[test]
    fn beside_a_second_factor_eight_characters_are_enough() {
        assert_eq!(Password::parse("k7#mQ2v".to_owned()).err(), Some(PasswordError::WrongLength));
        let short = Password::parse("k7#mQ2vx".to_owned()).unwrap();
        assert_eq!(short.length(), PasswordLength::Short);
        assert_eq!(short.is_long_enough(ProvedBy::TwoFactors), Ok(()));
        assert_eq!(short.is_long_enough(ProvedBy::PasswordAlone), Err(PasswordError::WrongLength));
        assert_eq!(Password::parse("dragon12".to_owned()).err(), Some(PasswordError::Common));
    }

    #[test]
    fn what_is_guessed_first_is_refused_with_its_reason() {
        assert_eq!(fault("Passw0rd!Passw0rd!1"), Some(PasswordError::Common));
        assert_eq!(fault("dragon-monkey-tiger"), Some(PasswordError::Predictable));
        assert_eq!(fault("correct horse battery staple"), Some(PasswordError::Common));
    }

    #[test]
    fn an_attempt_keeps_what_was_typed() {
        let attempt = PasswordAttempt::parse("cafe\u{301} ﬃ".to_owned()).unwrap();
        assert_eq!(attempt.typed(), "cafe\u{301} ﬃ".as_bytes());
        assert_eq!(attempt.secret().expose(), "caf\u{e9} ffi");
        assert_eq!(attempt.length(), PasswordLength::Short);
        let password = Password::parse("caf\u{e9} au lait, merci".to_owned()).unwrap();
        assert!(password.is(&PasswordAttempt::parse("cafe\u{301} au lait, merci".to_owned()).unwrap()));
        assert!(!password.is(&attempt));
    }
}
