//! The blocklist: refuses passwords that attackers guess first, and passwords composed of common parts.
//!
//! A list of whole passwords has little effect at 15 characters: `Manchester2024!!` is in no list. So a password is
//! looked up ([`listed`]) and also decomposed. Every part that cracking rules generate (a listed word or phrase, also
//! backwards and in leet; a name from the account; a run, keyboard walk, count, year or date; an earlier part, repeated
//! or shifted by a step) costs as many bits as a choice among parts of its kind. Every other character costs as many
//! bits as a choice among characters of its kind. A password is worth the cost of the cheapest way to compose **all**
//! of it: NIST SP 800-63B-4, section 3.1.1.2, requires comparing the entire password, not substrings. A password worth
//! less than 2.6 bits for each of its first 15 characters is refused:
//!
//! - From 15 characters on, that is 39 bits: one to three listed words with signs, or two words and a year, are too
//!   few; four words, a sentence of ordinary words or 15 random digits are enough.
//! - At 8 characters, which are only allowed with a second factor, it is 20.8 bits: a listed word with two digits is
//!   too little, 8 random digits are enough.

mod keyboard;
pub mod listed;
mod patterns;
mod words;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use zeroize::Zeroizing;

use keyboard::in_the_other_script;
use listed::{LISTED, Listed};
use patterns::Patterns;
pub(crate) use patterns::follows;
use words::{Words, may_be_a_letter};

/// The required value per character on average, in tenths of a bit.
const NEEDED: u32 = 26;
/// Further characters do not raise the required value.
const COUNTED: usize = 15;
/// Up to this value, a password counts as a listed one with a small addition.
const COMMON: u32 = 225;

/// One of about 100,000.
const LISTED_WHOLE: u32 = 165;
/// Typing with the keyboard layout of another script.
const OTHER_SCRIPT: u32 = 10;
/// One of about 5,000, of which people mostly choose a few.
const WORD: u32 = 115;
/// Writing a word backwards.
const BACKWARDS: u32 = 10;
/// A word from the account: an attacker who targets the account tries it first.
const OWN_WORD: u32 = 20;
/// Digits and signs are only stripped from around texts of at least this length.
const SHORTEST_LISTED: usize = 8;
/// Shorter names occur in too many good passwords.
const SHORTEST_OWN_WORD: usize = 4;
/// Further own words are ignored: no account has so many names.
const MOST_OWN_WORDS: usize = 256;

const LETTER: u32 = 47;
const DIGIT: u32 = 33;
/// A character of another script. Most scripts have more characters, but people do not choose them at random.
const FOREIGN: u32 = 50;
const SIGN: u32 = 35;
/// The same sign again, as a separator.
const SAME_SIGN: u32 = 5;

/// Why a password is easy to guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    /// It is a listed password with a small addition.
    Common,
    /// It is composed of a few common parts.
    Predictable,
}

/// Whether a password is easy to guess for an attacker who knows nothing about its account.
///
/// The work is bounded: under a millisecond of CPU time for the longest password, 128 characters
/// (`docs/benchmarks.md`). This matters because it is done before the caller is authenticated.
pub fn weakness(password: &str) -> Option<Weakness> {
    weakness_with_list(LISTED, password)
}

fn weakness_with_list(listed: Listed, password: &str) -> Option<Weakness> {
    let text = fold(password);
    let worth = worth(&text, &Words::of([]), listed);
    let is_weak = worth < needed(password);
    is_weak.then_some(if worth <= COMMON { Weakness::Common } else { Weakness::Predictable })
}

/// Whether a password is easy to guess for an attacker who knows these texts of the account: names and addresses, which
/// are split into words. As fast as [`weakness`], whose checks it does not repeat.
pub fn names_the_account<'a>(password: &str, known: impl IntoIterator<Item = &'a str>) -> bool {
    let own = own_words(known);
    let own = Words::of(own.iter().map(String::as_str));
    !own.is_empty() && worth(&fold(password), &own, LISTED) < needed(password)
}

fn needed(password: &str) -> u32 {
    let counted = password.chars().count().min(COUNTED);
    NEEDED * u32::try_from(counted).unwrap_or_default()
}

/// The own words of an account: each word of its texts, and each whole text as one word.
fn own_words<'a>(known: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut own: Vec<String> = Vec::new();
    for text in known {
        let text = fold(text);
        let words = text.split(|character| !character.is_alphabetic());
        let parts = text.split(|character| !character.is_alphanumeric());
        own.extend(words.chain(parts).map(|word| word.iter().collect()));
        // As one word, with and without the text after a plus, which in an address is a tag.
        let before_tag = text.split(|character| *character == '+').next().unwrap_or_default();
        own.extend(
            [&text, before_tag].map(|text| text.iter().filter(|character| character.is_alphanumeric()).collect()),
        );
        own.truncate(MOST_OWN_WORDS);
    }
    own.retain(|word| word.chars().count() >= SHORTEST_OWN_WORD);
    own
}

