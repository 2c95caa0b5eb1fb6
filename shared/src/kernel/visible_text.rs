//! Text for people to read: part of it is visible, and nothing in it changes how the surrounding text is rendered.
//!
//! Invisible characters are those with the Unicode properties `White_Space` and `Default_Ignorable_Code_Point` (UAX
//! #44), and two that are rendered blank. At the ends of a line they are dropped: they have no effect there, and they
//! are included when text is copied from a program that isolates every name. Inside a text they are useful (a joiner in
//! Persian or in an emoji, a soft hyphen, a direction mark next to a number) and stay. Refused inside:
//!
//! - control characters (general category `Cc`);
//! - embeddings and overrides of direction, and isolates that do not end on their line (UAX #9, sections 2.1 to 2.4;
//!   Unicode TR 36, section 2.8): they reverse the following text;
//! - tag characters outside the flag of a region (UTS #51, definition ED-14a): they carry invisible text.

use std::ops::RangeInclusive;

use icu_properties::CodePointSetData;
use icu_properties::props::{DefaultIgnorableCodePoint, VariationSelector, WhiteSpace};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Why a text is not readable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("must contain a visible character")]
    NothingVisible,
    #[error("must not have control characters")]
    ControlCharacter,
    #[error(
        "must not have characters that change the direction of text (U+202A to U+202E, or isolates U+2066 to U+2069 \
         without their end)"
    )]
    ChangesDirection,
    #[error("must not have invisible tag characters (U+E0000 to U+E007F) outside of a flag")]
    HiddenTag,
}

/// Why a text is not a valid line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotALine {
    /// With the maximum number of characters.
    #[error("must have 1 to {0} characters")]
    WrongLength(usize),
    #[error("must not have line breaks")]
    SeveralLines,
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
}

const WAVING_BLACK_FLAG: char = '\u{1F3F4}';
const CANCEL_TAG: char = '\u{E007F}';
/// The number of tags between the flag and its end: those of a region code, such as `gbsct`.
const TAGS_OF_A_FLAG: RangeInclusive<usize> = 3..=6;

/// The text in Unicode NFC on one line, without invisible characters at its ends, if it has 1 to `longest` characters.
pub fn line(text: &str, longest: usize) -> Result<String, NotALine> {
    if text.is_empty() {
        return Err(NotALine::WrongLength(longest));
    }
    let text = without_unseen_ends(text);
    // A character has at most 4 bytes, and NFC expands none to more than three: a longer text cannot fit.
    if text.len() > longest * 12 {
        return Err(NotALine::WrongLength(longest));
    }
    let line: String = text.nfc().collect();
    if line.chars().count() > longest {
        return Err(NotALine::WrongLength(longest));
    }
    if line.contains(is_line_break) {
        return Err(NotALine::SeveralLines);
    }
    check(&line, |_| false)?;
    Ok(line)
}

/// The text unchanged, except that every kind of line break becomes `\n`. It may have tabs.
pub fn lines(text: &str) -> Result<String, Unreadable> {
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}'], "\n");
    check(&text, |character| matches!(character, '\n' | '\t'))?;
    Ok(text)
}

/// The text without invisible characters at its ends. The opening of an isolate or embedding there is removed together
/// with its end, anywhere in the text: two names, each in its own isolate, become the two names and the space between
/// them.
pub fn without_unseen_ends(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let partners = partners(&characters);
    let mut is_kept = vec![true; characters.len()];
    let drop = |at: usize, is_kept: &mut Vec<bool>| {
        is_kept[at] = false;
        if let Some(partner) = partners[at] {
            is_kept[partner] = false;
        }
    };
    let (mut start, mut end) = (0, characters.len());
    while start < end && (!is_kept[start] || is_unseen(characters[start])) {
        drop(start, &mut is_kept);
        start += 1;
    }
    while start < end
        && (!is_kept[end - 1] || is_unseen(characters[end - 1]) && !ends_a_sequence(&characters[start..end]))
    {
        drop(end - 1, &mut is_kept);
        end -= 1;
    }
    (start..end).filter(|at| is_kept[*at]).map(|at| characters[at]).collect()
}

