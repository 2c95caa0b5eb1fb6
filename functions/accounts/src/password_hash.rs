//! How passwords are stored, and how one is compared with what is stored: in the same time, whatever that is.

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
/// New ones are Argon2id (RFC 9106), as a PHC string. What is hashed is not the password but its HMAC under a key that KMS
/// holds (the pepper), so that the theft of the table alone allows no guessing. The pepper's version stands beside the
/// PHC string, whose `keyid` left the standard.
///
/// Imported ones are bcrypt, until their user signs in and they are made anew.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordHash(Form);

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Form {
    Argon2id { phc: String, pepper: u16 },
    Legacy { bcrypt: LegacyHash },
}

/// What a comparison came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Wrong,
    Right,
    /// Right, and to be hashed anew: it was imported, or made at another cost or under another pepper than today's.
    Outdated,
    /// The password is longer than what its imported hash covers, and right as far as that goes. It must be set anew.
    TooLongForLegacy,
    /// The stored hash is no password's: it is malformed, or dearer than this deployment computes. An operator must be
    /// told, and the user can set a new password; to fail would only be repeated.
    Damaged,
}

/// What every comparison costs in this deployment, whoever asks.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Of the one Argon2id hash.
    pub cost: PasswordCost,
    /// The logarithm of the bcrypt rounds; none where nothing is imported.
    pub legacy_cost: Option<u32>,
    /// The version of the pepper that new hashes have.
    pub pepper: u16,
}

impl Effort {
    pub fn of(accounts: &Accounts) -> Self {
        let (cost, legacy_cost) = (accounts.password_cost(), accounts.legacy_bcrypt_cost());
        Self { cost, legacy_cost, pepper: accounts.pepper_version() }
    }
}

/// Hashes a password as it is stored today.
pub async fn hash(accounts: &Accounts, password: &SecretText) -> Result<PasswordHash, Problem> {
    let effort = Effort::of(accounts);
    let peppered = accounts.pepper(effort.pepper, password).await?;
    PasswordHash::of(&peppered, effort, accounts.entropy()).map_err(Problem::internal)
}

/// Hashes a password anew that was just compared and found right.
pub async fn rehash(accounts: &Accounts, attempt: &PasswordAttempt) -> Result<PasswordHash, Problem> {
    hash(accounts, attempt.secret()).await
}

/// Compares a password with what is stored, or with nobody's hash, in the same time.
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

/// The one Argon2id hash of a comparison and nothing else, for the benchmarks.
#[cfg(feature = "measuring")]
pub fn hash_alone(cost: PasswordCost) -> Result<(), HashError> {
    // As long as a peppered password.
    argon2id::match_nobody(&SecretBytes::new(vec![7; 32]), cost)
}

