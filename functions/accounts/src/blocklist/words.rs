//! A list of words, and where they stand in a text, also in leet.

use std::ops::Range;
use std::sync::LazyLock;

/// What is guessed first. How the list was made stands in it.
static COMMON: LazyLock<Words> =
    LazyLock::new(|| Words::of(include_str!("common.txt").lines().filter(|line| !line.starts_with('#'))));

/// Words in the order of their characters.
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

    /// Gives the length of each word that a text begins with.
    ///
    /// Each character halves what is left of the list a few times, and most texts leave nothing after three or four, so
    /// the work at one place of a text is small and depends on the list alone.
    pub(super) fn beginning(&self, text: impl Fn(usize) -> Option<char> + Copy, found: &mut impl FnMut(usize)) {
        self.narrow(0..self.0.len(), text, 0, found);
    }

    /// `of` are the words that share `depth` characters with the text.
    fn narrow(
        &self,
        of: Range<usize>,
        text: impl Fn(usize) -> Option<char> + Copy,
        depth: usize,
        found: &mut impl FnMut(usize),
    ) {
        let words = self.0.get(of.clone()).unwrap_or_default();
        // A word stands before those that it begins.
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

/// The letters that a digit or sign is written for.
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

/// Whether a sign can stand for a letter, so that a text without its signs keeps it.
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
    fn a_digit_stands_for_itself_and_for_letters() {
        let words = Words::of(["1il", "lil", "ill"]);
        assert_eq!(lengths(&words, "111"), [3, 3, 3]);
        assert_eq!(lengths(&words, "1ll"), [3, 3][..1]);
        assert_eq!(lengths(&words, "iii"), [0; 0]);
    }

    #[test]
    fn the_list_is_in_the_form_in_which_it_is_looked_up() {
        let list: Vec<&str> = include_str!("common.txt").lines().filter(|line| !line.starts_with('#')).collect();
        assert!(list.len() > 4000);
        assert!(list.windows(2).all(|pair| pair[0] < pair[1]), "not sorted, or twice");
        for word in list {
            assert!(word.chars().all(char::is_alphanumeric) && word == word.to_lowercase(), "{word}");
            assert!((4..=64).contains(&word.chars().count()), "{word}");
        }
    }
}
