//! Recovery codes: ten single-use codes that replace a lost second factor.

use std::borrow::Cow;

use base32::Alphabet;
use serde::{Deserialize, Deserializer, Serialize, de};
use shared::crypto::digest::{base64url, equal};
use shared::identity::{AccountChanges, AccountKey, AccountRecord, Accounts};
use shared::kernel::entropy::Entropy;
use shared::kernel::ids::UserId;
use shared::kernel::problems::Problem;
use shared::kernel::secrets::SecretText;
use shared::kernel::time::Timestamp;
use shared::table::Stored;
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};
use zeroize::Zeroize;

use crate::typed_code::is_separator;

/// Codes in a set.
pub const CODES: usize = 10;
/// 120 random bits: from 112 bits on, a code may be stored as a plain hash and needs no limit on attempts (NIST SP
/// 800-63B-4, section 3.1.2.2; OWASP ASVS 5.0, 6.5.2).
const BYTES: usize = 15;
/// 15 bytes in base32, without spare bits: each code has one spelling.
const CHARACTERS: usize = 24;
/// Characters per group: `4xk9m2-0j7q5r-w1n8tz-6bd3hy`.
const GROUP: usize = 6;
/// The longest input, with room for spaces and hyphens.
const LONGEST_CHARACTERS: usize = 48;

/// A recovery code in normal form: 24 characters of Crockford's base32, in upper case.
pub struct RecoveryCode(SecretText);

/// Why a text cannot be a recovery code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a recovery code: {CHARACTERS} letters (without u) and digits; hyphens, spaces and case are ignored")]
pub struct NotARecoveryCode;

impl RecoveryCode {
    fn new(entropy: &Entropy) -> Self {
        let mut bytes = entropy.bytes::<BYTES>();
        let code = Self(SecretText::new(base32::encode(Alphabet::Crockford, &bytes)));
        bytes.zeroize();
        code
    }

    /// Parses a code as people type it: with or without hyphens and spaces, in any case, and with the letters that
    /// Crockford's alphabet omits because they look like digits (O as 0, I and L as 1).
    pub fn parse(mut text: String) -> Result<Self, NotARecoveryCode> {
        let mut normal = String::with_capacity(LONGEST_CHARACTERS);
        if text.chars().count() <= LONGEST_CHARACTERS {
            let characters = text.chars().filter(|character| !is_separator(*character));
            normal.extend(characters.map(|character| match character.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            }));
        }
        text.zeroize();
        let code = Self(SecretText::new(normal));
        let normal = code.0.expose();
        let is_one = normal.len() == CHARACTERS
            && normal.bytes().all(|byte| byte.is_ascii_digit() || (byte.is_ascii_uppercase() && byte != b'U'));
        if is_one { Ok(code) } else { Err(NotARecoveryCode) }
    }

    /// The code as shown to the user: in groups and lower case, for legibility.
    pub fn shown(&self) -> String {
        let mut shown = String::with_capacity(CHARACTERS + CHARACTERS / GROUP);
        for (at, character) in self.0.expose().chars().enumerate() {
            if at > 0 && at % GROUP == 0 {
                shown.push('-');
            }
            shown.push(character.to_ascii_lowercase());
        }
        shown
    }

    /// The stored digest: it requires this deployment's KMS key and differs per user.
    async fn digest(&self, accounts: &Accounts, user: UserId, pepper: u16) -> Result<String, Problem> {
        let salted = SecretText::new(format!("recovery-code/{user}/{}", self.0.expose()));
        Ok(base64url(accounts.pepper(pepper, &salted).await?.expose()))
    }
}

/// A user's unused recovery codes.
#[derive(Serialize, Deserialize)]
pub struct RecoveryCodes {
    user: UserId,
    /// The digests of the unused codes.
    digests: Vec<String>,
    /// The pepper version of the digests.
    pepper: u16,
    made_at: Timestamp,
}

impl RecoveryCodes {
    /// Generates a set to store, and its codes to show.
    pub async fn generate(accounts: &Accounts, user: UserId) -> Result<(Self, Vec<String>), Problem> {
        let pepper = accounts.pepper_version();
        let (mut digests, mut shown) = (Vec::with_capacity(CODES), Vec::with_capacity(CODES));
        for _ in 0..CODES {
            let code = RecoveryCode::new(accounts.entropy());
            digests.push(code.digest(accounts, user, pepper).await?);
            shown.push(code.shown());
        }
        Ok((Self { user, digests, pepper, made_at: accounts.now() }, shown))
    }

    /// Stores this set, replacing the one before it.
    pub fn put(self, changes: AccountChanges, before: Option<Stored<Self>>) -> AccountChanges {
        match before {
            Some(mut before) => {
                *before = self;
                changes.replace(&before)
            }
            None => changes.insert(&self),
        }
    }

