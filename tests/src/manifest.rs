//! The manifests of the workspace's crates.

use toml::{Table, Value};

use crate::{files_in, root};

/// A crate of the workspace.
pub struct Manifest {
    /// Its folder, relative to the root: `functions/posts`.
    pub folder: String,
    pub table: Table,
}

/// The kinds of dependencies that a manifest may have.
pub const KINDS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

impl Manifest {
    pub fn name(&self) -> &str {
        self.value(&["package", "name"]).and_then(Value::as_str).unwrap_or_default()
    }

    /// The name of the domain, if the crate is one.
    pub fn domain(&self) -> Option<&str> {
        self.folder.strip_prefix("functions/")
    }

    pub fn value(&self, path: &[&str]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.table.get(*first)?, |value, key| value.get(key))
    }

    /// The dependencies of one kind.
    pub fn dependencies(&self, kind: &str) -> impl Iterator<Item = (&str, &Value)> {
        let table = self.table.get(kind).and_then(Value::as_table);
        table.into_iter().flatten().map(|(name, value)| (name.as_str(), value))
    }
}

/// The root's manifest.
pub fn workspace() -> Result<Manifest, String> {
    read(String::new())
}

/// Every crate of the workspace.
pub fn crates() -> Result<Vec<Manifest>, String> {
    let folders = ["functions", "infra", "shared", "tests"];
    let found = folders.iter().flat_map(|folder| files_in(folder, &["toml"]));
    let manifests = found.filter_map(|file| file.path.strip_suffix("/Cargo.toml").map(str::to_owned));
    manifests.map(read).collect()
}

fn read(folder: String) -> Result<Manifest, String> {
    let path = root().join(&folder).join("Cargo.toml");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let table = text.parse().map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(Manifest { folder, table })
}