/// Converts to lower case and removes accents. The result has no more characters than the input.
fn fold(text: &str) -> Zeroizing<Vec<char>> {
    // No character expands to more than four, so the buffer does not grow and leave a copy in memory.
    let mut folded = Vec::with_capacity(text.len() * 4);
    let letters = text.nfd().flat_map(char::to_lowercase).filter(|character| !is_combining_mark(*character));
    folded.extend(letters.nfc());
    Zeroizing::new(folded)
}

/// The cost of the cheapest way to compose a text: unchanged, typed in the other script, without its signs, or from the
/// list.
fn worth(text: &[char], own: &Words, listed: Listed) -> u32 {
    let other: Zeroizing<Vec<char>> = Zeroizing::new(text.iter().copied().map(in_the_other_script).collect());
    let by_other_script = (*other != *text).then(|| composed(&other, own) + OTHER_SCRIPT);
    let by_the_list = listed_worth(text, own, listed);
    by_other_script.into_iter().chain(by_the_list).fold(composed(text, own), u32::min)
}

fn composed(text: &[char], own: &Words) -> u32 {
    let singles = singles(text);
    let as_it_is = cheapest(text, &singles, own);
    let (mut letters, mut costs) = (Zeroizing::new(Vec::with_capacity(text.len())), Vec::with_capacity(text.len()));
    let mut signs = 0;
    for (character, cost) in text.iter().zip(&singles) {
        if may_be_a_letter(*character) {
            letters.push(*character);
            costs.push(*cost);
        } else {
            signs += cost;
        }
    }
    if letters.len() == text.len() { as_it_is } else { as_it_is.min(signs + cheapest(&letters, &costs, own)) }
}

/// The cost of a listed text, unchanged or without the digits and signs around it.
fn listed_worth(text: &[char], own: &Words, listed: Listed) -> Option<u32> {
    if listed.contains(text) {
        return Some(LISTED_WHOLE);
    }
    let start = text.iter().position(|character| character.is_alphabetic())?;
    let end = text.iter().rposition(|character| character.is_alphabetic())? + 1;
    let decoration = |text: &[char]| cheapest(text, &singles(text), own);
    let is_decorated = end - start >= SHORTEST_LISTED && end - start < text.len();
    (is_decorated && listed.contains(&text[start..end]))
        .then(|| LISTED_WHOLE + decoration(&text[..start]) + decoration(&text[end..]))
}

/// The cost of each single character.
fn singles(text: &[char]) -> Vec<u32> {
    let mut sign_before = None;
    let cost = |character: &char| match character {
        'a'..='z' => LETTER,
        '0'..='9' => DIGIT,
        character if character.is_alphanumeric() => FOREIGN,
        sign => {
            if sign_before.replace(*sign) == Some(*sign) {
                SAME_SIGN
            } else {
                SIGN
            }
        }
    };
    text.iter().map(cost).collect()
}

/// The lowest total cost of pieces that make up the text, by dynamic programming over its places.
fn cheapest(text: &[char], singles: &[u32], own: &Words) -> u32 {
    let (backwards, patterns) = (words_backwards(text, own), Patterns::of(text));
    let mut cheapest = vec![u32::MAX; text.len() + 1];
    cheapest[0] = 0;
    for (start, single) in singles.iter().enumerate() {
        let so_far = cheapest[start];
        let mut piece = |length: usize, cost: u32| {
            let there = &mut cheapest[start + length];
            *there = (*there).min(so_far + cost);
        };
        piece(1, *single);
        words(|at| text.get(start + at).copied(), own, &mut piece);
        backwards[start].iter().for_each(|(length, cost)| piece(*length, *cost));
        patterns.pieces(start, &mut piece);
    }
    cheapest[text.len()]
}

/// Calls `piece` for every word that a text begins with.
fn words(text: impl Fn(usize) -> Option<char> + Copy, own: &Words, piece: &mut impl FnMut(usize, u32)) {
    Words::common().beginning(text, &mut |length| piece(length, WORD));
    own.beginning(text, &mut |length| piece(length, OWN_WORD));
}

/// The words written backwards, by the place where they begin in the text.
fn words_backwards(text: &[char], own: &Words) -> Vec<Vec<(usize, u32)>> {
    let mut found = vec![Vec::new(); text.len()];
    for end in 1..=text.len() {
        let back = |at: usize| text.get((end - 1).checked_sub(at)?).copied();
        words(back, own, &mut |length, cost| found[end - length].push((length, cost + BACKWARDS)));
    }
    found
}

#[cfg(test)]
mod tests;