    /// Uses a code up. False if it is not in the set or was already used.
    pub async fn spend(&mut self, accounts: &Accounts, code: &RecoveryCode) -> Result<bool, Problem> {
        let digest = code.digest(accounts, self.user, self.pepper).await?;
        Ok(self.take(&digest))
    }

    /// Compares with every digest, so that the time does not depend on the position of the match.
    fn take(&mut self, digest: &str) -> bool {
        let before = self.digests.len();
        self.digests.retain(|kept| !equal(kept.as_bytes(), digest.as_bytes()));
        self.digests.len() < before
    }

    pub fn left(&self) -> usize {
        self.digests.len()
    }

    pub fn made_at(&self) -> Timestamp {
        self.made_at
    }
}

impl AccountRecord for RecoveryCodes {
    const KIND: &'static str = "RECOVERY";

    fn account_key(&self) -> AccountKey {
        AccountKey::User(self.user)
    }
}

impl<'de> Deserialize<'de> for RecoveryCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl utoipa::PartialSchema for RecoveryCode {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
            .description(Some("One of the recovery codes. Each works once; hyphens, spaces and case are ignored."))
            .min_length(Some(CHARACTERS))
            .max_length(Some(LONGEST_CHARACTERS))
            .write_only(true)
            .into()
    }
}

impl utoipa::ToSchema for RecoveryCode {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("RecoveryCode")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::HashSet;

    use super::*;

    fn normal(text: &str) -> Option<String> {
        RecoveryCode::parse(text.to_owned()).ok().map(|code| code.0.expose().to_owned())
    }

    #[test]
    fn a_shown_code_parses_to_the_same_code() {
        let entropy = Entropy::seeded(4);
        let shown: HashSet<String> = (0..200)
            .map(|_| {
                let code = RecoveryCode::new(&entropy);
                assert_eq!(normal(&code.shown()).as_deref(), Some(code.0.expose()));
                code.shown()
            })
            .collect();
        assert_eq!(shown.len(), 200);
        for code in shown {
            assert_eq!(code.split('-').map(str::len).collect::<Vec<_>>(), [6, 6, 6, 6], "{code}");
            assert!(!code.contains(['i', 'l', 'o', 'u']), "{code}");
        }
    }

    #[test]
    fn a_typed_code_parses_despite_separators_case_and_look_alikes() {
        let expected = Some("4XK9M20J7Q5RW1N8TZ6BD3HY".to_owned());
        for typed in [
            "4xk9m2-0j7q5r-w1n8tz-6bd3hy",
            "4XK9M20J7Q5RW1N8TZ6BD3HY",
            " 4xk9m2 0j7q5r w1n8tz 6bd3hy ",
            "4xk9m2-Oj7q5r-wIn8tz-6bd3hy",
            "4xk9m2-oj7q5r-wln8tz-6bd3hy",
            "4 x k 9 m 2 0 j 7 q 5 r w 1 n 8 t z 6 b d 3 h y",
            "4xk9m2\u{2011}0j7q5r–w1n8tz\u{A0}6bd3hy\r\n",
            "4\u{A0}x\u{A0}k\u{A0}9\u{A0}m\u{A0}2\u{A0}0\u{A0}j\u{A0}7\u{A0}q\u{A0}5\u{A0}r\u{A0}w1n8tz6bd3hy",
        ] {
            assert_eq!(normal(typed), expected, "{typed}");
        }
    }

    #[test]
    fn a_malformed_code_is_refused() {
        for typed in [
            "",
            "4xk9m2-0j7q5r-w1n8tz-6bd3h",
            "4xk9m2-0j7q5r-w1n8tz-6bd3hyy",
            "uxk9m2-0j7q5r-w1n8tz-6bd3hy",
            "4xk9m2_0j7q5r_w1n8tz_6bd3hy",
            "4xk9m2-0j7q5r-w1n8tz-6bd3hé",
            "!!!!!!!!!!!!!!!!!!!!!!!!",
            &"-".repeat(40),
            &format!("{}4xk9m20j7q5rw1n8tz6bd3hy", " ".repeat(25)),
        ] {
            assert_eq!(normal(typed), None, "{typed}");
        }
    }

    #[test]
    fn a_code_is_accepted_once() {
        let user = format!("user_{:032x}", 1).parse().unwrap();
        let digests = vec!["a".to_owned(), "b".to_owned()];
        let mut codes = RecoveryCodes { user, digests, pepper: 1, made_at: Timestamp::UNIX_EPOCH };
        assert!(!codes.take("c") && codes.left() == 2);
        assert!(codes.take("b") && codes.left() == 1);
        assert!(!codes.take("b") && codes.take("a") && codes.left() == 0);
    }
}
