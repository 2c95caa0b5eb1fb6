//! Imported password hashes: bcrypt of the password as typed, without a pepper.

use std::hint::black_box;

use base64::Engine;
use base64::alphabet::BCRYPT;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::{Deserialize, Deserializer, Serialize, de};
use shared::crypto::digest::equal;
use zeroize::Zeroizing;

/// bcrypt only uses this many bytes of a password.
pub const BYTES_COMPARED: usize = 72;
/// The lowest cost to import (claim 9; OWASP's Password Storage Cheat Sheet requires at least 10).
const LOWEST_COST: u32 = 12;

/// The costs that bcrypt defines.
const COSTS: std::ops::RangeInclusive<u32> = 4..=31;
const CHARACTERS: usize = 60;
const SALT_BYTES: usize = 16;
/// bcrypt computes 24 bytes, but all implementations store 23.
const HASH_BYTES: usize = 23;

/// Some implementations set the spare bits of the last character, and others ignore them.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &BCRYPT,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// A bcrypt hash in the usual format: `$2b$12$` (or `2a`, `2y`, which only distinguish faulty old implementations), 22
/// characters of salt, 31 of hash. It is secret, so it has no `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct LegacyHash(String);

/// Why a text is not a bcrypt hash, or cannot be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotALegacyHash {
    #[error("must be a bcrypt hash of {CHARACTERS} characters that begins with $2a$, $2b$ or $2y$")]
    Malformed,
    #[error("must have a cost of {LOWEST_COST} to {0}, the highest that this deployment is configured for")]
    WrongCost(u32),
}

struct Parts {
    cost: u32,
    salt: [u8; SALT_BYTES],
    hash: [u8; HASH_BYTES],
}

impl LegacyHash {
    pub fn parse(text: String) -> Result<Self, NotALegacyHash> {
        let hash = Self(text);
        if hash.parts().is_some() { Ok(hash) } else { Err(NotALegacyHash::Malformed) }
    }

    /// Parses a hash to import. `highest` is the highest cost allowed.
    pub fn import(text: String, highest: u32) -> Result<Self, NotALegacyHash> {
        let hash = Self::parse(text)?;
        let fits = hash.cost().is_some_and(|cost| (LOWEST_COST..=highest).contains(&cost));
        if fits { Ok(hash) } else { Err(NotALegacyHash::WrongCost(highest)) }
    }

    /// The logarithm of its rounds. `None` for a damaged stored hash.
    pub fn cost(&self) -> Option<u32> {
        self.parts().map(|parts| parts.cost)
    }

    fn parts(&self) -> Option<Parts> {
        let text = self.0.as_str();
        if text.len() != CHARACTERS || !text.is_ascii() {
            return None;
        }
        let rest = ["$2a$", "$2b$", "$2y$"].iter().find_map(|prefix| text.strip_prefix(prefix))?;
        let (cost, rest) = rest.split_once('$')?;
        let is_number = cost.len() == 2 && cost.bytes().all(|byte| byte.is_ascii_digit());
        let cost = cost.parse().ok().filter(|cost| is_number && COSTS.contains(cost))?;
        let (salt, hash) = rest.split_at_checked(22)?;
        let decode = |text: &str| BASE64.decode(text).ok();
        Some(Parts { cost, salt: decode(salt)?.try_into().ok()?, hash: decode(hash)?.try_into().ok()? })
    }
}

/// The result of a comparison with bcrypt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compared {
    Wrong,
    Right,
    /// The bytes that bcrypt uses are right, but the password has more.
    RightSoFar,
    /// The stored hash cannot be verified: it is damaged, or its cost exceeds what this deployment allows.
    Unusable,
}

/// Compares a password with a hash, if there is one, in exactly `2^highest` rounds: a hash of a lower cost is followed
/// by idle hashes of the same and each higher cost, because 2^c + 2^c + 2^(c+1) + … + 2^(highest-1) is 2^highest. So
/// the time does not reveal whether there is a hash, or which one.
pub fn compare(stored: Option<&LegacyHash>, typed: &[u8], highest: u32) -> Compared {
    let key = key(typed);
    let parts = stored.and_then(LegacyHash::parts).filter(|parts| parts.cost <= highest);
    let Some(Parts { cost, salt, hash }) = parts else {
        let _idle = black_box(bcrypt::bcrypt(highest, [0; SALT_BYTES], &key));
        return if stored.is_some() { Compared::Unusable } else { Compared::Wrong };
    };
    let computed = bcrypt::bcrypt(cost, salt, &key);
    for cost in idle_after(cost, highest) {
        let _idle = black_box(bcrypt::bcrypt(cost, salt, &key));
    }
    // A password with a zero byte can have the same key as another password: the key is the password and a zero byte,
    // repeated. No password that was ever set contains one.
    match computed.get(..HASH_BYTES).is_some_and(|computed| equal(computed, &hash)) && !typed.contains(&0) {
        false => Compared::Wrong,
        true if typed.len() > BYTES_COMPARED => Compared::RightSoFar,
        true => Compared::Right,
    }
}

