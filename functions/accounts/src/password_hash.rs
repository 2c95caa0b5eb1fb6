//! Stored password hashes, and their comparison in a time that does not depend on what is stored.

mod argon2id;

use serde::{Deserialize, Serialize};
use shared::config::PasswordCost;
use shared::identity::Accounts;
use shared::kernel::entropy::Entropy;
use shared::kernel::problems::Problem;
use shared::kernel::secrets::{SecretBytes, SecretText};

use crate::PasswordAttempt;
use crate::legacy_hash::{self, Compared, LegacyHash};

pub use argon2id::HashError;

/// A password's hash.
///
/// New hashes are Argon2id (RFC 9106), as a PHC string. The input is not the password but its HMAC under a key in KMS
/// (the pepper), so that theft of the table alone allows no guessing. The pepper's version is stored next to the PHC
/// string, because the standard no longer has `keyid`.
///
/// Imported hashes are bcrypt, until their user signs in and they are replaced.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordHash(Form);

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Form {
    Argon2id { phc: String, pepper: u16 },
    Legacy { bcrypt: LegacyHash },
}

/// The result of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Wrong,
    Right,
    /// Right, but to be rehashed: the hash was imported, or has another cost or pepper than the current one.
    Outdated,
    /// The password is longer than its imported hash covers, and right up to there. The user must reset it.
    TooLongForLegacy,
    /// The stored hash cannot be verified: it is malformed, or more expensive than this deployment allows. An operator
    /// must be notified, and the user can reset the password; an error would only repeat.
    Damaged,
}

/// The cost of every comparison in this deployment, whatever is stored.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// The cost of the Argon2id hash.
    pub cost: PasswordCost,
    /// The logarithm of the bcrypt rounds; `None` if imports are not allowed.
    pub legacy_cost: Option<u32>,
    /// The pepper version of new hashes.
    pub pepper: u16,
}

impl Effort {
    pub fn of(accounts: &Accounts) -> Self {
        let (cost, legacy_cost) = (accounts.password_cost(), accounts.legacy_bcrypt_cost());
        Self { cost, legacy_cost, pepper: accounts.pepper_version() }
    }
}

/// Hashes a password with the current parameters.
pub async fn hash(accounts: &Accounts, password: &SecretText) -> Result<PasswordHash, Problem> {
    let effort = Effort::of(accounts);
    let peppered = accounts.pepper(effort.pepper, password).await?;
    PasswordHash::of(&peppered, effort, accounts.entropy()).map_err(Problem::internal)
}

/// Rehashes a password that was just verified.
pub async fn rehash(accounts: &Accounts, attempt: &PasswordAttempt) -> Result<PasswordHash, Problem> {
    hash(accounts, attempt.secret()).await
}

/// Compares a password with a stored hash, or with none, in the same time.
pub async fn check(
    accounts: &Accounts,
    stored: Option<&PasswordHash>,
    attempt: &PasswordAttempt,
) -> Result<Verdict, Problem> {
    let effort = Effort::of(accounts);
    let pepper = stored.and_then(PasswordHash::pepper).unwrap_or(effort.pepper);
    let peppered = accounts.pepper(pepper, attempt.secret()).await?;
    verify(stored, attempt, &peppered, effort).map_err(Problem::internal)
}

/// Only the Argon2id hash of a comparison, for the benchmarks.
#[cfg(feature = "measuring")]
pub fn hash_alone(cost: PasswordCost) -> Result<(), HashError> {
    // As long as a peppered password.
    argon2id::match_nothing(&SecretBytes::new(vec![7; 32]), cost)
}

