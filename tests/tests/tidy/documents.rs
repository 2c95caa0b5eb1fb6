//! The documents: their commands and links exist.

use std::collections::BTreeSet;

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

/// Mails and platforms link to them, so that a client must have them and an operator can move them.
#[test]
fn every_linked_page_is_documented_and_can_be_moved() {
    let read = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
    let between = |text: &str, from: &str, to: &str| {
        let found = text.split(from).skip(1).filter_map(|rest| Some(rest.split_once(to)?.0.to_owned()));
        found.collect::<BTreeSet<String>>()
    };
    let sources = files(&["rs"]);
    let sources = sources.iter().filter(|file| file.path.starts_with("functions/") && file.path.contains("/src/"));
    let linked: BTreeSet<_> = sources
        .flat_map(|file| ["= Page::named(\"", "workspace.page_url(\""].map(|link| between(&file.text, link, "\"")))
        .flatten()
        .collect();
    assert!(linked.len() > 5, "hardly any were found: {linked:?}");
    assert_eq!(between(&read("docs/client-pages.md"), "\n| `/", "`"), linked);
    let pattern = between(&read("template.yaml"), "AllowedPattern: \"^((sign-in|", ")=/");
    let movable = pattern.iter().flat_map(|names| names.split('|')).chain(["sign-in"]).map(str::to_owned);
    assert_eq!(movable.collect::<BTreeSet<_>>(), linked);
}
