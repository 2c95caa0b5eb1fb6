//! The documents: their commands and links exist.

use system_tests::{files, root};

use crate::none;

#[test]
fn every_make_target_in_a_document_exists() {
    let makefile = std::fs::read_to_string(root().join("Makefile")).unwrap();
    let exists = |target: &str| makefile.lines().any(|line| line.starts_with(&format!("{target}:")));
    let mut faults = Vec::new();
    for file in files(&["md", "rs", "py", "yaml"]).iter().filter(|file| file.path != "tests/tests/tidy/documents.rs") {
        for (line, text) in file.text.lines().enumerate() {
            for target in named_targets(text).filter(|target| !exists(target)) {
                faults.push(format!("{}:{}: `make {target}` does not exist", file.path, line + 1));
            }
        }
    }
    none(faults);
}

/// `make x` as code: after a backtick, or at the beginning of a line.
fn named_targets(text: &str) -> impl Iterator<Item = &str> {
    let quoted = text.match_indices("`make ").map(|(at, found)| &text[at + found.len()..]);
    let typed = text.trim_start().strip_prefix("make ");
    quoted.chain(typed).filter_map(|rest| {
        let target = rest.split(|letter: char| !letter.is_ascii_lowercase() && letter != '-').next()?;
        (!target.is_empty()).then_some(target)
    })
}

#[test]
fn every_linked_file_of_a_document_exists() {
    let mut faults = Vec::new();
    for file in files(&["md"]) {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for link in links(&file.text).filter(|link| !link.contains("://") && !link.starts_with('#')) {
            let target = link.split('#').next().unwrap_or_default();
            if !root().join(folder).join(target).exists() {
                faults.push(format!("{}: links to the missing file {link}", file.path));
            }
        }
    }
    none(faults);
}

fn links(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("](").filter_map(|(at, found)| text[at + found.len()..].split(')').next())
}
