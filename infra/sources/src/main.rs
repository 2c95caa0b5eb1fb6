//! Generates what Cargo and rustc need for each function's file: the list of its folder, its binary, and the binary's
//! entry in `Cargo.toml`. It depends on no domain crate, so that it runs before they compile.
//!
//! `make generate` runs it, to write the files; with `--check` it only reports which differ.

mod domain;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The project's root: this crate is two folders below it.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The files to write: their path from the root, and their text.
type Files = BTreeMap<PathBuf, String>;

fn main() -> ExitCode {
    let is_check = std::env::args().skip(1).any(|argument| argument == "--check");
    let (report, code) = match run(Path::new(ROOT), is_check) {
        Ok(report) => (report, ExitCode::SUCCESS),
        Err(fault) => (fault, ExitCode::FAILURE),
    };
    let _closed_pipe = writeln!(std::io::stderr(), "{report}");
    code
}

fn run(root: &Path, is_check: bool) -> Result<String, String> {
    let mut files = Files::new();
    let mut leftovers = Vec::new();
    for domain in domains(root).map_err(|error| error.to_string())? {
        domain::write(root, &domain, &mut files)?;
        leftovers.extend(domain::leftovers(root, &domain, &files));
    }
    let differs = |(path, text): &(&PathBuf, &String)| {
        std::fs::read_to_string(root.join(path)).ok().as_deref() != Some(text.as_str())
    };
    let changed: Vec<_> = files.iter().filter(differs).collect();
    if changed.is_empty() && leftovers.is_empty() {
        return Ok("Lists of functions and binaries are up to date.".to_owned());
    }
    let report = changed.iter().map(|(path, _)| format!("write {}", path.display()));
    let report: Vec<_> = report.chain(leftovers.iter().map(|path| format!("remove {}", path.display()))).collect();
    if is_check {
        return Err(format!("Lists of functions are out of date: run `make generate`. It will\n{}", report.join("\n")));
    }
    for (path, text) in changed {
        store(&root.join(path), text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    for path in leftovers {
        std::fs::remove_file(root.join(&path)).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(report.join("\n"))
}

fn store(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, text)
}

/// The folders of `functions/` that are crates.
fn domains(root: &Path) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(root.join("functions"))? {
        let entry = entry?;
        if entry.path().join("Cargo.toml").is_file() {
            names.extend(entry.file_name().into_string());
        }
    }
    names.sort();
    Ok(names)
}
