//! Outputs: the generated files, written, or compared with the committed ones.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::difference::difference;

/// Folders with generated files only, so that files which are no longer generated are found.
const GENERATED_ONLY: &[&str] = &["infra/generated"];
/// The files to generate: their path from the root of the project, and their text.
#[derive(Default)]
pub struct Outputs {
    files: BTreeMap<PathBuf, String>,
}

impl Outputs {
    pub fn add(&mut self, path: impl Into<PathBuf>, text: String) {
        self.files.insert(path.into(), text);
    }

    pub fn add_json(&mut self, path: &str, value: &Value) {
        self.add(path, format!("{value:#}\n"));
    }

    /// Writes every file that differs, deletes those that are no longer generated, and returns which.
    pub fn write(&self, root: &Path) -> std::io::Result<Vec<String>> {
        let mut report = Vec::new();
        for (path, text) in &self.files {
            if read(&root.join(path))?.as_deref() == Some(text) {
                continue;
            }
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(root.join(folder))?;
            }
            std::fs::write(root.join(path), text)?;
            report.push(format!("wrote {}", path.display()));
        }
        for path in self.leftovers(root)? {
            std::fs::remove_file(root.join(&path))?;
            report.push(format!("removed {}", path.display()));
        }
        Ok(report)
    }

    /// The differences from the files under the root, for people to read; empty if there are none.
    pub fn differences(&self, root: &Path) -> std::io::Result<String> {
        let mut report = String::new();
        for (path, text) in &self.files {
            match read(&root.join(path))? {
                None => report.push_str(&format!("{}: is missing\n", path.display())),
                Some(committed) if committed != *text => {
                    report.push_str(&format!("{}: differs\n{}", path.display(), difference(&committed, text)));
                }
                Some(_) => {}
            }
        }
        for path in self.leftovers(root)? {
            report.push_str(&format!("{}: is no longer generated\n", path.display()));
        }
        Ok(report)
    }

    fn leftovers(&self, root: &Path) -> std::io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for folder in GENERATED_ONLY {
            let Ok(entries) = std::fs::read_dir(root.join(folder)) else { continue };
            for entry in entries {
                let path = Path::new(folder).join(entry?.file_name());
                if !self.files.contains_key(&path) {
                    found.push(path);
                }
            }
        }
        found.sort();
        Ok(found)
    }
}

fn read(path: &Path) -> std::io::Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn written_files_do_not_differ_but_leftovers_do() {
        let root = std::env::temp_dir().join(format!("generator-outputs-{}", std::process::id()));
        let mut outputs = Outputs::default();
        outputs.add("infra/generated/a.yaml", "a\n".to_owned());
        assert_eq!(outputs.differences(&root).unwrap(), "infra/generated/a.yaml: is missing\n");
        outputs.write(&root).unwrap();
        assert_eq!(outputs.differences(&root).unwrap(), "");
        std::fs::write(root.join("infra/generated/old.yaml"), "").unwrap();
        assert_eq!(outputs.differences(&root).unwrap(), "infra/generated/old.yaml: is no longer generated\n");
        outputs.write(&root).unwrap();
        assert!(!root.join("infra/generated/old.yaml").exists());
        std::fs::remove_dir_all(root).unwrap();
    }
}
