//! The manifests: one place for every dependency, one set of lints for every crate.

use std::collections::BTreeSet;
use std::process::Command;

use system_tests::manifest::{self, KINDS, Manifest};
use toml::Value;

use crate::none;

/// The fields that a crate inherits from the workspace.
const INHERITED: [&str; 5] = ["version", "edition", "rust-version", "license", "publish"];

#[test]
fn every_crate_inherits_version_and_lints() {
    let mut faults = Vec::new();
    for krate in manifest::crates().unwrap() {
        let inherits = |path: &[&str]| krate.value(path).and_then(Value::as_bool) == Some(true);
        if !inherits(&["lints", "workspace"]) {
            faults.push(format!("{}: lacks [lints] workspace = true", krate.folder));
        }
        let missing = INHERITED.iter().filter(|key| !inherits(&["package", key, "workspace"]));
        faults.extend(missing.map(|key| format!("{}: lacks {key}.workspace = true", krate.folder)));
    }
    none(faults);
}

#[test]
fn the_workspace_forbids_unsafe_code_and_denies_panics() {
    let workspace = manifest::workspace().unwrap();
    let lint = |path: &[&str]| workspace.value(path).and_then(Value::as_str);
    assert_eq!(lint(&["workspace", "lints", "rust", "unsafe_code"]), Some("forbid"));
    for name in ["unwrap_used", "expect_used", "panic", "todo", "dbg_macro", "print_stdout", "print_stderr"] {
        assert_eq!(lint(&["workspace", "lints", "clippy", name]), Some("deny"), "{name}");
    }
}

#[test]
fn every_dependency_is_declared_once_in_the_root() {
    let workspace = manifest::workspace().unwrap();
    let declared = workspace.value(&["workspace", "dependencies"]).and_then(Value::as_table).unwrap();
    let mut used = BTreeSet::new();
    let mut faults = Vec::new();
    for krate in manifest::crates().unwrap() {
        for kind in KINDS {
            for (name, value) in krate.dependencies(kind) {
                used.insert(name.to_owned());
                if value.get("workspace").and_then(Value::as_bool) != Some(true) {
                    faults.push(format!("{}: {name} is not `workspace = true`", krate.folder));
                }
            }
        }
        if krate.table.contains_key("target") {
            faults.push(format!("{}: has dependencies of one target", krate.folder));
        }
    }
    let unused = declared.keys().filter(|name| !used.contains(*name));
    faults.extend(unused.map(|name| format!("Cargo.toml: no crate uses {name}")));
    none(faults);
}

/// The crates that only tests depend on, and that enable the feature for them.
const FOR_TESTS: [&str; 2] = ["tests/support", "tests/simulation/simulator"];

/// A release build must never include code that mints proofs.
#[test]
fn only_tests_enable_the_feature_testing() {
    let mut faults = Vec::new();
    for krate in manifest::crates().unwrap().into_iter().filter(|krate| !FOR_TESTS.contains(&krate.folder.as_str())) {
        for kind in ["dependencies", "build-dependencies"] {
            let for_tests = krate.dependencies(kind).filter(|(name, _)| ["test_support", "simulator"].contains(name));
            faults.extend(for_tests.map(|(name, _)| format!("{}: names {name} in its {kind}", krate.folder)));
            if asks(&krate, kind, "testing") {
                faults.push(format!("{}: enables the feature testing in its {kind}", krate.folder));
            }
        }
    }
    none(faults);
}

#[test]
fn only_benchmarks_enable_the_feature_measuring() {
    let asking = |krate: &Manifest| KINDS.iter().any(|kind| asks(krate, kind, "measuring"));
    let found: Vec<_> = manifest::crates().unwrap().into_iter().filter(asking).map(|krate| krate.folder).collect();
    assert_eq!(found, ["infra/measure"]);
}

/// Cargo unifies the features of crates that it builds together: functions for AWS are built without every other crate
/// (infra/local/package.py).
#[test]
fn packages_for_aws_are_built_from_functions_and_shared_alone() {
    let building = std::fs::read_to_string(system_tests::root().join("infra/local/package.py")).unwrap();
    let excluded: Vec<&str> =
        building.lines().find_map(|line| line.strip_prefix("TOOLS = ")).unwrap().split('"').collect();
    let others =
        manifest::crates().unwrap().into_iter().filter(|krate| krate.domain().is_none() && krate.folder != "shared");
    let names = others.filter_map(|krate| krate.value(&["package", "name"]).and_then(Value::as_str).map(str::to_owned));
    none(
        names
            .filter(|name| !excluded.contains(&name.as_str()))
            .map(|name| format!("{name}: is not in TOOLS"))
            .collect(),
    );
}

/// With other features, cargo would compile a dependency, and everything that uses it, once for the tests and once for the
/// local cloud. The cure is to enable the feature in infra/all_functions too.
#[test]
fn the_local_cloud_and_the_tests_compile_dependencies_with_the_same_features() {
    let local = dependencies(&["--package", "all_functions", "--features", "shared/development", "--edges", "normal"]);
    let tests = dependencies(&["--workspace", "--edges", "normal,dev"]);
    assert!(local.len() > 100, "{local:?}");
    none(local.difference(&tests).map(|line| format!("only the local cloud compiles {line}")).collect());
}

/// Every third-party crate of a build with its features: `uuid v1.29.1 [std,v4]`.
fn dependencies(selection: &[&str]) -> BTreeSet<String> {
    let root = system_tests::root();
    let mut tree = Command::new(env!("CARGO"));
    tree.args(["tree", "--offline", "--prefix", "none", "--format", "{p} [{f}]"]).args(selection).current_dir(&root);
    let output = tree.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let own = format!(" ({}", root.display());
    text.lines().filter(|line| !line.contains(&own)).map(|line| line.trim_end_matches(" (*)").to_owned()).collect()
}

fn asks(krate: &Manifest, kind: &str, wanted: &str) -> bool {
    let features = krate.dependencies(kind).filter_map(|(_, value)| value.get("features")?.as_array().cloned());
    features.flatten().any(|feature| feature.as_str() == Some(wanted))
}

/// Otherwise an empty test harness would be linked for each (Makefile, `test`).
#[test]
fn the_binaries_of_a_domain_have_no_tests() {
    let mut faults = Vec::new();
    for krate in manifest::crates().unwrap().iter().filter(|krate| krate.domain().is_some()) {
        let is_off = |value: &Value, key: &str| value.get(key).and_then(Value::as_bool) == Some(false);
        if !krate.table.get("lib").is_some_and(|lib| is_off(lib, "doctest")) {
            faults.push(format!("{}: [lib] lacks doctest = false", krate.folder));
        }
        let listed = krate.table.get("bin").and_then(Value::as_array).cloned().unwrap_or_default();
        let with_tests = listed.iter().filter(|binary| !is_off(binary, "test"));
        faults
            .extend(with_tests.map(|binary| format!("{}: lacks test = false: {:?}", krate.folder, binary.get("name"))));
        let names: BTreeSet<String> =
            listed.iter().filter_map(|binary| binary.get("name")?.as_str().map(str::to_owned)).collect();
        let files = system_tests::files_in(&format!("{}/src/bin", krate.folder), &["rs"]);
        let found: BTreeSet<String> = files.iter().map(|file| file.stem().to_owned()).collect();
        let differing = names.symmetric_difference(&found);
        faults.extend(differing.map(|name| format!("{}: [[bin]] and src/bin differ in {name}", krate.folder)));
    }
    none(faults);
}
