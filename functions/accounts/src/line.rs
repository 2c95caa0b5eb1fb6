//! One line of text that people read: the rule for the names of people and of what they own.

use unicode_normalization::UnicodeNormalization;

/// Why a text is not one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotALine {
    WrongLength,
    /// It has line breaks, control characters, or marks that turn the direction of what follows.
    Unsupported,
}

/// The text in Unicode NFC without white space around it, if it has 1 to `longest` characters on one line.
pub fn line(text: &str, longest: usize) -> Result<String, NotALine> {
    let text = text.trim();
    // A character has at most 4 bytes, and NFC makes none more than three: what is longer cannot fit.
    if text.len() > longest * 12 {
        return Err(NotALine::WrongLength);
    }
    let line: String = text.nfc().collect();
    if !(1..=longest).contains(&line.chars().count()) {
        return Err(NotALine::WrongLength);
    }
    if line.chars().any(is_unsupported) { Err(NotALine::Unsupported) } else { Ok(line) }
}

fn is_unsupported(character: char) -> bool {
    // Line and paragraph separators, and the marks of direction (Unicode TR 36, section 2.8).
    let turns_text = matches!(character, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}');
    character.is_control() || turns_text
}
