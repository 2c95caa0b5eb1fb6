//! Sources: the file of a function, and the summary in its first line.

use std::path::{Path, PathBuf};

use shared::function::{Declared, Function};

use crate::names::snake;

/// The path of a function's file, relative to `functions/`.
pub fn file(domain: &str, function: &Function) -> PathBuf {
    let folder = match function.declared() {
        Declared::Route(_) => "routes",
        Declared::Job(_) => "jobs",
    };
    Path::new(domain).join("src").join(folder).join(format!("{}.rs", snake(function.name())))
}

/// The path of its sample event, relative to the root.
pub fn event(domain: &str, function: &str) -> PathBuf {
    Path::new("events").join(domain).join(format!("{function}.json"))
}

/// The first sentence of the file, without the leading name of the route or job.
pub fn summary(text: &str) -> String {
    let opening: Vec<&str> = text
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .map(str::trim)
        .take_while(|line| !line.is_empty())
        .collect();
    let opening = opening.join(" ");
    let summary = opening.split_once(": ").map_or(opening.as_str(), |(_, summary)| summary);
    let summary = summary.split_once(". ").map_or(summary, |(sentence, _)| sentence).trim_end_matches('.');
    let mut letters = summary.chars();
    letters.next().map(|first| format!("{}{}.", first.to_uppercase(), letters.as_str())).unwrap_or_default()
}

/// The summary of a function's file under the root; empty if the file cannot be read, which `checks` reports.
pub fn summary_of(root: &Path, domain: &str, function: &Function) -> String {
    let path = root.join("functions").join(file(domain, function));
    std::fs::read_to_string(path).map(|text| summary(&text)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_the_first_sentence_without_the_route() {
        let text = "//! `PUT /posts/{post_id}`: changes a post\n//! that is not published yet. Twice.\n//!\n//! More.\nuse x;\n";
        assert_eq!(summary(text), "Changes a post that is not published yet.");
        assert_eq!(summary("//! Mail: nothing.\n"), "Nothing.");
        assert_eq!(summary("use x;\n"), "");
    }
}