/// The work of [`check`], with the password peppered by the stored hash's version.
///
/// One Argon2id hash and, if imports are allowed, exactly `2^legacy_cost` rounds of bcrypt, whatever is stored. Two
/// differences remain observable: an Argon2id hash with an outdated cost takes a different time until its user signs in
/// again, and the key of an older pepper is derived by KMS once per process.
fn verify(
    stored: Option<&PasswordHash>,
    attempt: &PasswordAttempt,
    peppered: &SecretBytes,
    effort: Effort,
) -> Result<Verdict, HashError> {
    let (phc, legacy) = match stored.map(|hash| &hash.0) {
        Some(Form::Argon2id { phc, .. }) => (Some(phc), None),
        Some(Form::Legacy { bcrypt }) => (None, Some(bcrypt)),
        None => (None, None),
    };
    let ours = match phc.map(|phc| argon2id::matches(phc, peppered)) {
        Some(Ok(right)) => Some(right),
        damaged_or_none => {
            argon2id::match_nothing(peppered, effort.cost)?;
            damaged_or_none.is_none().then_some(false)
        }
    };
    let theirs = effort.legacy_cost.map(|highest| legacy_hash::compare(legacy, attempt.typed(), highest));
    Ok(match (stored, ours, theirs) {
        (None, ..) => Verdict::Wrong,
        (Some(hash), ..) if hash.is_legacy() => match theirs {
            Some(Compared::Wrong) => Verdict::Wrong,
            Some(Compared::Right) => Verdict::Outdated,
            Some(Compared::RightSoFar) => Verdict::TooLongForLegacy,
            Some(Compared::Unusable) | None => Verdict::Damaged,
        },
        (Some(_), None, _) => Verdict::Damaged,
        (Some(_), Some(false), _) => Verdict::Wrong,
        (Some(hash), Some(true), _) if hash.is_outdated(effort) => Verdict::Outdated,
        (Some(_), Some(true), _) => Verdict::Right,
    })
}

impl PasswordHash {
    fn of(peppered: &SecretBytes, effort: Effort, entropy: &Entropy) -> Result<Self, HashError> {
        Ok(Self(Form::Argon2id { phc: argon2id::hash(peppered, effort.cost, entropy)?, pepper: effort.pepper }))
    }

    /// An imported hash.
    pub fn imported(bcrypt: LegacyHash) -> Self {
        Self(Form::Legacy { bcrypt })
    }

    fn is_legacy(&self) -> bool {
        matches!(self.0, Form::Legacy { .. })
    }

    /// Its pepper version; an imported hash has none.
    fn pepper(&self) -> Option<u16> {
        match self.0 {
            Form::Argon2id { pepper, .. } => Some(pepper),
            Form::Legacy { .. } => None,
        }
    }

    /// Whether its parameters are not the current ones, so that it is replaced at the next sign-in.
    pub fn is_outdated(&self, effort: Effort) -> bool {
        match &self.0 {
            Form::Argon2id { phc, pepper } => *pepper != effort.pepper || argon2id::cost(phc) != Some(effort.cost),
            Form::Legacy { .. } => true,
        }
    }