/// The work of [`check`], with the password peppered as the stored hash has it.
///
/// One Argon2id hash and, where imports are allowed, exactly `2^legacy_cost` rounds of bcrypt, for whatever is stored.
/// What remains to be seen from outside: an Argon2id hash that was made at another cost than today's takes its own time
/// until its user signs in again, and one under an older pepper has its key derived by KMS once in a process' life.
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
            argon2id::match_nobody(peppered, effort.cost)?;
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

    /// A hash as an import brings it.
    pub fn imported(bcrypt: LegacyHash) -> Self {
        Self(Form::Legacy { bcrypt })
    }

    fn is_legacy(&self) -> bool {
        matches!(self.0, Form::Legacy { .. })
    }

    /// The version of its pepper; an imported hash has none.
    fn pepper(&self) -> Option<u16> {
        match self.0 {
            Form::Argon2id { pepper, .. } => Some(pepper),
            Form::Legacy { .. } => None,
        }
    }

    /// Whether it was made otherwise than one would be today, and is to be made anew at the next sign-in.
    pub fn is_outdated(&self, effort: Effort) -> bool {
        match &self.0 {
            Form::Argon2id { phc, pepper } => *pepper != effort.pepper || argon2id::cost(phc) != Some(effort.cost),
            Form::Legacy { .. } => true,
        }
    }

    /// How it was made, for a count of what there is. It says nothing of the password.
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
    /// Of `U*U`, by crypt_blowfish.
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
    fn only_what_was_hashed_is_right() {
        let hash = hash_of("correct horse battery");
        for legacy_cost in [None, Some(4), Some(6)] {
            let effort = Effort { legacy_cost, ..EFFORT };
            assert_eq!(verdict(Some(&hash), "correct horse battery", effort), Verdict::Right);
            assert_eq!(verdict(Some(&hash), "correct horse batterz", effort), Verdict::Wrong);
            assert_eq!(verdict(None, "correct horse battery", effort), Verdict::Wrong);
        }
    }

    #[test]
    fn a_hash_of_yesterday_is_right_and_outdated() {
        let hash = hash_of("correct horse");
        for effort in [Effort { cost: PasswordCost { passes: 2, ..CHEAP }, ..EFFORT }, Effort { pepper: 2, ..EFFORT }] {
            assert_eq!(verdict(Some(&hash), "correct horse", effort), Verdict::Outdated);
            assert_eq!(verdict(Some(&hash), "correct house", effort), Verdict::Wrong);
        }
        assert!(!hash.is_outdated(EFFORT));
        assert_eq!(hash.pepper(), Some(1));
    }

    #[test]
    fn an_imported_hash_is_right_once() {
        let hash = stored(&format!(r#"{{"bcrypt":"{BCRYPT}"}}"#));
        for legacy_cost in [Some(5), Some(7)] {
            let effort = Effort { legacy_cost, ..EFFORT };
            assert_eq!(verdict(Some(&hash), "U*U", effort), Verdict::Outdated);
            assert_eq!(verdict(Some(&hash), "U*V", effort), Verdict::Wrong);
        }
        // Where none are allowed, or only cheaper ones, it is nobody's.
        for legacy_cost in [None, Some(4)] {
            assert_eq!(verdict(Some(&hash), "U*U", Effort { legacy_cost, ..EFFORT }), Verdict::Damaged);
        }
    }

    #[test]
    fn an_imported_hash_is_of_what_was_typed() {
        // libxcrypt's, of the ligature U+FB03, which is ffi in NFKC.
        let hash = stored(r#"{"bcrypt":"$2b$05$CCCCCCCCCCCCCCCCCCCCC.spob2ERqvy9IlTl.U216laaAC.g5N7W"}"#);
        assert_eq!(verdict(Some(&hash), "\u{fb03}", EFFORT), Verdict::Outdated);
        assert_eq!(verdict(Some(&hash), "ffi", EFFORT), Verdict::Wrong);
    }

    #[test]
    fn more_than_bcrypt_compares_is_a_case_of_its_own() {
        // libxcrypt's, of 72 times x.
        let hash = stored(r#"{"bcrypt":"$2b$05$CCCCCCCCCCCCCCCCCCCCC.D7RDOYXakZhsFmh/LdqQNx0kQ424AFS"}"#);
        assert_eq!(verdict(Some(&hash), &"x".repeat(72), EFFORT), Verdict::Outdated);
        assert_eq!(verdict(Some(&hash), &"x".repeat(73), EFFORT), Verdict::TooLongForLegacy);
        assert_eq!(verdict(Some(&hash), &"x".repeat(71), EFFORT), Verdict::Wrong);
    }

    #[test]
    fn a_damaged_hash_is_nobodys_and_no_fault() {
        for json in [
            r#"{"phc":"$argon2id$v=19$broken","pepper":1}"#,
            r#"{"phc":"$argon2id$v=19$m=1,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","pepper":1}"#,
            r#"{"bcrypt":"$2b$05$broken"}"#,
        ] {
            assert_eq!(verdict(Some(&stored(json)), "x", EFFORT), Verdict::Damaged, "{json}");
        }
    }

    #[test]
    fn what_is_stored_is_read_again() {
        let ours = hash_of("correct horse");
        let json = serde_json::to_value(&ours).unwrap();
        assert_eq!((json["pepper"].as_u64(), json.as_object().unwrap().len()), (Some(1), 2));
        assert!(serde_json::from_value::<PasswordHash>(json).unwrap() == ours);
        let theirs = PasswordHash::imported(LegacyHash::parse(BCRYPT.to_owned()).unwrap());
        assert_eq!(serde_json::to_value(&theirs).unwrap(), serde_json::json!({ "bcrypt": BCRYPT }));
    }

    #[test]
    fn it_tells_how_it_was_made() {
        assert_eq!(hash_of("x").parameters(), "argon2id m=64,t=1,p=1 pepper=1");
        assert_eq!(stored(&format!(r#"{{"bcrypt":"{BCRYPT}"}}"#)).parameters(), "bcrypt 5");
        assert_eq!(stored(r#"{"phc":"","pepper":1}"#).parameters(), "damaged");
    }
}
