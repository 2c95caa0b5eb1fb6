//! `docs/asvs.md`: a line for every requirement of its chapters, and a test or document for every met one.

use std::collections::BTreeMap;

use system_tests::root;

use crate::none;
use crate::trust::missing_tests;

/// The requirements of OWASP ASVS 5.0.0 in chapters V6, V7 and V9: the section, and the level of each requirement in
/// order.
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

/// The states of a requirement. The first two need a test or document as evidence.
const STATES: [&str; 6] = ["met", "in part", "not met", "client", "operator", "does not apply"];

fn document() -> String {
    std::fs::read_to_string(root().join("docs/asvs.md")).unwrap()
}

/// The lines of the tables: number, level, requirement, state, evidence.
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
            None => faults.push(format!("docs/asvs.md: {number} is a duplicate, or not a requirement")),
        }
    }
    faults.extend(expected.into_keys().map(|number| format!("docs/asvs.md: {number} has no line")));
    none(faults);
}

#[test]
fn a_met_requirement_has_evidence_and_any_other_a_reason() {
    let document = document();
    let mut faults = Vec::new();
    for [number, _, asked, state, ground] in lines(&document) {
        if !STATES.contains(&state) {
            faults.push(format!("docs/asvs.md: {number}: unknown state {state:?}"));
        }
        let is_shown = ground.contains("::") || ground.contains("](");
        if STATES[..2].contains(&state) && !is_shown {
            faults.push(format!("docs/asvs.md: {number}: name a test or a document"));
        }
        if asked.is_empty() || ground.len() < 20 {
            faults.push(format!("docs/asvs.md: {number}: add a reason"));
        }
    }
    none(faults);
}

#[test]
fn every_test_named_for_a_requirement_exists() {
    none(missing_tests("docs/asvs.md", 100));
}
