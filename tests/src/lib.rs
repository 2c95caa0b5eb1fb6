//! The repository for the system tests: its files, manifests and functions.

pub mod code;
pub mod manifest;

use std::path::{Path, PathBuf};

/// The folders with the project's own files.
const OWN: [&str; 8] = [".ci", "docs", "events", "functions", "infra", "shared", "tests", ""];

/// A text file of the repository.
pub struct File {
    /// Relative to the root, with `/`.
    pub path: String,
    pub text: String,
}

impl File {
    /// The file's name without its folder and extension.
    pub fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        name.split('.').next().unwrap_or_default()
    }

    /// The parts of the path.
    pub fn parts(&self) -> Vec<&str> {
        self.path.split('/').collect()
    }

    /// Whether it is compiled only for tests.
    pub fn is_test(&self) -> bool {
        let parts = self.parts();
        parts.contains(&"tests") || parts.contains(&"compile_fail") || parts.last() == Some(&"tests.rs")
    }
}

/// The root of the tested checkout, regardless of where the test was built.
pub fn root() -> PathBuf {
    let tests = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&tests).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// The project's own files with one of these extensions, ordered by path.
pub fn files(extensions: &[&str]) -> Vec<File> {
    let mut found = Vec::new();
    for folder in OWN {
        collect(&root(), folder, !folder.is_empty(), extensions, &mut found);
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

/// The files of one folder and its subfolders.
pub fn files_in(folder: &str, extensions: &[&str]) -> Vec<File> {
    let mut found = Vec::new();
    collect(&root(), folder, true, extensions, &mut found);
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

fn collect(root: &Path, folder: &str, below: bool, extensions: &[&str], found: &mut Vec<File>) {
    let Ok(entries) = std::fs::read_dir(root.join(folder)) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        if entry.path().is_dir() {
            // Installed and built files are not ours.
            if below && !["node_modules", "target", "__pycache__"].contains(&name.as_str()) {
                collect(root, &path, below, extensions, found);
            }
        } else if name.rsplit_once('.').is_some_and(|(_, extension)| extensions.contains(&extension))
            && let Ok(text) = std::fs::read_to_string(entry.path())
        {
            found.push(File { path, text });
        }
    }
}

/// The names of the domains: those of their folders.
pub fn domains() -> Vec<String> {
    let entries = std::fs::read_dir(root().join("functions")).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path().join("Cargo.toml").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
