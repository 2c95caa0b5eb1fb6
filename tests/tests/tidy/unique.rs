//! Names that are unique in the product are declared once.

use std::collections::BTreeMap;

use system_tests::code::{uncommented, without_tests};
use system_tests::files;

use crate::none;

/// A kind of name, and the code before it in a declaration.
const DECLARED: [(&str, &[&str]); 6] = [
    ("KIND", &["const KIND: &'static str = \""]),
    ("PREFIX", &["const PREFIX: &'static str = \""]),
    ("message or work", &["const NAME: &'static str = \""]),
    ("audit action", &["AuditAction::named(\""]),
    ("system event", &["EventKind::security(\"", "EventKind::operational(\""]),
    ("problem code", &["ProblemCode::new(", "ProblemCode::of_job("]),
];

/// The names of one kind that a source declares.
fn names(code: &str, before: &str) -> Vec<String> {
    let quoted = |rest: &str| rest.split('"').nth(1).unwrap_or_default().to_owned();
    let declared = code.split(before).skip(1);
    if before.ends_with('"') {
        return declared.map(|rest| rest.split('"').next().unwrap_or_default().to_owned()).collect();
    }
    // The status comes first. Without a number it is not a declaration.
    let is_number = |rest: &&str| rest.trim_start().starts_with(|first: char| first.is_ascii_digit());
    declared.filter(is_number).map(quoted).collect()
}

#[test]
fn a_unique_name_is_declared_once() {
    let mut faults = Vec::new();
    for (kind, befores) in DECLARED {
        let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let sources = files(&["rs"]);
        let ours = |file: &&system_tests::File| file.path.contains("/src/") && !file.is_test();
        for file in sources.iter().filter(ours) {
            let code = without_tests(&uncommented(&file.text));
            for name in befores.iter().flat_map(|before| names(&code, before)) {
                places.entry(name).or_default().push(file.path.clone());
            }
        }
        assert!(places.len() > 5, "{kind}: hardly any were found: {places:?}");
        let twice = places.into_iter().filter(|(_, places)| places.len() > 1);
        faults.extend(twice.map(|(name, places)| format!("{kind} {name}: {}", places.join(", "))));
    }
    none(faults);
}

#[test]
fn a_declared_problem_is_used() {
    let sources = files(&["rs"]);
    let mut faults = Vec::new();
    for file in sources.iter().filter(|file| file.path.ends_with("/src/problems.rs")) {
        let constants = file.text.split("pub const ").skip(1).filter_map(|rest| rest.split(':').next());
        for constant in constants {
            let used = |other: &&system_tests::File| {
                let words = other.text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
                other.path != file.path && words.into_iter().any(|word| word == constant)
            };
            if !sources.iter().any(|other| used(&other)) {
                faults.push(format!("{}: {constant} is never used", file.path));
            }
        }
    }
    none(faults);
}
