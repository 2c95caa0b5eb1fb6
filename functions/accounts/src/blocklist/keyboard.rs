//! The positions of keys on keyboards, and the conversion of a text typed with another layout.

use std::collections::HashMap;
use std::ops::Sub;
use std::sync::LazyLock;

/// The distance in rows and columns from one key to another, or from the first key of the first row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    rows: i8,
    columns: i8,
}

/// Rows of keys, each shifted right against the row above by less than a key. A space stands for a missing key.
type Layout = [&'static str; 4];

/// The most common Latin layouts, and the Russian one. Folding turns its `й` into `и`, which is also another key, so
/// the Russian layout appears twice.
const LAYOUTS: [Layout; 5] = [
    ["1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./"],
    ["1234567890", "qwertzuiop", "asdfghjkl", "yxcvbnm"],
    ["1234567890", "azertyuiop", "qsdfghjklm", "wxcvbn"],
    ["1234567890-=", "ицукенгшщзхъ", "фывапролджэ", "ячсм тьбю."],
    ["1234567890-=", " цукенгшщзхъ", "фывапролджэ", "ячсмитьбю."],
];
/// The characters of keys with shift, and without.
const SHIFTED: (&str, &str) = ("!@#$%^&*()_+{}:\"<>?", "1234567890-=[];',./");

/// The keys with letters in either script, in the same order. The second `и` is the real one, the first is a folded
/// `й`.
const LATIN: &str = "qwertyuiop[]asdfghjkl;'zxcvbnm,.";
const CYRILLIC: &str = "ицукенгшщзхъфывапролджэячсмитьбю";

/// The position of a character on each keyboard.
pub(super) type Places = [Option<Step>; LAYOUTS.len()];

static PLACES: LazyLock<HashMap<char, Places>> = LazyLock::new(|| {
    let mut places: HashMap<char, Places> = HashMap::new();
    for (nth, layout) in LAYOUTS.iter().enumerate() {
        for (row, rows) in layout.iter().zip(0..) {
            for (key, columns) in row.chars().zip(0..).filter(|(key, _)| *key != ' ') {
                places.entry(key).or_default()[nth] = Some(Step { rows, columns });
            }
        }
    }
    let (above, below) = SHIFTED;
    for (shifted, plain) in above.chars().zip(below.chars()) {
        let same = places.get(&plain).copied().unwrap_or_default();
        places.insert(shifted, same);
    }
    places
});

pub(super) fn places(character: char) -> Places {
    PLACES.get(&character).copied().unwrap_or_default()
}

impl Step {
    pub(super) fn is_to_a_neighbour(self) -> bool {
        matches!((self.rows, self.columns), (0, 1 | -1) | (1 | -1, 0) | (-1, 1) | (1, -1))
    }
}

impl Sub for Step {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self { rows: self.rows - other.rows, columns: self.columns - other.columns }
    }
}

/// The character of the same key in the other script, or the same character if its key has only one script. `и` has two
/// keys, because `й` is folded to it; this takes the more frequent one.
pub(super) fn in_the_other_script(character: char) -> char {
    let keys = || LATIN.chars().zip(CYRILLIC.chars());
    let cyrillic = || keys().find(|(latin, _)| *latin == character).map(|(_, cyrillic)| cyrillic);
    let latin = || keys().filter(|(_, cyrillic)| *cyrillic == character).last().map(|(latin, _)| latin);
    cyrillic().or_else(latin).unwrap_or(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_converts_to_its_letter_in_the_other_script() {
        let other = |text: &str| text.chars().map(in_the_other_script).collect::<String>();
        assert_eq!(LATIN.chars().count(), CYRILLIC.chars().count());
        assert_eq!(other("ghbdtn"), "привет");
        assert_eq!(other("привет"), "ghbdtn");
        assert_eq!(other("vjqgfhjkm2024!"), "моипароль2024!");
    }

    #[test]
    fn a_key_has_the_same_place_with_and_without_shift() {
        assert!(places('!') == places('1') && places('!').iter().all(Option::is_some));
        assert_eq!(places('q')[0], places('и')[3]);
        assert_eq!(places('b')[0], places('и')[4]);
        assert_eq!(places(' '), Places::default());
    }
}
