//! `docs/trust.md`: every test that it names exists.

use system_tests::root;

use crate::none;

#[test]
fn every_test_named_for_a_claim_exists() {
    none(missing_tests("docs/trust.md", 40));
}

/// The tests that a document names but that do not exist. It must name some, otherwise the search is broken.
pub fn missing_tests(document: &str, at_least: usize) -> Vec<String> {
    let text = std::fs::read_to_string(root().join(document)).unwrap();
    let named: Vec<(&str, &str)> = text.split('`').filter_map(|quoted| quoted.split_once("::")).collect();
    assert!(named.len() > at_least, "only {} tests were found in {document}", named.len());
    let missing = |(file, test): &(&str, &str)| {
        // Paths of a domain's files omit `functions/`.
        let text = [root().join(file), root().join("functions").join(file)]
            .iter()
            .find_map(|path| std::fs::read_to_string(path).ok())
            .unwrap_or_default();
        !text.contains(&format!("fn {test}("))
    };
    let faults = named.into_iter().filter(missing);
    faults.map(|(file, test)| format!("{document}: {file} has no test {test}")).collect()
}
