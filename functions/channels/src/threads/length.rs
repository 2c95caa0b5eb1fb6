//! The length of a text on Threads: an emoji counts as many as it has bytes in UTF-8.
//!
//! Source: <https://developers.facebook.com/docs/threads/reference/publishing>, parameter `text`.

use unicode_properties::{EmojiStatus, UnicodeEmoji};
use unicode_segmentation::UnicodeSegmentation;

/// Makes the character before it an emoji (UTS #51, section 1.4.3).
const EMOJI_PRESENTATION: char = '\u{fe0f}';
/// Makes a digit a keycap.
const KEYCAP: char = '\u{20e3}';

pub fn count(text: &str) -> u32 {
    let length = |grapheme: &str| if is_emoji(grapheme) { grapheme.len() } else { 1 };
    u32::try_from(text.graphemes(true).map(length).sum::<usize>()).unwrap_or(u32::MAX)
}

fn is_emoji(grapheme: &str) -> bool {
    grapheme.chars().any(|next| {
        matches!(next, EMOJI_PRESENTATION | KEYCAP)
            || matches!(
                next.emoji_status(),
                EmojiStatus::EmojiPresentation
                    | EmojiStatus::EmojiPresentationAndModifierBase
                    | EmojiStatus::EmojiPresentationAndEmojiComponent
                    | EmojiStatus::EmojiPresentationAndModifierAndEmojiComponent
            )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emoji_counts_as_its_bytes() {
        for (text, length) in [
            ("", 0),
            ("abc 123 #tag ©", 14),
            ("Grüße", 5),
            ("e\u{301}", 1),
            ("नमस्ते", 3),
            ("你好", 2),
            ("👍", 4),
            ("👍🏽", 8),
            ("👨‍👩‍👧‍👧", 25),
            ("🇫🇷", 8),
            ("❤\u{fe0f}", 6),
            ("1\u{fe0f}\u{20e3}", 7),
        ] {
            assert_eq!(count(text), length, "{text:?}");
        }
    }
}
