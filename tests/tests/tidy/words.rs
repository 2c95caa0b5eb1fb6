//! Words: texts, comments and names use the field's terms. STYLE.md has the rule; these words are reliable signs of a break.

use system_tests::code::words;
use system_tests::{File, files};

use crate::none;

const BANNED: [&str; 18] = [
    "anew",
    "anybody",
    "are let in",
    "be let in",
    "beside",
    "everybody",
    "into which",
    "is asked of",
    "is let in",
    "is told",
    "lets in",
    "lies",
    "meanwhile",
    "nobody",
    "of whom",
    "out of which",
    "somebody",
    "whoever",
];

/// Words that hide the subject at the beginning of a test's name.
const NO_SUBJECT: [&str; 6] = ["it", "there", "what", "whatever", "where", "who"];

/// Not rewritten yet. This list may only shrink.
const EXEMPT: [&str; 2] = ["shared/src/http/pipeline.rs", "shared/src/identity/accounts.rs"];

/// These quote banned words.
const QUOTING: [&str; 3] = ["CHANGELOG.md", "STYLE.md", "tests/tests/tidy/words.rs"];

fn swept() -> impl Iterator<Item = File> {
    let sources = files(&["rs", "md", "py", "yaml"]).into_iter();
    sources.filter(|file| {
        let is_generated = file.path.starts_with("infra/generated/");
        !is_generated
            && !QUOTING.contains(&file.path.as_str())
            && !EXEMPT.iter().any(|path| file.path.starts_with(path))
    })
}

/// The words of a line, also those of its identifiers, in lower case and separated by single spaces.
fn spelled(line: &str) -> String {
    let parts = line.split(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != '\'');
    let found: Vec<String> = parts.flat_map(words).collect();
    format!(" {} ", found.join(" "))
}

#[test]
fn no_text_or_name_has_a_banned_word() {
    let mut faults = Vec::new();
    for file in swept() {
        for (line, text) in file.text.lines().enumerate() {
            let spelled = spelled(text);
            let found = BANNED.iter().filter(|banned| spelled.contains(&format!(" {banned} ")));
            faults.extend(found.map(|banned| format!("{}:{}: {banned}", file.path, line + 1)));
        }
    }
    none(faults);
}

/// The names of the tests in a source.
fn test_names(text: &str) -> impl Iterator<Item = &str> {
    let attributes = text.lines().zip(text.lines().skip(1));
    let tests =
        attributes.filter(|(line, _)| ["#[test]", "#[tokio::test"].iter().any(|at| line.trim().starts_with(at)));
    tests.filter_map(|(_, line)| line.split_once("fn ")?.1.split_once('(').map(|(name, _)| name))
}

#[test]
fn every_test_name_begins_with_its_subject() {
    let mut faults = Vec::new();
    for file in swept().filter(|file| file.path.ends_with(".rs")) {
        let hidden = test_names(&file.text).filter(|name| NO_SUBJECT.contains(&name.split('_').next().unwrap_or(name)));
        faults.extend(hidden.map(|name| format!("{}: {name}: name the subject first", file.path)));
    }
    none(faults);
}

#[test]
fn an_exempt_path_with_no_banned_word_is_removed_from_the_list() {
    let all = files(&["rs", "md"]);
    let is_clean = |path: &&&str| {
        let mut lines = all.iter().filter(|file| file.path.starts_with(**path)).flat_map(|file| file.text.lines());
        !lines.any(|line| BANNED.iter().any(|banned| spelled(line).contains(&format!(" {banned} "))))
    };
    none(EXEMPT.iter().filter(is_clean).map(|path| format!("{path}: is clean: remove it from EXEMPT")).collect());
}

#[test]
fn words_are_found_in_texts_and_in_names() {
    assert_eq!(spelled("/// Nobody's, anew: `is_told`"), " nobody's anew is told ");
    assert_eq!(spelled("fn ModifiedConcurrently"), " fn modified concurrently ");
    assert_eq!(spelled("\"is told\""), " is told ");
    let source = "#[test]\nfn a_b() {}\n    #[tokio::test]\n    async fn c() {}\nfn d() {}";
    assert_eq!(test_names(source).collect::<Vec<_>>(), ["a_b", "c"]);
}
