//! A list of words, and their lookup in a text, also in leet.

use std::ops::Range;
use std::sync::LazyLock;

/// The most common words. The file documents its sources.
static COMMON: LazyLock<Words> =
    LazyLock::new(|| Words::of(include_str!("common.txt").lines().filter(|line| !line.starts_with('#'))));

/// Words, sorted by their characters.
pub(super) struct Words(Vec<Vec<char>>);

impl Words {
    pub(super) fn common() -> &'static Self {
        &COMMON
    }

    pub(super) fn of<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut words: Vec<Vec<char>> = words.into_iter().map(|word| word.chars().collect()).collect();
        words.sort_unstable();
        Self(words)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Calls `found` with the length of each word that a text begins with.
    ///
    /// Each character narrows the list by a binary search, and most texts leave no words after three or four
    /// characters, so the work at one place is small and depends only on the list.
    pub(super) fn beginning(&self, text: impl Fn(usize) -> Option<char> + Copy, found: &mut impl FnMut(usize)) {
        self.narrow(0..self.0.len(), text, 0, found);
    }

    /// `of` is the range of words that share `depth` characters with the text.
    fn narrow(
        &self,
        of: Range<usize>,
        text: impl Fn(usize) -> Option<char> + Copy,
        depth: usize,
        found: &mut impl FnMut(usize),
    ) {
        let words = self.0.get(of.clone()).unwrap_or_default();
        // A word is sorted before the words that it is a prefix of.
        if words.first().is_some_and(|word| depth > 0 && word.len() == depth) {
            found(depth);
        }
        let Some(character) = text(depth) else { return };
        for meant in std::iter::once(character).chain(leet(character).chars()) {
            let from = words.partition_point(|word| word.get(depth) < Some(&meant));
            let to = words.partition_point(|word| word.get(depth) <= Some(&meant));
            if from < to {
                self.narrow(of.start + from..of.start + to, text, depth + 1, found);
            }
        }
    }
}

/// The letters that a digit or sign replaces in leet.
fn leet(character: char) -> &'static str {
    match character {
        '0' => "o",
        '1' => "il",
        '3' => "e",
        '4' | '@' => "a",
        '5' | '$' => "s",
        '7' => "t",
        '8' => "b",
        '9' => "g",
        '!' => "il",
        _ => "",
    }
}

/// Whether a character can stand for a letter, so that it is kept when signs are removed.
pub(super) fn may_be_a_letter(character: char) -> bool {
    character.is_alphanumeric() || !leet(character).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(words: &Words, text: &str) -> Vec<usize> {
        let text: Vec<char> = text.chars().collect();
        let mut lengths = Vec::new();
        words.beginning(|at| text.get(at).copied(), &mut |length| lengths.push(length));
        lengths
    }

    #[test]
    fn every_word_at_a_place_is_found() {
        let words = Words::of(["super", "superman", "man", "sup"]);
        assert_eq!(lengths(&words, "supermanx"), [3, 5, 8]);
        assert_eq!(lengths(&words, "$up3rm4n"), [3, 5, 8]);
        assert_eq!(lengths(&words, "supe"), [3]);
        assert!(lengths(&words, "xsuper").is_empty());
        assert!(lengths(&words, "").is_empty());
    }

    #[test]
    fn a_digit_matches_itself_and_its_leet_letters() {
        let words = Words::of(["1il", "lil", "ill"]);
        assert_eq!(lengths(&words, "111"), [3, 3, 3]);
        assert_eq!(lengths(&words, "1ll"), [3, 3][..1]);
        assert_eq!(lengths(&words, "iii"), [0; 0]);
    }

    #[test]
    fn the_list_is_sorted_unique_and_folded() {
        let list: Vec<&str> = include_str!("common.txt").lines().filter(|line| !line.starts_with('#')).collect();
        assert!(list.len() > 4000);
        assert!(list.windows(2).all(|pair| pair[0] < pair[1]), "not sorted, or not unique");
        for word in list {
            assert!(word.chars().all(char::is_alphanumeric) && word == word.to_lowercase(), "{word}");
            assert!((4..=64).contains(&word.chars().count()), "{word}");
        }
    }
}
