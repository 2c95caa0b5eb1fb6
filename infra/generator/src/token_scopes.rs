//! The scopes of personal access tokens, from the routes that accept tokens.

use std::collections::BTreeSet;

use domains::routes;

/// The generated Rust list for `profiles`.
pub fn list() -> String {
    let scopes = scopes();
    let lines: String = scopes.iter().map(|scope| format!("    \"{scope}\",\n")).collect();
    format!(
        "//! Written by infra/generator. The scopes of personal access tokens, from the routes that accept tokens.\n\n\
         #[rustfmt::skip]\npub const SCOPES: [&str; {}] = [\n{lines}];\n",
        scopes.len()
    )
}

fn scopes() -> BTreeSet<String> {
    routes().filter_map(|(_, _, declared)| declared.token).map(|scope| scope.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_is_a_noun_and_a_verb() {
        assert!(!scopes().is_empty());
        for scope in scopes() {
            let (noun, verb) = scope.split_once(':').unwrap_or_default();
            assert!(!noun.is_empty() && noun.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{scope}");
            assert!(["read", "write"].contains(&verb), "{scope}");
        }
    }
}
