//! `functions/README.md`: from a method and path, or a job and what starts it, to the file.

use std::fmt::Write as _;
use std::path::Path;

use shared::function::{Declared, Requires};

use crate::domains::{DOMAINS, Domain, all, trigger};
use crate::names::snake;
use crate::sources::summary_of;

const HEAD: &str = "<!-- Written by infra/generator. Do not edit. -->

# Functions

Every route and every job is one file, one binary and one Lambda function, all of the same name: `create-post` stands
in `posts/src/create_post.rs` and its sample event in `../events/posts/create-post.json`.
";

/// The document, for the functions under the root.
pub fn document(root: &Path) -> String {
    let mut text = HEAD.to_owned();
    text.push_str("\n## Routes\n\n| route | needs | file | |\n|---|---|---|---|\n");
    for domain in DOMAINS {
        for line in routes(root, domain) {
            text.push_str(&line);
        }
    }
    text.push_str("\n## Jobs\n\n| job | started by | file | |\n|---|---|---|---|\n");
    for (domain, listed) in all() {
        if let Declared::Job(job) = listed.function.declared() {
            let summary = summary_of(root, domain.name, job.name);
            let _ =
                writeln!(text, "| `{}` | {} | {} | {summary} |", job.name, trigger(&job), link(domain.name, job.name));
        }
    }
    text
}

fn routes(root: &Path, domain: &Domain) -> Vec<String> {
    let mut lines = Vec::new();
    for listed in domain.functions {
        if let Declared::Route { route, access, is_fresh, needs, .. } = listed.function.declared() {
            let mut needed = requirement(access);
            if is_fresh {
                needed.push_str(", a fresh factor");
            }
            for entitlement in needs {
                let _ = write!(needed, ", {}", entitlement.name());
            }
            let path = if route.path == "$default" {
                "whatever no other route answers".to_owned()
            } else {
                format!("`{} {}`", route.method.name(), route.path)
            };
            let summary = summary_of(root, domain.name, route.name);
            lines.push(format!("| {path} | {needed} | {} | {summary} |\n", link(domain.name, route.name)));
        }
    }
    lines
}

fn link(domain: &str, function: &str) -> String {
    let file = format!("{domain}/src/{}.rs", snake(function));
    format!("[{file}]({file})")
}

/// What a route asks of its caller, in words.
pub fn requirement(access: Requires) -> String {
    match access {
        Requires::Nothing => "nothing".to_owned(),
        Requires::Credentials => "credentials".to_owned(),
        Requires::Caller => "a session or token".to_owned(),
        Requires::Session => "a session".to_owned(),
        Requires::Role(role) => format!("{role:?}").to_lowercase(),
    }
}
