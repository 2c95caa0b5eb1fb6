//! `docs/asvs.md`: a line for every requirement of the chapters that it answers, and a test or a document behind every
//! one that is met.

use std::collections::BTreeMap;

use system_tests::root;

use crate::none;
use crate::trust::missing_tests;

/// The requirements of OWASP ASVS 5.0.0 in its chapters V6, V7 and V9: section, and the level of each in its order.
const REQUIREMENTS: [(&str, &[u8]); 16] = [
    ("6.1", &[1, 2, 2]),
    ("6.2", &[1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2]),
    ("6.3", &[1, 1, 2, 2, 3, 3, 3, 3]),
    ("6.4", &[1, 1, 2, 2, 3, 3]),
    ("6.5", &[2, 2, 2, 2, 2, 3, 3, 3]),
    ("6.6", &[2, 2, 2, 3]),
    ("6.7", &[3, 3]),
    ("6.8", &[2, 2, 2, 2]),
    ("7.1", &[2, 2, 2]),
    ("7.2", &[1, 1, 1, 1]),
    ("7.3", &[2, 2]),
    ("7.4", &[1, 1, 2, 2, 2]),
    ("7.5", &[2, 2, 3]),
    ("7.6", &[2, 2]),
    ("9.1", &[1, 1, 1]),
    ("9.2", &[1, 2, 2, 2]),
];

/// What a line can say of a requirement. The first two rest on something that can be looked at.
const STATES: [&str; 6] = ["met", "in part", "not met", "client", "operator", "does not apply"];

fn document() -> String {
    std::fs::read_to_string(root().join("docs/asvs.md")).unwrap()
}

/// The lines of the tables: number, level, what is asked, state, ground.
fn lines(document: &str) -> Vec<[&str; 5]> {
    let cells = document.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let cells = cells.filter_map(|line| line.split(" | ").collect::<Vec<_>>().try_into().ok());
    cells.filter(|cells: &[&str; 5]| cells[0].starts_with(|first: char| first.is_ascii_digit())).collect()
}

#[test]
fn every_requirement_has_one_line() {
    let mut faults = Vec::new();
    let mut expected = BTreeMap::new();
    for (section, levels) in REQUIREMENTS {
        for (at, level) in levels.iter().enumerate() {
            expected.insert(format!("{section}.{}", at + 1), level.to_string());
        }
    }
    assert_eq!(expected.len(), 73);
    for [number, level, ..] in lines(&document()) {
        match expected.remove(number) {
            Some(known) if known == level => {}
            Some(known) => faults.push(format!("docs/asvs.md: {number} is of level {known}, not {level}")),
            None => faults.push(format!("docs/asvs.md: {number} stands there twice, or is no requirement")),
        }
    }
    faults.extend(expected.into_keys().map(|number| format!("docs/asvs.md: {number} has no line")));
    none(faults);
}

#[test]
fn what_is_met_can_be_looked_at_and_the_rest_has_a_reason() {
    let document = document();
    let mut faults = Vec::new();
    for [number, _, asked, state, ground] in lines(&document) {
        if !STATES.contains(&state) {
            faults.push(format!("docs/asvs.md: {number}: there is no state {state:?}"));
        }
        let is_shown = ground.contains("::") || ground.contains("](");
        if STATES[..2].contains(&state) && !is_shown {
            faults.push(format!("docs/asvs.md: {number}: neither a test nor a document is named"));
        }
        if asked.is_empty() || ground.len() < 20 {
            faults.push(format!("docs/asvs.md: {number}: says nothing"));
        }
    }
    none(faults);
}

#[test]
fn every_test_that_a_requirement_rests_on_exists() {
    none(missing_tests("docs/asvs.md", 100));
}
