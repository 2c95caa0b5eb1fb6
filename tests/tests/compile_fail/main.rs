//! Cases that the compiler must refuse: isolation by the type system.
//!
//! Each file of `tests/compile_fail` is compiled like part of a function crate, with the dependencies of `posts` and no
//! others, and the compiler's errors are compared with the `.stderr` file next to it. `UPDATE_STDERR=1` rewrites these
//! files; then review the difference.
//!
//! This is trybuild's idea without its cost: trybuild checks the whole dependency tree in its own folder (231
//! CPU-seconds on a clean machine); this uses the libraries that the test itself was linked with (3 to 7).
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use system_tests::{files_in, manifest, root};

/// This case compiles, which proves that refusals are not caused by a missing library.
const SOUND: &str = "sound";

#[test]
fn the_compiler_refuses_every_case() {
    let libraries = libraries();
    let mut faults = Vec::new();
    let cases = files_in("tests/compile_fail", &["rs"]);
    assert!(cases.iter().any(|case| case.stem() == SOUND));
    for case in cases {
        let said = compile(&case.path, &libraries);
        let pinned = root().join(case.path.replace(".rs", ".stderr"));
        if said.is_empty() != (case.stem() == SOUND) {
            faults.push(format!("{}: the compiler said:\n{said}", case.path));
        } else if said.is_empty() {
            // The expected errors.
        } else if std::env::var_os("UPDATE_STDERR").is_some() {
            std::fs::write(&pinned, &said).unwrap();
        } else if std::fs::read_to_string(&pinned).unwrap_or_default() != said {
            faults.push(format!("{}: differs from {}:\n{said}", case.path, pinned.display()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The libraries that a function crate depends on, each with the file that this test was linked with.
fn libraries() -> BTreeMap<String, PathBuf> {
    let crates = manifest::crates().unwrap();
    let posts = crates.iter().find(|krate| krate.name() == "posts").unwrap();
    let wanted: Vec<String> = posts.dependencies("dependencies").map(|(name, _)| name.replace('-', "_")).collect();
    // Selected like all tests, everything is already built with these features: cargo only reports the paths.
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["test", "--no-run", "--offline", "--quiet", "--message-format", "json"])
        .args(["--workspace", "--test", "compile_fail"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let messages = output.stdout.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
    let found: BTreeMap<String, PathBuf> = messages
        .filter(|message: &Value| message["reason"] == "compiler-artifact")
        .filter_map(|message| {
            let name = message["target"]["name"].as_str()?.replace('-', "_");
            let files = message["filenames"].as_array()?.iter().filter_map(Value::as_str);
            let library = files.into_iter().find(|file| file.ends_with(".rlib"))?;
            wanted.contains(&name).then(|| (name, PathBuf::from(library)))
        })
        .collect();
    assert_eq!(found.len(), wanted.len(), "of {wanted:?} there are only {:?}", found.keys());
    found
}

/// The compiler's errors for a case, one per line.
fn compile(path: &str, libraries: &BTreeMap<String, PathBuf>) -> String {
    let case = Path::new(path);
    let name = case.file_name().unwrap();
    let built = std::env::temp_dir().join(format!("{}-{}.rmeta", name.to_string_lossy(), std::process::id()));
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.args(["--edition", "2024", "--crate-type", "lib", "--emit", "metadata", "--error-format", "short"]);
    rustc.args(["--allow", "warnings", "--crate-name", "case", "-o"]).arg(&built);
    for (name, file) in libraries {
        rustc.arg("--extern").arg(format!("{name}={}", file.display()));
        rustc.arg("-L").arg(format!("dependency={}", file.parent().unwrap().display()));
    }
    let output = rustc.arg(name).current_dir(root().join(case.parent().unwrap())).output().unwrap();
    let _ = std::fs::remove_file(&built);
    let text = String::from_utf8(output.stderr).unwrap();
    let own = format!("{}:", name.to_string_lossy());
    let lines = text.lines().filter(|line| line.contains(": error") || line.starts_with("error["));
    lines.map(|line| if line.starts_with(&own) { format!("{line}\n") } else { elsewhere(line) }).collect()
}

/// The position of an error in `shared` changes with every edit there: keep only its text.
fn elsewhere(line: &str) -> String {
    line.find("error").map(|at| format!("{}\n", &line[at..])).unwrap_or_default()
}
