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

/// These quote banned words.
const QUOTING: [&str; 3] = ["CHANGELOG.md", "STYLE.md", "tests/tests/tidy/words.rs"];

fn ours() -> impl Iterator<Item = File> {
    let sources = files(&["rs", "md", "py", "yaml"]).into_iter();
    sources.filter(|file| {
        let is_generated = file.path.starts_with("infra/generated/");
        !is_generated && !QUOTING.contains(&file.path.as_str())
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
    for file in ours() {
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
    for file in ours().filter(|file| file.path.ends_with(".rs")) {
        let hidden = test_names(&file.text).filter(|name| NO_SUBJECT.contains(&name.split('_').next().unwrap_or(name)));
        faults.extend(hidden.map(|name| format!("{}: {name}: name the subject first", file.path)));
    }
    none(faults);
}
