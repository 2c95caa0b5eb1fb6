//! The layers of `shared` and the order of the domains: each imports only from those before it.

use system_tests::code::{bare, identifiers, uncommented, without_tests, words};
use system_tests::{files_in, manifest};

use crate::none;

/// The modules of `shared`, lowest first. Modules of the same row do not import each other.
const LAYERS: [&[&str]; 14] = [
    &["kernel", "metrics"],
    &["config"],
    &["aws"],
    &["crypto"],
    &["table"],
    &["audit", "outbox"],
    &["system_events"],
    &["tenancy"],
    &["identity"],
    &["http", "jobs"],
    &["work"],
    &["function"],
    &["prelude"],
    &["testing", "measuring"],
];

/// Crates that a function crate may use only through `shared`.
const MECHANISM: [&str; 7] =
    ["aws-config", "aws-sdk-", "aws-smithy-", "aws-credential-", "lambda_", "reqwest", "tokio"];

/// Nouns of the product, which `shared` must not use.
const NOUNS: [&str; 17] = [
    "post",
    "posts",
    "channel",
    "channels",
    "brand",
    "brands",
    "picture",
    "pictures",
    "delivery",
    "deliveries",
    "campaign",
    "campaigns",
    "caption",
    "bluesky",
    "mastodon",
    "instagram",
    "hashtag",
];

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|row| row.contains(&module))
}

/// The module of `shared` that a file belongs to: `table` for `shared/src/table/commit.rs`.
fn module(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("shared/src/")?;
    let first = rest.split('/').next()?;
    let module = first.strip_suffix(".rs").unwrap_or(first);
    (module != "lib").then_some(module)
}

/// The modules named after `crate::` in bare code, with their lines: `crate::a::b`, `crate::{a, b::c}`.
fn imports(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, matched) in code.match_indices("crate::") {
        let line = code[..at].lines().count().max(1);
        let rest = &code[at + matched.len()..];
        let mut depth = 0;
        let mut name = String::new();
        for letter in rest.chars() {
            match letter {
                '{' => depth += 1,
                '}' => depth -= 1,
                letter if letter.is_alphanumeric() || letter == '_' => {
                    name.push(letter);
                    continue;
                }
                _ => {}
            }
            // Inside braces, only the first segment of each path is a module of the root.
            if !name.is_empty() && depth <= 1 {
                found.push((line, std::mem::take(&mut name)));
            }
            name.clear();
            if depth == 0 || letter == ';' {
                break;
            }
        }
    }
    found.retain(|(_, name)| layer(name).is_some());
    found
}

#[test]
fn imports_are_found_with_their_lines() {
    let code = "use crate::aws::grants::Table;\nuse crate::{\n    table::item::Item,\n    kernel,\n};\nfn f() { crate::http::g() }";
    let found: Vec<String> = imports(code).into_iter().map(|(line, name)| format!("{line} {name}")).collect();
    assert!(found.contains(&"1 aws".to_owned()) && found.contains(&"6 http".to_owned()), "{found:?}");
    assert!(found.iter().any(|found| found.ends_with("table")) && found.iter().any(|found| found.ends_with("kernel")));
}

#[test]
fn a_module_of_shared_imports_only_from_its_left() {
    let mut faults = Vec::new();
    for file in files_in("shared/src", &["rs"]) {
        let Some(module) = module(&file.path) else { continue };
        let Some(own) = layer(module) else {
            faults.push(format!("{}: the module {module} is in no layer", file.path));
            continue;
        };
        for (line, imported) in imports(&without_tests(&bare(&file.text))) {
            if imported != module && layer(&imported).is_none_or(|other| other >= own) {
                faults.push(format!("{}:{line}: {module} imports {imported}", file.path));
            }
        }
    }
    none(faults);
}

/// A domain's place in the order of domains.
fn place(name: &str) -> Option<usize> {
    domains::DOMAINS.iter().position(|domain| domain.name == name)
}

#[test]
fn a_domain_depends_only_on_lower_ones() {
    let mut faults = Vec::new();
    for krate in manifest::crates().unwrap() {
        let Some(domain) = krate.domain() else { continue };
        let Some(own) = place(domain) else {
            faults.push(format!("{}: is not in the order of domains", krate.folder));
            continue;
        };
        for (name, _) in krate.dependencies("dependencies") {
            if place(name).is_some_and(|other| other >= own) {
                faults.push(format!("{domain} depends on {name}, which is not lower"));
            }
        }
    }
    none(faults);
}

#[test]
fn a_function_crate_uses_outside_services_only_through_shared() {
    let mut faults = Vec::new();
    for krate in manifest::crates().unwrap() {
        if krate.domain().is_none() {
            continue;
        }
        for kind in ["dependencies", "build-dependencies"] {
            for (name, _) in krate.dependencies(kind) {
                if MECHANISM.iter().any(|mechanism| name.starts_with(mechanism)) {
                    faults.push(format!("{}: depends on {name}", krate.folder));
                }
            }
        }
    }
    for file in files_in("functions", &["rs"]) {
        for (line, word) in identifiers(&bare(&file.text)) {
            if words(word).iter().any(|word| word == "dynamodb") || word.to_lowercase().contains("dynamodb") {
                faults.push(format!("{}:{line}: names the database: {word}", file.path));
            }
        }
    }
    none(faults);
}

#[test]
fn shared_has_no_noun_of_the_product() {
    let mut faults = Vec::new();
    for file in files_in("shared/src", &["rs"]) {
        for (line, identifier) in identifiers(&without_tests(&uncommented(&file.text))) {
            // The HTTP method, and the verb: `Method::Post`, `outbox::post`.
            if ["post", "Post", "POST"].contains(&identifier) {
                continue;
            }
            if words(identifier).iter().any(|word| NOUNS.contains(&word.as_str())) {
                faults.push(format!("{}:{line}: {identifier}", file.path));
            }
        }
    }
    none(faults);
}