    /// Its parameters, for counting. They reveal nothing about the password.
    pub fn parameters(&self) -> String {
        match &self.0 {
            Form::Argon2id { phc, pepper } => match argon2id::cost(phc) {
                Some(PasswordCost { memory_kib, passes, lanes }) => {
                    format!("argon2id m={memory_kib},t={passes},p={lanes} pepper={pepper}")
                }
                None => "damaged".to_owned(),
            },
            Form::Legacy { bcrypt } => match bcrypt.cost() {
                Some(cost) => format!("bcrypt {cost}"),
                None => "damaged".to_owned(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const CHEAP: PasswordCost = PasswordCost { memory_kib: 64, passes: 1, lanes: 1 };
    const EFFORT: Effort = Effort { cost: CHEAP, legacy_cost: Some(5), pepper: 1 };
    /// The hash of `U*U`, by crypt_blowfish.
    const BCRYPT: &str = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

    fn attempt(text: &str) -> PasswordAttempt {
        PasswordAttempt::parse(text.to_owned()).unwrap()
    }

    fn peppered(text: &str) -> SecretBytes {
        SecretBytes::new(text.as_bytes().to_vec())
    }

    fn hash_of(text: &str) -> PasswordHash {
        PasswordHash::of(&peppered(text), EFFORT, &Entropy::seeded(1)).unwrap()
    }

    fn verdict(stored: Option<&PasswordHash>, text: &str, effort: Effort) -> Verdict {
        verify(stored, &attempt(text), &peppered(text), effort).unwrap()
    }

    fn stored(json: &str) -> PasswordHash {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn only_the_hashed_password_is_right() {
        let hash = hash_of("correct horse battery");
        for legacy_cost in [None, Some(4), Some(6)] {
            let effort = Effort { legacy_cost, ..EFFORT };
            assert_eq!(verdict(Some(&hash), "correct horse battery", effort), Verdict::Right);
            assert_eq!(verdict(Some(&hash), "correct horse batterz", effort), Verdict::Wrong);
            assert_eq!(verdict(None, "correct horse battery", effort), Verdict::Wrong);
        }
    }

    #[test]
    fn a_hash_with_old_parameters_is_right_and_outdated() {
        let hash = hash_of("correct horse");
        for effort in [Effort { cost: PasswordCost { passes: 2, ..CHEAP }, ..EFFORT }, Effort { pepper: 2, ..EFFORT }] {
            assert_eq!(verdict(Some(&hash), "correct horse", effort), Verdict::Outdated);
            assert_eq!(verdict(Some(&hash), "correct house", effort), Verdict::Wrong);
        }
        assert!(!hash.is_outdated(EFFORT));
        assert_eq!(hash.pepper(), Some(1));
    }

    #[test]
    fn an_imported_hash_is_right_and_outdated() {
        let hash = stored(&format!(r#"{{"bcrypt":"{BCRYPT}"}}"#));
        for legacy_cost in [Some(5), Some(7)] {
            let effort = Effort { legacy_cost, ..EFFORT };
            assert_eq!(verdict(Some(&hash), "U*U", effort), Verdict::Outdated);
            assert_eq!(verdict(Some(&hash), "U*V", effort), Verdict::Wrong);
        }
        // If imports are not allowed, or only cheaper ones, it matches no password.
        for legacy_cost in [None, Some(4)] {
            assert_eq!(verdict(Some(&hash), "U*U", Effort { legacy_cost, ..EFFORT }), Verdict::Damaged);
        }
    }

    #[test]
    fn an_imported_hash_matches_the_typed_form() {
        // By libxcrypt, of the ligature U+FB03, which is ffi in NFKC.
        let hash = stored(r#"{"bcrypt":"$2b$05$CCCCCCCCCCCCCCCCCCCCC.spob2ERqvy9IlTl.U216laaAC.g5N7W"}"#);
        assert_eq!(verdict(Some(&hash), "\u{fb03}", EFFORT), Verdict::Outdated);
        assert_eq!(verdict(Some(&hash), "ffi", EFFORT), Verdict::Wrong);
    }

    #[test]
    fn a_password_longer_than_bcrypt_compares_has_its_own_verdict() {
        // By libxcrypt, of 72 times x.
        let hash = stored(r#"{"bcrypt":"$2b$05$CCCCCCCCCCCCCCCCCCCCC.D7RDOYXakZhsFmh/LdqQNx0kQ424AFS"}"#);
        assert_eq!(verdict(Some(&hash), &"x".repeat(72), EFFORT), Verdict::Outdated);
        assert_eq!(verdict(Some(&hash), &"x".repeat(73), EFFORT), Verdict::TooLongForLegacy);
        assert_eq!(verdict(Some(&hash), &"x".repeat(71), EFFORT), Verdict::Wrong);
    }

    #[test]
    fn a_damaged_hash_matches_no_password_and_is_not_an_error() {
        for json in [
            r#"{"phc":"$argon2id$v=19$broken","pepper":1}"#,
            r#"{"phc":"$argon2id$v=19$m=1,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","pepper":1}"#,
            r#"{"bcrypt":"$2b$05$broken"}"#,
        ] {
            assert_eq!(verdict(Some(&stored(json)), "x", EFFORT), Verdict::Damaged, "{json}");
        }
    }

    #[test]
    fn a_stored_hash_round_trips() {
        let ours = hash_of("correct horse");
        let json = serde_json::to_value(&ours).unwrap();
        assert_eq!((json["pepper"].as_u64(), json.as_object().unwrap().len()), (Some(1), 2));
        assert!(serde_json::from_value::<PasswordHash>(json).unwrap() == ours);
        let theirs = PasswordHash::imported(LegacyHash::parse(BCRYPT.to_owned()).unwrap());
        assert_eq!(serde_json::to_value(&theirs).unwrap(), serde_json::json!({ "bcrypt": BCRYPT }));
    }

    #[test]
    fn a_hash_reports_its_parameters() {
        assert_eq!(hash_of("x").parameters(), "argon2id m=64,t=1,p=1 pepper=1");
        assert_eq!(stored(&format!(r#"{{"bcrypt":"{BCRYPT}"}}"#)).parameters(), "bcrypt 5");
        assert_eq!(stored(r#"{"phc":"","pepper":1}"#).parameters(), "damaged");
    }
}
