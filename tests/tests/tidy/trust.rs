//! `docs/trust.md`: every test that it names exists, so that no claim rests on a name.

use system_tests::root;

use crate::none;

#[test]
fn every_test_that_a_claim_rests_on_exists() {
    none(missing_tests("docs/trust.md", 40));
}

/// The tests that a document names and that are not there. It must name some, or what finds them is at fault.
pub fn missing_tests(document: &str, at_least: usize) -> Vec<String> {
    let text = std::fs::read_to_string(root().join(document)).unwrap();
    let named: Vec<(&str, &str)> = text.split('`').filter_map(|quoted| quoted.split_once("::")).collect();
    assert!(named.len() > at_least, "only {} tests were found in {document}", named.len());
    let missing = |(file, test): &(&str, &str)| {
        // A domain's files stand without `functions/`.
        let text = [root().join(file), root().join("functions").join(file)]
            .iter()
            .find_map(|path| std::fs::read_to_string(path).ok())
            .unwrap_or_default();
        !text.contains(&format!("fn {test}("))
    };
    let faults = named.into_iter().filter(missing);
    faults.map(|(file, test)| format!("{document}: there is no test {test} in {file}")).collect()
}
