//! How X counts a text: weighted characters, where a link counts as 23, and an emoji as two.
//!
//! Sources: <https://docs.x.com/fundamentals/counting-characters>, and the vendor's library `twitter-text` 3.1.0
//! (`parseTweet`, `extractUrlsWithIndices`), whose grammar of links this follows. `length/corpus.mjs` writes the corpus that the
//! tests compare with, and the top-level domains, from that library.

mod links;

use unicode_normalization::UnicodeNormalization;
use unicode_properties::UnicodeEmoji;
use unicode_segmentation::UnicodeSegmentation;

/// What a link counts, whatever its length.
const LINK: u32 = 23;
/// The weighted length of a text.
pub fn count(text: &str) -> u32 {
    let text: String = text.nfc().collect();
    let characters: Vec<char> = text.chars().collect();
    let mut length = 0_u32;
    let mut counted = 0;
    for (start, end) in links::links(&characters) {
        length = length.saturating_add(weight(&characters[counted..start])).saturating_add(LINK);
        counted = end;
    }
    length.saturating_add(weight(&characters[counted..]))
}

/// The weight of a text without links.
fn weight(characters: &[char]) -> u32 {
    let text: String = characters.iter().collect();
    text.graphemes(true).map(|cluster| if is_emoji(cluster) { 2 } else { cluster.chars().map(weight_of).sum() }).sum()
}

/// The library's configuration, version 3: `ranges` and `defaultWeight`.
fn weight_of(character: char) -> u32 {
    match u32::from(character) {
        0..=4_351 | 8_192..=8_205 | 8_208..=8_223 | 8_242..=8_247 => 1,
        _ => 2,
    }
}

/// Whether a grapheme cluster is one emoji of several code points: with a skin tone, a joiner, a presentation selector, a
/// keycap, or a flag. An emoji of one code point has its own weight.
fn is_emoji(cluster: &str) -> bool {
    let mut characters = cluster.chars();
    characters.next().is_some_and(|first| first.is_emoji_char())
        && characters.any(|next| {
            matches!(next, '\u{200d}' | '\u{fe0f}' | '\u{20e3}' | '\u{1f1e6}'..='\u{1f1ff}' | '\u{1f3fb}'..='\u{1f3ff}')
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Entry {
        text: String,
        length: u32,
    }

    #[test]
    fn every_text_of_the_corpus_counts_as_in_the_vendors_library() {
        let corpus: Vec<Entry> = serde_json::from_str(include_str!("length/corpus.json")).unwrap();
        assert!(corpus.len() > 700);
        let other = corpus.iter().filter(|entry| count(&entry.text) != entry.length);
        let other: Vec<String> =
            other.map(|entry| format!("{:?}: {}, not {}", entry.text, count(&entry.text), entry.length)).collect();
        assert_eq!(other, Vec::<String>::new());
    }
}
