//! The blocklist: passwords that guessing finds, because they are what guessers try first, or are composed of it.
//!
//! A list of whole passwords alone does little at 15 characters: `Manchester2024!!` is in none. So a password is looked
//! up ([`listed`]), and taken apart as well. Every part that a guesser's rules can make (a listed word or phrase, also
//! backwards and in leet; a name from the account; a run, keyboard walk, count, year or date; an earlier part, repeated
//! or shifted by a step) costs as much as a choice among parts of its kind, every other character as much as a choice
//! among characters of its kind, and a password is worth what the cheapest way to compose **all** of it costs: NIST SP
//! 800-63B-4, section 3.1.1.2, requires comparing the entire password, not words that it merely contains. A password
//! worth less than 2.6 bits for each of its first 15 characters is refused:
//!
//! - From 15 characters on that is 39 bits: one to three listed words with signs, or two and a year, are too few; four
//!   words, or a sentence of ordinary words, are enough, and so are 15 random digits.
//! - At 8 characters, which only a password beside a second factor may have, it is 20.8 bits: a listed word with two
//!   digits is too little, 8 random digits are enough.

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

/// What each character must be worth on average, in tenths of a bit.
const NEEDED: u32 = 26;
/// Characters beyond these need not be worth anything.
const COUNTED: usize = 15;
/// Worth no more, it is a listed password with a little added.
const COMMON: u32 = 225;

/// One of some 100,000.
const LISTED_WHOLE: u32 = 165;
/// For typing with the layout of another script.
const OTHER_SCRIPT: u32 = 10;
/// One of some 5,000, of which a few are most of what people choose.
const WORD: u32 = 115;
/// For writing it backwards.
const BACKWARDS: u32 = 10;
/// A word from the account: whoever guesses for this account tries them before all others.
const OWN_WORD: u32 = 20;
/// Digits and signs are not taken off around less.
const SHORTEST_LISTED: usize = 8;
/// A shorter name stands in too many good passwords.
const SHORTEST_OWN_WORD: usize = 4;
/// Own words beyond these are not looked for: nobody has so many names.
const MOST_OWN_WORDS: usize = 256;

const LETTER: u32 = 47;
const DIGIT: u32 = 33;
/// A character of another script. There are more of most, but they are not chosen at random either.
const FOREIGN: u32 = 50;
const SIGN: u32 = 35;
/// The sign that stood before, between other words.
const SAME_SIGN: u32 = 5;

/// Why a password is found by guessing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    /// It is listed, but for a little that is added.
    Common,
    /// It is composed of few things that guessers try.
    Predictable,
}

/// Whether guessing finds a password, for an attacker who knows nothing about its account.
///
/// The work is bounded for the longest password, 128 characters: under a millisecond of one processor
/// (`docs/benchmarks.md`), because it is done before the caller is authenticated.
pub fn weakness(password: &str) -> Option<Weakness> {
    weakness_beside(LISTED, password)
}

fn weakness_beside(listed: Listed, password: &str) -> Option<Weakness> {
    let text = fold(password);
    let worth = worth(&text, &Words::of([]), listed);
    let is_weak = worth < needed(password);
    is_weak.then_some(if worth <= COMMON { Weakness::Common } else { Weakness::Predictable })
}

/// Whether guessing finds a password, for an attacker who knows these texts of the account: names and addresses, which
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

/// The words of texts that are known of an account: each of its words, and all of them in one.
fn own_words<'a>(known: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut own: Vec<String> = Vec::new();
    for text in known {
        let text = fold(text);
        let words = text.split(|character| !character.is_alphabetic());
        let parts = text.split(|character| !character.is_alphanumeric());
        own.extend(words.chain(parts).map(|word| word.iter().collect()));
        // In one, with and without what follows a plus: in an address that is a tag.
        let before_tag = text.split(|character| *character == '+').next().unwrap_or_default();
        own.extend(
            [&text, before_tag].map(|text| text.iter().filter(|character| character.is_alphanumeric()).collect()),
        );
        own.truncate(MOST_OWN_WORDS);
    }
    own.retain(|word| word.chars().count() >= SHORTEST_OWN_WORD);
    own
}

/// In lower case and without accents, in no more characters than before.
fn fold(text: &str) -> Zeroizing<Vec<char>> {
    // No character becomes more than four by this, so the buffer does not grow and leave a copy.
    let mut folded = Vec::with_capacity(text.len() * 4);
    let letters = text.nfd().flat_map(char::to_lowercase).filter(|character| !is_combining_mark(*character));
    folded.extend(letters.nfc());
    Zeroizing::new(folded)
}

/// The cost of the cheapest way to compose a text: as it is, as typed in the other script, without the signs in
/// between, or by a list.
fn worth(text: &[char], own: &Words, listed: Listed) -> u32 {
    let other: Zeroizing<Vec<char>> = Zeroizing::new(text.iter().copied().map(in_the_other_script).collect());
    let in_the_other_script = (*other != *text).then(|| composed(&other, own) + OTHER_SCRIPT);
    let by_the_list = listed_worth(text, own, listed);
    in_the_other_script.into_iter().chain(by_the_list).fold(composed(text, own), u32::min)
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

/// The cost of a listed text, as it is or without the digits and signs around it.
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

/// What each character costs by itself.
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

/// The least sum of costs of pieces that make the text: from the cheapest way to each place, every piece leads on.
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

/// Gives every word that a text begins with.
fn words(text: impl Fn(usize) -> Option<char> + Copy, own: &Words, piece: &mut impl FnMut(usize, u32)) {
    Words::common().beginning(text, &mut |length| piece(length, WORD));
    own.beginning(text, &mut |length| piece(length, OWN_WORD));
}

/// The words that are written backwards, by the place where they begin in the text.
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
