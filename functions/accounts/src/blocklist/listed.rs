//! The most frequent passwords in leaks that the composition rules alone do not refuse.
//!
//! `listed.bin` is a Bloom filter (18 bits for each entry, 12 of them set): a listed password is always found, and
//! about one in 5,000 others is a false positive. It needs no start-up and no memory beyond the binary. This crate's
//! example `blocklist` builds it, and documents the source lists and their licences.

use shared::crypto::digest::sha256;
use zeroize::Zeroizing;

/// The number of bits per entry.
#[cfg(feature = "measuring")]
const BITS_PER_ENTRY: usize = 18;
/// The number of bits set per entry: `BITS_PER_ENTRY * ln 2` gives the fewest false positives.
const HASHES: u64 = 12;
/// A shorter text is looked up with its signs, so that texts of only signs are not all the same entry.
const SHORTEST: usize = 8;

/// A set of passwords that keeps only a few bits of each.
#[derive(Clone, Copy)]
pub struct Listed<'a>(&'a [u8]);

/// The most frequent passwords in leaks.
pub const LISTED: Listed<'static> = Listed(include_bytes!("listed.bin"));

impl Listed<'_> {
    /// The empty set.
    #[cfg(any(test, feature = "measuring"))]
    pub(super) const NONE: Self = Self(&[]);

    /// Whether a text, in lower case and without accents, is listed; signs in it are ignored.
    pub(super) fn contains(&self, text: &[char]) -> bool {
        let bits = self.0.len() as u64 * 8;
        bits > 0 && places(&key(text), bits).all(|place| self.0[(place / 8) as usize] & (1 << (place % 8)) != 0)
    }
}

/// The part of a text that is looked up: its letters and digits.
fn key(text: &[char]) -> Zeroizing<String> {
    let mut key = Zeroizing::new(String::with_capacity(text.len() * 4));
    key.extend(text.iter().filter(|character| character.is_alphanumeric()));
    if key.chars().count() < SHORTEST {
        key.clear();
        key.extend(text);
    }
    key
}

/// The bits of a key, out of `bits` (Kirsch and Mitzenmacher, "Less Hashing, Same Performance", 2006).
fn places(key: &str, bits: u64) -> impl Iterator<Item = u64> {
    let digest = sha256(key.as_bytes());
    let number = |at: usize| digest[at..at + 8].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    let (first, step) = (number(0), number(8));
    (0..HASHES).map(move |nth| first.wrapping_add(nth.wrapping_mul(step)) % bits)
}

/// Builds the file for these passwords, and returns it with its number of entries: those that the composition rules
/// alone do not refuse.
#[cfg(feature = "measuring")]
pub fn file_of<'a>(passwords: impl IntoIterator<Item = &'a str>) -> (Vec<u8>, usize) {
    let is_accepted = |password: &&str| super::weakness_with_list(Listed::NONE, password).is_none();
    let entries: std::collections::BTreeSet<String> =
        passwords.into_iter().filter(is_accepted).map(|password| key(&super::fold(password)).to_string()).collect();
    let mut file = vec![0; (entries.len() * BITS_PER_ENTRY).div_ceil(8)];
    let bits = file.len() as u64 * 8;
    for entry in &entries {
        places(entry, bits).for_each(|place| file[(place / 8) as usize] |= 1 << (place % 8));
    }
    (file, entries.len())
}
