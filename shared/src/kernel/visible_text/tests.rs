//! Which texts are readable, and how invisible characters around a text are removed.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

/// Invisible characters of every kind.
const UNSEEN: [char; 32] = [
    ' ',
    '\t',
    '\n',
    '\u{A0}',
    '\u{AD}',
    '\u{34F}',
    '\u{61C}',
    '\u{115F}',
    '\u{1160}',
    '\u{17B4}',
    '\u{180E}',
    '\u{200B}',
    '\u{200C}',
    '\u{200D}',
    '\u{200E}',
    '\u{200F}',
    '\u{2028}',
    '\u{202A}',
    '\u{202C}',
    '\u{202E}',
    '\u{2060}',
    '\u{2064}',
    '\u{2066}',
    '\u{2068}',
    '\u{2069}',
    '\u{2800}',
    '\u{3000}',
    '\u{3164}',
    '\u{FE0F}',
    '\u{FEFF}',
    '\u{FFA0}',
    '\u{E0100}',
];

fn name(text: &str) -> Result<String, NotALine> {
    line(text, 80)
}

#[test]
fn a_text_without_visible_characters_is_refused() {
    for text in
        [" ", "   ", "\u{1D159}", "\u{301}", "\u{200D}\u{FE0F}\u{200D}", "\u{E0067}\u{E007F}", "\u{2068}\u{2069}"]
    {
        let refused = [Unreadable::NothingVisible, Unreadable::HiddenTag];
        assert!(matches!(name(text), Err(NotALine::Unreadable(reason)) if refused.contains(&reason)), "{text:?}");
        assert!(lines(text).is_err_and(|reason| refused.contains(&reason)), "{text:?}");
    }
    for character in UNSEEN {
        let text = String::from_iter([character; 3]);
        assert_eq!(name(&text), Err(Unreadable::NothingVisible.into()), "{text:?}");
        assert!(lines(&text).is_err(), "{text:?}");
    }
}

#[test]
fn invisible_characters_at_the_ends_are_dropped() {
    for (text, left) in [
        ("  Ada Lovelace ", "Ada Lovelace"),
        ("\u{202E}Ada", "Ada"),
        ("\u{202A}alice.bsky.social\u{202C}", "alice.bsky.social"),
        ("\u{2068}alice.bsky.social\u{2069}", "alice.bsky.social"),
        ("\u{200F}\u{FEFF} עדה \u{200F}\u{200B}", "עדה"),
        ("\u{2068}Ada\u{2069} \u{2068}Lovelace\u{2069}", "Ada Lovelace"),
        ("\u{202B}Ada\u{202C} Lovelace", "Ada Lovelace"),
        ("\u{2067}\u{202B}Ada\u{2069} Lovelace", "Ada Lovelace"),
        ("\u{2069}Ada\u{2066}", "Ada"),
        ("\u{3164}\u{2800}x\u{115F}\u{1160}", "x"),
        ("\u{FE0F}x\u{AD}", "x"),
        ("x\u{FE0F}\u{FE0F}", "x\u{FE0F}"),
        ("e\u{301}", "\u{E9}"),
        ("\u{2068}e\u{2069}\u{301}", "\u{E9}"),
    ] {
        assert_eq!(name(text).as_deref(), Ok(left), "{text:?}");
    }
}

#[test]
fn useful_invisible_characters_inside_are_kept() {
    for text in [
        "❤️",
        "👨‍👩‍👧‍👦",
        "🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
        "Skye 🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F} 2026",
        "1️⃣ Erste",
        "می\u{200C}خواهم",
        "क्\u{200D}ष",
        "Donau\u{AD}dampf\u{AD}schiff",
        "葛\u{E0100}城",
        "עדה\u{200F} (Ada)",
        "Ada \u{2068}עדה\u{2069} Lovelace",
        "O’Neil-Smith, Jr",
        "李小龍",
        "zero\u{200B}width",
    ] {
        assert_eq!(name(text).as_deref(), Ok(text), "{text:?}");
        assert_eq!(lines(text).as_deref(), Ok(text), "{text:?}");
    }
    let listed = "one\n\ttwo\u{2067}שתיים\u{2069}\n\nthree \n";
    assert_eq!(lines(listed).as_deref(), Ok(listed));
    assert_eq!(lines("a\r\nb\rc\u{2028}d\u{2029}e\nf").as_deref(), Ok("a\nb\nc\nd\ne\nf"));
}

