//! `functions/README.md`: the file of each route, by method and path, and of each job, by trigger.

use std::fmt::Write as _;
use std::path::Path;

use domains::{DOMAINS, Domain, all};
use shared::function::{Declared, Function, Level};
use shared::http::{Plane, RouteDeclaration};

use crate::sources::{file, summary_of};
use crate::trigger::trigger;

const HEAD: &str = "<!-- Written by infra/generator. Do not edit. -->

# Functions

Every route and every job is one file, one binary and one Lambda function, all with the same name: `create-post` is
in `posts/src/routes/create_post.rs`, its sample event in `../events/posts/create-post.json`.
";

/// The document, for the functions under the root.
pub fn document(root: &Path) -> String {
    let mut text = HEAD.to_owned();
    text.push_str("\n## Routes\n\n| route | planes | needs | file | |\n|---|---|---|---|---|\n");
    for domain in DOMAINS {
        for line in routes(root, domain) {
            text.push_str(&line);
        }
    }
    text.push_str("\n## Jobs\n\n| job | started by | file | |\n|---|---|---|---|\n");
    for (domain, listed) in all() {
        if let Declared::Job(job) = listed.function.declared() {
            let (summary, link) = about(root, domain, listed.function);
            let _ = writeln!(text, "| `{}` | {} | {link} | {summary} |", job.name, trigger(&job));
        }
    }
    text
}

fn routes(root: &Path, domain: &Domain) -> Vec<String> {
    let mut lines = Vec::new();
    for listed in domain.routes {
        if let Declared::Route(RouteDeclaration { route, planes, level: access, is_fresh, needs, .. }) =
            listed.function.declared()
        {
            let mut needed = requirement(access);
            if is_fresh {
                needed.push_str(", a fresh factor");
            }
            for entitlement in needs {
                let _ = write!(needed, ", {}", entitlement.name());
            }
            let path = if route.path == "$default" {
                "every other request".to_owned()
            } else {
                format!("`{} {}`", route.method.name(), route.path)
            };
            let (summary, link) = about(root, domain, listed.function);
            lines.push(format!("| {path} | {} | {needed} | {link} | {summary} |\n", listed_planes(planes)));
        }
    }
    lines
}

/// The summary of a function, and a link to its file.
fn about(root: &Path, domain: &Domain, function: &Function) -> (String, String) {
    let file = file(domain.name, function).display().to_string();
    (summary_of(root, domain.name, function), format!("[{file}]({file})"))
}

/// The planes of a route, in words.
pub fn listed_planes(planes: &[Plane]) -> String {
    if planes == Plane::ALL {
        return "all".to_owned();
    }
    let names: Vec<&str> = planes.iter().map(|plane| plane.name).collect();
    names.join(", ")
}

/// What a route requires of its caller, in words.
pub fn requirement(access: Level) -> String {
    match access {
        Level::Anyone => "nothing".to_owned(),
        Level::Credentials => "credentials".to_owned(),
        Level::Known => "a session or token".to_owned(),
        Level::SignedIn => "a session".to_owned(),
        Level::Workspace(permission) => permission.name.to_owned(),
        Level::Staff(permission) => format!("{} of the staff", permission.name),
        Level::Inbound(sender) => format!("a signature of {sender}"),
    }
}