/// The costs of the idle hashes after the real one.
fn idle_after(cost: u32, highest: u32) -> std::ops::Range<u32> {
    cost..highest
}

/// The password and its terminating zero byte, truncated to the bytes that bcrypt uses.
fn key(typed: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut key = Vec::with_capacity(typed.len() + 1);
    key.extend(typed);
    key.push(0);
    key.truncate(BYTES_COMPARED);
    Zeroizing::new(key)
}

impl<'de> Deserialize<'de> for LegacyHash {
    /// Accepts any stored text: a damaged hash is reported when it is compared, and is not a read error.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn hash(text: &str) -> LegacyHash {
        LegacyHash::parse(text.to_owned()).unwrap()
    }

    /// From crypt_blowfish 1.3 (wrapper.c) by Solar Designer, and OpenBSD's and jBCrypt's own tests.
    const VECTORS: [(&str, &[u8]); 10] = [
        ("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", b"U*U"),
        ("$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", b"U*U*"),
        ("$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", b"U*U*U"),
        ("$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy", b""),
        ("$2y$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e", b"\xff\xff\xa3"),
        ("$2b$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e", b"\xff\xff\xa3"),
        ("$2a$05$/OK.fbVrR/bpIqNJ5ianF.swQOIzjOiJ9GHEPuhEkvqrUyvWhEMx6", &[0xaa; 72]),
        ("$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.", b""),
        ("$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe", b"a"),
        ("$2a$08$aTsUwsyowQuzRrDqFflhgekJ8d9/7Z3GV3UcgvzQW3J5zMyrTvlz.", b"abcdefghijklmnopqrstuvwxyz"),
    ];

    #[test]
    fn bcrypt_matches_published_test_vectors() {
        for (text, typed) in VECTORS {
            let cost = hash(text).cost().unwrap();
            for highest in [cost, cost + 1] {
                assert_eq!(compare(Some(&hash(text)), typed, highest), Compared::Right, "{text}");
            }
            assert_eq!(
                compare(Some(&hash(text)), &[typed, b"x".as_slice()].concat(), 8),
                match typed.len() {
                    72 => Compared::RightSoFar,
                    _ => Compared::Wrong,
                }
            );
        }
    }

    #[test]
    fn every_cost_takes_the_same_number_of_rounds() {
        let rounds = |cost: u32| 1_u64 << cost;
        for highest in COSTS {
            for cost in *COSTS.start()..=highest {
                let all = rounds(cost) + idle_after(cost, highest).map(rounds).sum::<u64>();
                assert_eq!(all, rounds(highest), "{cost} of {highest}");
            }
        }
    }

    #[test]
    fn a_password_over_72_bytes_is_never_simply_right() {
        let (text, _) = VECTORS[6];
        let longer = [&[0xaa; 72], b"whatever follows".as_slice()].concat();
        assert_eq!(compare(Some(&hash(text)), &longer, 5), Compared::RightSoFar);
        assert_eq!(compare(Some(&hash(text)), &[0xaa; 71], 5), Compared::Wrong);
    }

    #[test]
    fn a_password_with_a_zero_byte_is_wrong() {
        let (text, _) = VECTORS[0];
        assert_eq!(compare(Some(&hash(text)), b"U*U\0U*U", 5), Compared::Wrong);
        assert_eq!(compare(Some(&hash(text)), b"U*U\0", 5), Compared::Wrong);
    }

    #[test]
    fn a_missing_damaged_or_too_expensive_hash_matches_no_password() {
        let (text, typed) = VECTORS[0];
        assert_eq!(compare(None, typed, 4), Compared::Wrong);
        assert_eq!(compare(Some(&hash(text)), typed, 4), Compared::Unusable, "too expensive");
        let damaged: LegacyHash = serde_json::from_str("\"$2b$05$CCCC\"").unwrap();
        assert_eq!((compare(Some(&damaged), typed, 4), damaged.cost()), (Compared::Unusable, None));
    }

    #[test]
    fn a_hash_that_is_too_cheap_or_too_expensive_is_not_imported() {
        let (text, _) = VECTORS[0];
        let import = |cost: &str| LegacyHash::import(text.replace("$05$", cost), 13).err();
        assert_eq!((import("$12$"), import("$13$")), (None, None));
        for cost in ["$05$", "$11$", "$14$"] {
            assert_eq!(import(cost), Some(NotALegacyHash::WrongCost(13)), "{cost}");
        }
    }

    #[test]
    fn a_malformed_hash_is_refused() {
        let (text, _) = VECTORS[0];
        assert_eq!(hash(text).cost(), Some(5));
        for wrong in [
            String::new(),
            text[..59].to_owned(),
            format!("{text}="),
            text.replace("$2a$", "$2x$"),
            text.replace("$2a$", "$2$0"),
            text.replace("$05$", "$03$"),
            text.replace("$05$", "$32$"),
            text.replace("$05$", "$+5$"),
            text.replace("$05$", "$5$$"),
            text.replace('E', "+"),
            text.replace('E', "é"),
        ] {
            assert!(LegacyHash::parse(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
