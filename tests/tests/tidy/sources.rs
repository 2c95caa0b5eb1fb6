//! The text of every source: its opening, its length, and forbidden code.

use system_tests::code::{bare, identifiers, without_tests};
use system_tests::{File, files};

use crate::none;

const LONGEST_FILE: usize = 400;

fn sources() -> Vec<File> {
    files(&["rs"])
}

#[test]
fn every_source_opens_with_a_summary() {
    let silent = sources().into_iter().filter(|file| !file.text.starts_with("//! "));
    none(silent.map(|file| format!("{}: does not open with `//! `", file.path)).collect());
}

#[test]
fn no_source_exceeds_the_maximum_length() {
    let long = sources().into_iter().filter(|file| file.text.lines().count() > LONGEST_FILE);
    none(
        long.map(|file| format!("{}: {} lines, {LONGEST_FILE} allowed", file.path, file.text.lines().count()))
            .collect(),
    );
}

#[test]
fn no_source_has_a_todo() {
    let mut faults = Vec::new();
    let later = [["TO", "DO"].concat(), ["FIX", "ME"].concat(), ["XX", "X:"].concat()];
    // STYLE.md is where it is forbidden.
    let ours = |file: &&File| !file.path.contains("generated/") && file.path != "STYLE.md";
    for file in files(&["rs", "md", "py", "yaml", "toml", "mjs"]).iter().filter(ours) {
        for (line, text) in file.text.lines().enumerate() {
            // Not within a word, such as the name of a platform.
            let has = |word: &str| text.match_indices(word).any(|(at, _)| !text[..at].ends_with(char::is_alphabetic));
            if later.iter().any(|word| has(word)) {
                faults.push(format!("{}:{}: {}", file.path, line + 1, text.trim()));
            }
        }
    }
    none(faults);
}

/// Code that ends the process or the request without a response. Clippy already refuses most of it unless it is
/// allowed, which only tests may do.
#[test]
fn no_code_outside_tests_panics() {
    const PANICS: [&str; 7] =
        [".unwrap()", ".expect(", "panic!(", "unreachable!(", "todo!(", "unimplemented!(", ".unwrap_err("];
    let mut faults = Vec::new();
    let tested = |file: &&File| !file.is_test() && !file.path.starts_with("shared/src/testing/");
    for file in sources().iter().filter(tested) {
        let code = without_tests(&bare(&file.text));
        for (line, text) in code.lines().enumerate() {
            if let Some(found) = PANICS.iter().find(|panics| text.contains(**panics)) {
                faults.push(format!("{}:{}: {found}", file.path, line + 1));
            }
            if ["unwrap_used", "expect_used", "clippy::panic", "unsafe_code"].iter().any(|lint| text.contains(lint)) {
                faults.push(format!("{}:{}: allows a denied lint: {}", file.path, line + 1, text.trim()));
            }
        }
    }
    none(faults);
}

/// Response types implement `ToSchema`. Their instants are `ApiTimestamp`, which alone keeps trailing zeros.
#[test]
fn no_response_has_a_bare_timestamp() {
    let mut faults = Vec::new();
    for file in sources().iter().filter(|file| !file.is_test()) {
        let code = without_tests(&bare(&file.text));
        for item in code.split("#[derive(").skip(1) {
            let (derived, rest) = item.split_once(')').unwrap_or_default();
            let shape = rest.split("\n}").next().unwrap_or_default();
            if derived.contains("ToSchema") && identifiers(shape).any(|(_, word)| word == "Timestamp") {
                let name = identifiers(shape).skip_while(|(_, word)| !["struct", "enum"].contains(word)).nth(1);
                faults.push(format!("{}: {}", file.path, name.map_or("", |(_, name)| name)));
            }
        }
    }
    none(faults);
}

/// Other code that sleeps could not be tested without waiting.
#[test]
fn only_the_clock_sleeps() {
    const WAITS: [&str; 4] = ["sleep", "sleep_until", "interval", "park_timeout"];
    let mut faults = Vec::new();
    let ours = ["shared/src/", "functions/"];
    let code = |file: &&File| ours.iter().any(|folder| file.path.starts_with(folder)) && !file.is_test();
    for file in sources().iter().filter(code).filter(|file| file.path != "shared/src/kernel/time.rs") {
        let code = without_tests(&bare(&file.text));
        let waits = identifiers(&code).filter(|(_, word)| WAITS.contains(word));
        faults.extend(waits.map(|(line, word)| format!("{}:{line}: {word}: use Clock::pause", file.path)));
    }
    none(faults);
}

/// The simulator sleeps in the time of a paused runtime.
#[test]
fn no_test_sleeps_or_is_ignored() {
    let mut faults = Vec::new();
    for file in sources().iter().filter(|file| !file.path.starts_with("tests/simulation/simulator/src/")) {
        let code = bare(&file.text);
        let in_tests = if file.is_test() { code.clone() } else { only_tests(&code) };
        for (line, text) in in_tests.lines().enumerate() {
            if text.contains("#[ignore") || identifiers(text).any(|(_, word)| word.starts_with("sleep")) {
                faults.push(format!("{}:{}: {}", file.path, line + 1, text.trim()));
            }
        }
    }
    none(faults);
}

/// The complement of `without_tests`: blanks every letter that it keeps.
fn only_tests(code: &str) -> String {
    let pairs = code.chars().zip(without_tests(code).chars().collect::<Vec<_>>());
    pairs.map(|(letter, outside)| if outside == ' ' || letter == '\n' { letter } else { ' ' }).collect()
}
