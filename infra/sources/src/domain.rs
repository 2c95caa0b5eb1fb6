//! One domain: every file in `src/routes` and `src/jobs` is a function.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::Files;

/// The text after this line in a domain's `Cargo.toml` is generated.
const MARK: &str = "# Written by `make generate`: a binary for each function.\n";

/// Without `required-features`, Cargo would link every binary for a domain's integration tests.
const SETTINGS: &str = "test = false\nrequired-features = [\"binaries\"]";

/// The folders of functions: the folder's name, and the declaration of its functions.
const FOLDERS: [(&str, &str); 2] = [("routes", "Function::route::<"), ("jobs", "Function::job::<")];

/// A function's file.
struct Source {
    /// `create_post`.
    stem: String,
    /// The type that declares it: `CreatePost`.
    declares: String,
}

impl Source {
    fn binary(&self) -> String {
        self.stem.replace('_', "-")
    }
}

/// Adds every generated file of a domain's functions.
pub fn write(root: &Path, domain: &str, files: &mut Files) -> Result<(), String> {
    let src = Path::new("functions").join(domain).join("src");
    let mut binaries = String::new();
    for (folder, declaration) in FOLDERS {
        let found = sources(root, &src.join(folder), declaration)?;
        if found.is_empty() {
            continue;
        }
        files.insert(src.join(folder).join("mod.rs"), list(domain, folder, &found));
        for source in &found {
            let (name, stem) = (source.binary(), &source.stem);
            let _ = write!(binaries, "\n[[bin]]\nname = \"{name}\"\npath = \"src/bin/{name}.rs\"\n{SETTINGS}\n");
            files.insert(src.join("bin").join(format!("{name}.rs")), binary(domain, folder, stem, &name));
        }
    }
    let manifest = Path::new("functions").join(domain).join("Cargo.toml");
    let text = std::fs::read_to_string(root.join(&manifest)).map_err(|error| format!("{manifest:?}: {error}"))?;
    let kept = text.split_once(MARK).map_or(text.as_str(), |(kept, _)| kept).trim_end();
    files.insert(manifest, format!("{kept}\n\n{MARK}{binaries}"));
    Ok(())
}

/// Binaries of deleted functions, and lists of empty folders.
pub fn leftovers(root: &Path, domain: &str, files: &Files) -> Vec<PathBuf> {
    let src = Path::new("functions").join(domain).join("src");
    let mut found = Vec::new();
    for folder in ["bin", "routes", "jobs"] {
        let Ok(entries) = std::fs::read_dir(root.join(&src).join(folder)) else { continue };
        let paths = entries.flatten().map(|entry| src.join(folder).join(entry.file_name()));
        found.extend(paths.filter(|path| (folder == "bin" || path.ends_with("mod.rs")) && !files.contains_key(path)));
    }
    found.sort();
    found
}

/// The functions of a folder, by name.
fn sources(root: &Path, folder: &Path, declaration: &str) -> Result<Vec<Source>, String> {
    let Ok(entries) = std::fs::read_dir(root.join(folder)) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for entry in entries.flatten() {
        let path = folder.join(entry.file_name());
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
        if stem == "mod" || path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let text = std::fs::read_to_string(entry.path()).map_err(|error| format!("{}: {error}", path.display()))?;
        let declares = declared(&text, declaration).ok_or_else(|| {
            format!("{}: declares no `pub static FUNCTION: Function = {declaration}…>()`", path.display())
        })?;
        found.push(Source { stem, declares: declares.to_owned() });
    }
    found.sort_by(|one, other| one.stem.cmp(&other.stem));
    Ok(found)
}

/// The type in `pub static FUNCTION: Function = Function::route::<CreatePost>();`.
fn declared<'a>(text: &'a str, declaration: &str) -> Option<&'a str> {
    text.split_once(&format!("pub static FUNCTION: Function = {declaration}"))?.1.split_once('>').map(|(name, _)| name)
}

fn list(domain: &str, folder: &str, found: &[Source]) -> String {
    let mut text =
        format!("//! The {folder} of `{domain}`. Written by `make generate`: each file of this folder is one.\n\n");
    for Source { stem, .. } in found {
        let _ = writeln!(text, "pub mod {stem};");
    }
    text.push_str("\nuse shared::function::Listed;\n\n#[rustfmt::skip]\npub static LISTED: &[Listed] = &[\n");
    for Source { stem, declares } in found {
        let _ = match folder {
            "routes" => writeln!(text, "    Listed::route::<{stem}::{declares}>(&{stem}::FUNCTION),"),
            _ => writeln!(text, "    Listed::job(&{stem}::FUNCTION),"),
        };
    }
    text.push_str("];\n");
    text
}

fn binary(domain: &str, folder: &str, stem: &str, name: &str) -> String {
    format!(
        "//! The function `{name}`.\n\nfn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {{\n    \
         {domain}::{folder}::{stem}::FUNCTION.serve()\n}}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_recognised_by_its_declaration() {
        let text = "pub static FUNCTION: Function = Function::route::<CreatePost>();\n";
        assert_eq!(declared(text, FOLDERS[0].1), Some("CreatePost"));
        assert_eq!(declared(text, FOLDERS[1].1), None);
        assert_eq!(declared("", FOLDERS[0].1), None);
    }

    #[test]
    fn a_list_names_each_function_once() {
        let source = Source { stem: "create_post".to_owned(), declares: "CreatePost".to_owned() };
        let text = list("posts", "routes", &[source]);
        assert!(text.contains("pub mod create_post;\n"));
        assert!(text.contains("    Listed::route::<create_post::CreatePost>(&create_post::FUNCTION),\n];\n"));
    }
}
