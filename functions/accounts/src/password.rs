//! Passwords: the rules for choosing one, and the form in which they are hashed.

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

/// The minimum length in characters of a password that is the only factor (NIST SP 800-63B-4, section 3.1.1.2).
pub const SHORTEST_CHARACTERS: usize = 15;
/// The minimum length of a password used with a second factor.
pub const SHORTEST_CHARACTERS_WITH_SECOND_FACTOR: usize = 8;
/// The maximum length in characters. Passwords are never truncated.
pub const LONGEST_CHARACTERS: usize = 128;
/// The maximum input, so that a request cannot make us normalise and hash megabytes.
pub const LONGEST_BYTES: usize = 1024;

/// Attackers try the product's name.
const PRODUCT_NAME: &str = "bulkhead";

/// A password that may be chosen for an account.
///
/// 8 to 128 characters (Unicode code points after NFKC) of any kind except control characters; there are no composition
/// rules. It must not be a repeated character, a repeated short text or a repeated run (`abcdef…`), nor easy to guess
/// ([`weakness`](crate::blocklist::weakness)).
///
/// Two rules need the account: [`Password::is_long_enough`] checks for the 15 characters of an only factor, and
/// [`Password::suits`] checks that it does not name its account.
pub struct Password(SecretText);

/// A password given to sign in. No rules apply except the maximum input, so that a new rule does not lock users out.
pub struct PasswordAttempt {
    normal: SecretText,
    /// As typed, which is the input of imported hashes.
    typed: SecretText,
}

/// Whether a password is long enough to be the only factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasswordLength {
    /// Under 15 characters: allowed with a second factor, which therefore cannot be removed.
    Short,
    /// Allowed as the only factor.
    Full,
}

/// How a user authenticates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProvedBy {
    PasswordAlone,
    /// A second factor is set up.
    TwoFactors,
}

/// Why a password is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    #[error("must have at most {LONGEST_BYTES} bytes")]
    OverLong,
    #[error(
        "must have {SHORTEST_CHARACTERS} to {LONGEST_CHARACTERS} characters, or at least \
         {SHORTEST_CHARACTERS_WITH_SECOND_FACTOR} with a second factor"
    )]
    WrongLength,
    #[error("must not contain control characters")]
    ControlCharacter,
    #[error("must not repeat a character, a short text or a run like 123456")]
    Repetitive,
    #[error("must not be a common password or phrase with a small addition")]
    Common,
    #[error("must not consist only of a few common words, names, dates or keyboard rows; add less common words")]
    Predictable,
    #[error("must not consist mainly of your email address, your names or the word {PRODUCT_NAME}; add other words")]
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
        if !(SHORTEST_CHARACTERS_WITH_SECOND_FACTOR..=LONGEST_CHARACTERS).contains(&length) {
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

    /// The same password as an attempt, for comparing it with a stored hash.
    pub fn as_attempt(&self) -> PasswordAttempt {
        let same = || SecretText::new(self.0.expose().to_owned());
        PasswordAttempt { normal: same(), typed: same() }
    }

    /// Checks the length, which depends on how the account is authenticated.
    pub fn is_long_enough(&self, proved_by: ProvedBy) -> Result<(), PasswordError> {
        match (proved_by, self.length()) {
            (ProvedBy::PasswordAlone, PasswordLength::Short) => Err(PasswordError::WrongLength),
            _ => Ok(()),
        }
    }

    /// Checks that it is not easy to guess for an attacker who knows the account: its address, these names (the user's
    /// and their workspaces') and the product. It may contain a name if the rest is strong enough.
    pub fn suits<'a>(
        &self,
        email: &'a EmailAddress,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), PasswordError> {
        // The top-level domain is not a name; the rest of the domain may be.
        let domain = email.domain().rsplit_once('.').map_or("", |(before, _)| before);
        let known = [email.local_part(), domain, PRODUCT_NAME].into_iter().chain(names);
        if names_the_account(self.0.expose(), known) { Err(PasswordError::NamesTheAccount) } else { Ok(()) }
    }

    /// Whether it is the same password as an attempt.
    pub fn is(&self, attempt: &PasswordAttempt) -> bool {
        equal(self.0.expose().as_bytes(), attempt.normal.expose().as_bytes())
    }

    /// The form that is peppered and hashed.
    pub fn secret(&self) -> &SecretText {
        &self.0
    }
}

impl PasswordAttempt {
    pub fn parse(text: String) -> Result<Self, PasswordError> {
        let typed = SecretText::new(text.clone());
        Ok(Self { normal: normalised(text)?, typed })
    }

    /// The form that is peppered and hashed.
    pub fn secret(&self) -> &SecretText {
        &self.normal
    }

