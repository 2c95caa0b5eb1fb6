//! `docs/trust.md`: every test that it names exists, so that no claim rests on a name.

use system_tests::root;

use crate::none;

#[test]
fn every_test_that_a_claim_rests_on_exists() {
    let trust = std::fs::read_to_string(root().join("docs/trust.md")).unwrap();
    let named: Vec<(&str, &str)> = trust.split('`').filter_map(|quoted| quoted.split_once("::")).collect();
    assert!(named.len() > 40, "only {} tests were found in docs/trust.md", named.len());
    let missing = |(file, test): &(&str, &str)| {
        // A domain's files stand without `functions/`.
        let text = [root().join(file), root().join("functions").join(file)]
            .iter()
            .find_map(|path| std::fs::read_to_string(path).ok())
            .unwrap_or_default();
        !text.contains(&format!("fn {test}("))
    };
    let faults = named.into_iter().filter(missing);
    none(faults.map(|(file, test)| format!("docs/trust.md: there is no test {test} in {file}")).collect());
}
