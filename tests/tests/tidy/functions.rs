//! One name for a function, its file, its binary and its sample event.

use std::collections::BTreeSet;

use system_tests::code::{bare, uncommented, without_tests};
use system_tests::{File, domains, files_in, root};

use crate::none;

/// The maximum lines of a function's file, without its tests.
const LONGEST_FUNCTION: usize = 150;
const LONGEST_HANDLE: usize = 25;

/// A file that declares a function.
struct Declaring {
    domain: String,
    file: File,
    /// The name in its declaration.
    name: String,
}

fn declaring() -> Vec<Declaring> {
    let mut found = Vec::new();
    for domain in domains() {
        for file in files_in(&format!("functions/{domain}/src"), &["rs"]) {
            let code = uncommented(&file.text);
            if code.contains("Function::route::<") || code.contains("Function::job::<") {
                let name = declared_name(&code).unwrap_or_default();
                found.push(Declaring { domain: domain.clone(), file, name });
            }
        }
    }
    found
}

/// The first string after `Route::…(` or `Declaration::new(`.
fn declared_name(code: &str) -> Option<String> {
    let at = code.find("const ROUTE: Route =").or_else(|| code.find("Declaration::new("))?;
    code[at..].split('"').nth(1).map(str::to_owned)
}

#[test]
fn a_function_has_one_name_everywhere() {
    let mut faults = Vec::new();
    for Declaring { domain, file, name } in declaring() {
        let stem = file.stem();
        if stem.replace('_', "-") != name {
            faults.push(format!("{}: declares `{name}`", file.path));
        }
        let folder = if file.text.contains("Function::job::<") { "jobs" } else { "routes" };
        if file.path != format!("functions/{domain}/src/{folder}/{stem}.rs") {
            faults.push(format!("{}: move it to {folder}", file.path));
        }
        if !root().join(format!("events/{domain}/{name}.json")).is_file() {
            faults.push(format!("events/{domain}/{name}.json: is missing"));
        }
    }
    none(faults);
}

/// A rule that needs a route's code is in the wrong file, and so is code that two routes share.
#[test]
fn no_file_imports_from_a_route() {
    let files = files_in("functions", &["rs"]).into_iter().filter(|file| file.parts()[2] == "src");
    let importing = files.filter(|file| without_tests(&bare(&file.text)).contains("crate::routes::"));
    none(importing.map(|file| format!("{}: imports from a route", file.path)).collect());
}

#[test]
fn deleted_functions_leave_no_files() {
    let known: BTreeSet<String> = declaring().iter().map(|found| format!("{}/{}", found.domain, found.name)).collect();
    assert!(!known.is_empty());
    let binaries = files_in("functions", &["rs"]).into_iter().filter(|file| file.path.contains("/src/bin/"));
    let events = files_in("events", &["json"]).into_iter().filter(|file| file.parts().len() == 3);
    let lost = binaries.chain(events).filter(|file| !known.contains(&format!("{}/{}", file.parts()[1], file.stem())));
    none(lost.map(|file| format!("{}: belongs to no function", file.path)).collect());
}

#[test]
fn functions_and_handlers_are_short() {
    let mut faults = Vec::new();
    for Declaring { file, .. } in declaring() {
        let code = without_tests(&bare(&file.text));
        let lines = code.trim_end().lines().count();
        if lines > LONGEST_FUNCTION {
            faults.push(format!("{}: {lines} lines, {LONGEST_FUNCTION} allowed", file.path));
        }
        let handle = body_lines(&code, "async fn handle(").or_else(|| body_lines(&code, "async fn run("));
        match handle {
            Some(lines) if lines > LONGEST_HANDLE => {
                faults.push(format!("{}: its handler has {lines} lines, {LONGEST_HANDLE} allowed", file.path));
            }
            Some(_) => {}
            None => faults.push(format!("{}: has neither `async fn handle` nor `async fn run`", file.path)),
        }
    }
    none(faults);
}

/// The lines between the braces of the function that begins so.
fn body_lines(code: &str, begins: &str) -> Option<usize> {
    let at = code.find(begins)?;
    let indent = code[..at].rsplit('\n').next()?.len();
    let close = format!("\n{}}}", " ".repeat(indent));
    let open = code[at..].find("{\n")? + at;
    let end = code[open..].find(&close)? + open;
    Some(code[open..end].lines().count() - 1)
}