    /// The form that imported hashes are computed from.
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

/// Applies NFKC, so that the same password typed on two keyboards has the same bytes (NIST SP 800-63B-4, section
/// 3.1.1.2).
fn normalised(mut text: String) -> Result<SecretText, PasswordError> {
    let normal = if text.len() <= LONGEST_BYTES {
        // Reserve space for the longest possible expansion (18 times), so that reallocation leaves no copy on the heap.
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
    // Repeating a text that is itself long enough does no harm.
    let period = shortest_period(&characters);
    let repeats = period < SHORTEST_CHARACTERS && period * 2 <= characters.len();
    let is_run = characters.windows(2).all(|pair| follows(pair[0], pair[1]))
        || characters.windows(2).all(|pair| follows(pair[1], pair[0]));
    characters.zeroize();
    repeats || is_run
}

/// The length of the shortest text whose repetition, truncated, is the whole text (Knuth, Morris and Pratt's failure
/// function).
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
                "15 to 128 characters of any kind, or at least 8 with a second factor. It must not be easy to guess: \
                 a common password, a few common words, the user's email address or name.",
            ))
            .min_length(Some(SHORTEST_CHARACTERS_WITH_SECOND_FACTOR))
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

    /// The error for a password that is the only factor.
    fn fault(text: &str) -> Option<PasswordError> {
        Password::parse(text.to_owned()).and_then(|password| password.is_long_enough(ProvedBy::PasswordAlone)).err()
    }

    #[test]
    fn a_password_of_any_characters_is_accepted_if_long_enough() {
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
    fn length_is_counted_after_normalising() {
        // Each ligature is one character before NFKC and three after.
        assert_eq!(fault("ﬃﬃaﬃbﬃ"), Some(PasswordError::WrongLength));
        assert_eq!(fault("ﬃxﬃaﬃbﬃc"), None);
        // 16 characters, of which every second is an accent that NFKC combines with the one before.
        let accented = "e\u{301}a\u{300}o\u{302}u\u{308}i\u{302}y\u{301}c\u{327}n\u{303}";
        assert_eq!(fault(accented), Some(PasswordError::WrongLength));
    }

    #[test]
    fn two_unicode_spellings_of_a_password_are_equal() {
        let composed = Password::parse("caf\u{e9} au lait, merci".to_owned()).unwrap();
        let decomposed = PasswordAttempt::parse("cafe\u{301} au lait, merci".to_owned()).unwrap();
        assert_eq!(composed.secret().expose(), decomposed.secret().expose());
    }

    #[test]
    fn a_password_over_1024_bytes_is_refused() {
        assert_eq!(fault(&"x".repeat(1025)), Some(PasswordError::OverLong));
        assert_eq!(fault(&"x".repeat(1024)), Some(PasswordError::WrongLength));
        assert_eq!(PasswordAttempt::parse("x".repeat(1025)).err(), Some(PasswordError::OverLong));
        assert!(PasswordAttempt::parse(String::new()).is_ok(), "attempts have no rules");
    }

    #[test]
    fn a_repetitive_password_is_refused() {
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
        // 16 characters repeated: one half is long enough.
        assert_eq!(fault("tram lamp crows!tram lamp crows!"), None);
    }

    #[test]
    fn a_password_with_control_characters_is_refused() {
        assert_eq!(fault("correct horse\u{0} battery"), Some(PasswordError::ControlCharacter));
        assert_eq!(fault("correct horse\u{7f} battery"), Some(PasswordError::ControlCharacter));
    }

    #[test]
    fn a_password_that_names_its_account_is_refused() {
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
    fn with_a_second_factor_eight_characters_are_enough() {
        assert_eq!(Password::parse("k7#mQ2v".to_owned()).err(), Some(PasswordError::WrongLength));
        let short = Password::parse("k7#mQ2vx".to_owned()).unwrap();
        assert_eq!(short.length(), PasswordLength::Short);
        assert_eq!(short.is_long_enough(ProvedBy::TwoFactors), Ok(()));
        assert_eq!(short.is_long_enough(ProvedBy::PasswordAlone), Err(PasswordError::WrongLength));
        assert_eq!(Password::parse("dragon12".to_owned()).err(), Some(PasswordError::Common));
    }

    #[test]
    fn a_guessable_password_is_refused_with_its_reason() {
        assert_eq!(fault("Passw0rd!Passw0rd!1"), Some(PasswordError::Common));
        assert_eq!(fault("dragon-monkey-tiger"), Some(PasswordError::Predictable));
        assert_eq!(fault("correct horse battery staple"), Some(PasswordError::Common));
    }

    #[test]
    fn an_attempt_keeps_the_typed_form() {
        let attempt = PasswordAttempt::parse("cafe\u{301} ﬃ".to_owned()).unwrap();
        assert_eq!(attempt.typed(), "cafe\u{301} ﬃ".as_bytes());
        assert_eq!(attempt.secret().expose(), "caf\u{e9} ffi");
        assert_eq!(attempt.length(), PasswordLength::Short);
        let password = Password::parse("caf\u{e9} au lait, merci".to_owned()).unwrap();
        assert!(password.is(&PasswordAttempt::parse("cafe\u{301} au lait, merci".to_owned()).unwrap()));
        assert!(!password.is(&attempt));
    }
}