fn check(text: &str, is_allowed_control: impl Fn(char) -> bool) -> Result<(), Unreadable> {
    if text.chars().any(|character| character.is_control() && !is_allowed_control(character)) {
        return Err(Unreadable::ControlCharacter);
    }
    let characters: Vec<char> = text.chars().collect();
    let partners = partners(&characters);
    let changes_direction = |(character, partner): (&char, &Option<usize>)| {
        is_embedding(*character) || is_isolate(*character) && partner.is_none()
    };
    if characters.iter().zip(&partners).any(changes_direction) {
        return Err(Unreadable::ChangesDirection);
    }
    if has_hidden_tags(&characters) {
        return Err(Unreadable::HiddenTag);
    }
    // A combining mark alone, without a base character, is not readable.
    if characters.iter().all(|character| is_unseen(*character) || is_combining_mark(*character)) {
        return Err(Unreadable::NothingVisible);
    }
    Ok(())
}

/// For each place, the end of the isolate or embedding that begins there, or the beginning of the one that ends there
/// (UAX #9, BD9 and BD11). None is longer than a line.
fn partners(characters: &[char]) -> Vec<Option<usize>> {
    let mut partners = vec![None; characters.len()];
    let mut open: Vec<usize> = Vec::new();
    let is_open_isolate = |at: &usize| is_isolate(characters[*at]);
    for (at, character) in characters.iter().enumerate() {
        let begins = match character {
            '\n' => {
                open.clear();
                None
            }
            '\u{202A}' | '\u{202B}' | '\u{202D}' | '\u{202E}' | '\u{2066}'..='\u{2068}' => {
                open.push(at);
                None
            }
            '\u{202C}' => open.pop_if(|begins| !is_open_isolate(begins)),
            '\u{2069}' => {
                // The end of an isolate ends the embeddings in it, too.
                let begins = open.iter().rposition(is_open_isolate);
                begins.and_then(|begins| open.drain(begins..).next())
            }
            _ => None,
        };
        if let Some(begins) = begins {
            (partners[begins], partners[at]) = (Some(at), Some(begins));
        }
    }
    partners
}

fn has_hidden_tags(characters: &[char]) -> bool {
    let mut rest = characters;
    while let Some(first) = rest.first() {
        if ('\u{E0000}'..='\u{E007F}').contains(first) {
            return true;
        }
        rest = &rest[flag(rest).unwrap_or(1)..];
    }
    false
}

/// The length of the region flag at the start of these characters (UTS #51, ED-14a).
fn flag(characters: &[char]) -> Option<usize> {
    let after = characters.strip_prefix(&[WAVING_BLACK_FLAG])?;
    let is_code = |tag: &&char| matches!(tag, '\u{E0030}'..='\u{E0039}' | '\u{E0061}'..='\u{E007A}');
    let tags = after.iter().take_while(is_code).count();
    (TAGS_OF_A_FLAG.contains(&tags) && after.get(tags) == Some(&CANCEL_TAG)).then_some(tags + 2)
}

/// Whether the last character, which is invisible by itself, belongs to the preceding one: a variation selector after
/// its base, or the end of a flag.
fn ends_a_sequence(characters: &[char]) -> bool {
    match characters {
        [.., base, last] if CodePointSetData::new::<VariationSelector>().contains(*last) => !is_unseen(*base),
        [.., CANCEL_TAG] => TAGS_OF_A_FLAG.map(|tags| tags + 2).any(|length| {
            characters.len().checked_sub(length).is_some_and(|start| flag(&characters[start..]) == Some(length))
        }),
        _ => false,
    }
}

fn is_unseen(character: char) -> bool {
    // Blank, but without either property: the braille pattern without dots, and the musical null notehead.
    matches!(character, '\u{2800}' | '\u{1D159}')
        || CodePointSetData::new::<WhiteSpace>().contains(character)
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character)
}

fn is_line_break(character: char) -> bool {
    matches!(character, '\n'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_embedding(character: char) -> bool {
    matches!(character, '\u{202A}'..='\u{202E}')
}

fn is_isolate(character: char) -> bool {
    matches!(character, '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests;
