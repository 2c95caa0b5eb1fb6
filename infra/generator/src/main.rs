//! Generates templates and documents from the declarations of the functions.
//!
//! `make generate` runs it, to write the files; with `--check` it only reports how they differ from the committed ones.

mod alarm;
mod checks;
mod difference;
mod events;
mod examples;
mod function;
mod names;
mod openapi;
mod outputs;
mod permissions;
mod planes;
mod plans;
mod policy;
mod problems;
mod queue;
mod readme;
mod responses;
mod route;
mod routes;
mod routing;
mod schedule;
mod schemas;
mod sources;
mod stack;
mod stacks;
mod stream;
mod tenant;
mod token_scopes;
mod trigger;
mod yaml;

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use outputs::Outputs;
use shared::http::Plane;
use token_scopes::Belongs;

/// The project's root: this crate is two folders below it.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn main() -> ExitCode {
    let is_check = std::env::args().skip(1).any(|argument| argument == "--check");
    let (report, code) = match run(Path::new(ROOT), is_check) {
        Ok(report) => (report, ExitCode::SUCCESS),
        Err(faults) => (faults, ExitCode::FAILURE),
    };
    let _closed_pipe = writeln!(std::io::stderr(), "{}", report.trim_end());
    code
}

/// Writes or checks the files. Returns a report, or the faults.
fn run(root: &Path, is_check: bool) -> Result<String, String> {
    let (outputs, faults) = generate(root);
    let failed = |error: std::io::Error| error.to_string();
    let report = if is_check { outputs.differences(root) } else { outputs.write(root).map(|report| report.join("\n")) };
    let report = report.map_err(failed)?;
    if !faults.is_empty() {
        return Err(format!("{report}\nThe declarations have faults:\n- {}", faults.join("\n- ")));
    }
    match (is_check, report.is_empty()) {
        (true, false) => Err(format!("{report}Generated files differ from the declarations: run `make generate`.")),
        (_, true) => Ok("Generated files are up to date.".to_owned()),
        (false, false) => Ok(report),
    }
}

/// Every generated file, and every fault that was found.
fn generate(root: &Path) -> (Outputs, Vec<String>) {
    let mut outputs = Outputs::default();
    let mut faults = checks::faults(root);
    faults.extend(permissions::faults());
    faults.extend(problems::faults());
    faults.extend(planes::faults(root));
    faults.extend(stacks::write(&mut outputs));
    outputs.add("functions/README.md", readme::document(root));
    outputs.add("docs/permissions.md", permissions::document());
    outputs.add("docs/plans.md", plans::document());
    outputs.add("docs/problems.md", problems::document());
    outputs.add_json("infra/generated/problems.json", &problems::pages());
    outputs.add("functions/profiles/src/scopes.rs", token_scopes::list(Belongs::ToUser));
    outputs.add("functions/workspaces/src/scopes.rs", token_scopes::list(Belongs::ToWorkspace));
    outputs.add_json("infra/generated/routes.json", &routes::document());
    outputs.add_json("infra/generated/routing.json", &routing::document());
    outputs.add_json("events/index.json", &events::index());
    outputs.add_json("infra/generated/planes.json", &planes::list());
    outputs.add("functions/operations/src/documents.rs", planes::documents());
    for plane in Plane::ALL {
        let (document, found) = openapi::document(root, *plane, env!("CARGO_PKG_VERSION"));
        outputs.add_json(&planes::document(*plane), &document);
        faults.extend(found);
    }
    // What routes of several planes lack is said once.
    faults.sort();
    faults.dedup();
    (outputs, faults)
}
