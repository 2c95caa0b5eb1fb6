//! The record key of a post: a TID derived from the post's id, so that a repeated send targets the same record.

use shared::crypto::digest::sha256;

/// <https://atproto.com/specs/tid>: `base32-sortable`.
const ALPHABET: &[u8; 32] = b"234567abcdefghijklmnopqrstuvwxyz";
/// 13 characters of 5 bits hold the 64 bits of a TID, of which the first is always 0.
const LENGTH: usize = 13;

/// The TID of a post, from the 16 bytes of its UUIDv7. Each account has its own repository, so the keys of a
/// workspace's posts collide only with each other.
///
/// A TID is 53 bits of microseconds and 10 bits of clock identifier. The id's milliseconds give the upper part of the
/// microseconds; a hash of the id's random bits gives the rest and the clock identifier. Two posts of one account that
/// were created in the same millisecond collide with a probability of 1 in 1,024,000; then `swapRecord: null` refuses
/// the second one, and it is never merged.
pub fn record_key(post: &[u8; 16]) -> String {
    let ms = post[..6].iter().fold(0_u64, |ms, byte| (ms << 8) | u64::from(*byte));
    let hash = sha256(post)[..8].iter().fold(0_u64, |value, byte| (value << 8) | u64::from(*byte));
    // UUIDv7 has 48 bits of milliseconds, which 53 bits of microseconds cannot represent beyond the year 2255.
    let microseconds = (ms.wrapping_mul(1_000) + hash % 1_000) & ((1 << 53) - 1);
    encode((microseconds << 10) | ((hash >> 32) & 0x3ff))
}

fn encode(tid: u64) -> String {
    (0..LENGTH).rev().map(|place| char::from(ALPHABET[(tid >> (5 * place) & 31) as usize])).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn post(ms: u64, random: u64) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&ms.to_be_bytes()[2..]);
        bytes[6] = 0x70;
        bytes[8..].copy_from_slice(&(random | 1 << 63).to_be_bytes());
        bytes
    }

    fn decode(tid: &str) -> u64 {
        tid.bytes().fold(0, |value, byte| {
            (value << 5) | ALPHABET.iter().position(|letter| *letter == byte).unwrap_or_default() as u64
        })
    }

    /// The vectors of the specification: the smallest TID, and the examples of its syntax.
    #[test]
    fn tid_encoding_follows_the_specification() {
        assert_eq!(encode(0), "2222222222222");
        for valid in ["3jzfcijpj2z2a", "7777777777777", "3zzzzzzzzzzzz"] {
            assert_eq!(encode(decode(valid)), valid);
        }
    }

    #[test]
    fn a_key_is_a_valid_tid() {
        for ms in [0, 1, 1_700_000_000_000, 4_102_444_800_000, (1 << 48) - 1] {
            for random in [0, 1, 0x0123_4567_89ab_cdef, u64::MAX] {
                let key = record_key(&post(ms, random));
                assert_eq!(key.len(), 13);
                assert!(key.bytes().all(|byte| ALPHABET.contains(&byte)), "{key}");
                // The pattern of the specification: 4 of the first character's 5 bits are used.
                assert!("234567abcdefghij".contains(&key[..1]), "{key}");
            }
        }
    }

    #[test]
    fn a_key_depends_only_on_the_post() {
        let id = post(1_772_355_000_123, 42);
        assert_eq!(record_key(&id), record_key(&id));
        assert_ne!(record_key(&id), record_key(&post(1_772_355_000_123, 43)));
    }

    #[test]
    fn a_key_contains_the_posts_millisecond_and_sorts_by_it() {
        let key = record_key(&post(1_772_355_000_123, 42));
        assert_eq!((decode(&key) >> 10) / 1_000, 1_772_355_000_123);
        assert!(key < record_key(&post(1_772_355_000_124, 7)));
    }

    #[test]
    fn keys_of_the_same_millisecond_differ() {
        let keys: BTreeSet<String> = (0..1_000).map(|n| record_key(&post(1_772_355_000_123, n))).collect();
        assert!(keys.len() >= 998, "{} of 1,000 keys are different", keys.len());
    }
}