#[test]
fn characters_that_reverse_or_hide_text_are_refused() {
    use Unreadable::{ChangesDirection, ControlCharacter, HiddenTag};
    for (text, reason) in [
        ("a\u{0}b", ControlCharacter),
        ("a\u{7F}b", ControlCharacter),
        ("a\u{9B}b", ControlCharacter),
        ("\u{1B}[2Jx", ControlCharacter),
        ("photo_\u{202E}gpj.exe", ChangesDirection),
        ("a\u{202A}b\u{202C}c", ChangesDirection),
        ("a\u{202C}b", ChangesDirection),
        ("a\u{2066}b", ChangesDirection),
        ("a\u{2069}b", ChangesDirection),
        ("a\u{2067}b\u{2069}c\u{2069}d", ChangesDirection),
        ("a\u{E0068}\u{E0069}b", HiddenTag),
        ("a\u{E0001}b", HiddenTag),
        ("🏴\u{E0067}\u{E0062}x", HiddenTag),
        ("🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E0073}\u{E0061}\u{E007F}x", HiddenTag),
        ("😀\u{E0067}\u{E0062}\u{E0073}\u{E007F}x", HiddenTag),
    ] {
        assert_eq!(name(text), Err(reason.into()), "{text:?}");
        assert_eq!(lines(text), Err(reason), "{text:?}");
    }
    // An isolate does not reach past its line.
    assert_eq!(lines("a\u{2067}b\nc\u{2069}"), Err(ChangesDirection));
}

#[test]
fn a_text_with_line_breaks_or_over_its_length_is_refused() {
    for text in ["a\nb", "a\r\nb", "a\u{85}b", "a\u{2028}b", "a\u{2029}b", "a\u{B}b"] {
        assert_eq!(name(text), Err(NotALine::SeveralLines), "{text:?}");
    }
    assert_eq!(name("a\tb"), Err(Unreadable::ControlCharacter.into()));
    assert!(name(&"ß".repeat(80)).is_ok());
    assert!(name(&"e\u{301}".repeat(80)).is_ok());
    assert!(lines("").is_err());
    for text in [String::new(), "x".repeat(81), "x".repeat(100_000), format!("x{}", "\u{301}".repeat(80))] {
        assert_eq!(name(&text), Err(NotALine::WrongLength(80)));
    }
    assert_eq!(line("\u{200B}12345\u{200B}", 5).as_deref(), Ok("12345"));
}

fn texts() -> impl Strategy<Value = String> {
    let unseen = prop::sample::select(UNSEEN.to_vec());
    let turning = prop::sample::select(
        "\u{202A}\u{202B}\u{202C}\u{202D}\u{202E}\u{2066}\u{2067}\u{2068}\u{2069}".chars().collect::<Vec<_>>(),
    );
    let tags =
        prop::sample::select("\u{1F3F4}\u{E0067}\u{E0062}\u{E0073}\u{E007F}\u{E0001}".chars().collect::<Vec<_>>());
    let letters = prop::sample::select("aé\u{301}עש❤👨葛क्".chars().collect::<Vec<_>>());
    prop::collection::vec(prop_oneof![unseen, turning, tags, letters, any::<char>()], 0..24).prop_map(String::from_iter)
}

proptest! {
    #[test]
    fn an_accepted_line_is_accepted_again_unchanged(text in texts()) {
        if let Ok(taken) = name(&text) {
            prop_assert_eq!(name(&taken), Ok(taken.clone()));
            prop_assert_eq!(lines(&taken), Ok(taken.clone()));
            prop_assert!(taken.chars().any(|character| !is_unseen(character)));
            prop_assert!(!taken.contains(|character: char| character.is_control() || is_embedding(character)));
            prop_assert!(!taken.starts_with(is_unseen));
            let open = taken.chars().fold(0_i32, |open, character| match character {
                '\u{2066}'..='\u{2068}' => open + 1,
                '\u{2069}' => open - 1,
                _ => open,
            });
            prop_assert_eq!(open, 0);
        }
    }

    #[test]
    fn accepted_lines_differ_only_in_their_line_breaks(text in texts()) {
        if let Ok(taken) = lines(&text) {
            let breaks = |text: &str| text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}'], "\n");
            prop_assert_eq!(&taken, &breaks(&text));
            prop_assert_eq!(lines(&taken), Ok(taken.clone()));
        }
    }

    #[test]
    fn invisible_characters_around_a_word_are_dropped(
        before in prop::collection::vec(prop::sample::select(UNSEEN.to_vec()), 0..8),
        after in prop::collection::vec(prop::sample::select(UNSEEN.to_vec()), 0..8),
    ) {
        // A variation selector right after the word belongs to it.
        prop_assume!(!after.first().is_some_and(|first| matches!(first, '\u{FE0F}' | '\u{E0100}')));
        let text: String = before.into_iter().chain("Ada".chars()).chain(after).collect();
        prop_assert_eq!(name(&text), Ok("Ada".to_owned()));
    }
}
