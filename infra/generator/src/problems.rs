//! Problems: the error responses of each route, in the OpenAPI document and on their own page.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use domains::{all, routes};
use serde_json::{Map, Value, json};
use shared::function::Function;
use shared::http::{Plane, RouteDeclaration};
use shared::kernel::problems::{ProblemCode, Shows};

use crate::names::pascal;
use crate::responses::headers_of;

/// The base URL in examples.
const BASE: &str = "https://api.example.com";

/// A code with its declarations.
struct Code {
    declared: ProblemCode,
    statuses: BTreeSet<u16>,
    routes: Vec<String>,
}

/// Every code that a route may return, by name.
fn codes() -> BTreeMap<&'static str, Code> {
    let mut codes: BTreeMap<&'static str, Code> = BTreeMap::new();
    for (_, listed, RouteDeclaration { route, .. }) in routes() {
        if route.method.serves_any_path() {
            continue;
        }
        for problem in listed.function.problems() {
            let new = || Code { declared: problem, statuses: BTreeSet::new(), routes: Vec::new() };
            let code = codes.entry(problem.code).or_insert_with(new);
            code.statuses.insert(problem.status);
            code.routes.push(format!("{} {}", route.method.name(), route.path));
        }
    }
    codes
}

/// The faults of the declarations.
pub fn faults() -> Vec<String> {
    let mut faults = Vec::new();
    let known = codes();
    for (name, code) in &known {
        let ProblemCode { title, meaning, remedy, .. } = code.declared;
        if !name.bytes().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'_') {
            faults.push(format!("{name}: must be in snake case"));
        }
        if [title, meaning, remedy].iter().any(|text| text.is_empty()) {
            faults.push(format!("{name}: lacks a title, a meaning or a remedy"));
        }
    }
    for (_, listed) in all() {
        for problem in listed.function.problems() {
            let known = known.get(problem.code).map(|code| code.declared.under(problem.status));
            if known.is_some_and(|known| known != problem) {
                faults.push(format!("{}: another problem has the code {} too", listed.function.name(), problem.code));
            }
            if !(400..=504).contains(&problem.status) {
                faults.push(format!(
                    "{}: the status of {} is not an error status",
                    listed.function.name(),
                    problem.code
                ));
            }
        }
    }
    faults
}

/// The shared parts of the routes' responses.
#[derive(Default)]
pub struct Shared {
    pub responses: BTreeMap<String, Value>,
    pub schemas: BTreeMap<String, Value>,
    pub examples: BTreeMap<String, Value>,
}

impl Shared {
    /// The responses of a route on a plane, by their statuses.
    pub fn responses(&mut self, function: &Function, plane: Plane) -> Map<String, Value> {
        let mut by_status: BTreeMap<u16, Vec<ProblemCode>> = BTreeMap::new();
        for problem in function.problems_on(plane) {
            by_status.entry(problem.status).or_default().push(problem);
        }
        let mut responses = Map::new();
        for (status, problems) in by_status {
            let name = response_name(function, status, &problems);
            responses.insert(status.to_string(), json!({ "$ref": format!("#/components/responses/{name}") }));
            if !self.responses.contains_key(&name) {
                let response = self.response(&name, status, &problems);
                self.responses.insert(name, response);
            }
        }
        responses
    }

    fn response(&mut self, name: &str, status: u16, problems: &[ProblemCode]) -> Value {
        let line = |problem: &ProblemCode| format!("- `{}`: {}", problem.code, problem.meaning);
        let lines: Vec<String> = problems.iter().map(line).collect();
        let codes: Vec<&str> = problems.iter().map(|problem| problem.code).collect();
        let mut examples = Map::new();
        for problem in problems {
            let known = format!("{}{status}", pascal(problem.code));
            let reference = json!({ "$ref": format!("#/components/examples/{known}") });
            examples.insert(problem.code.to_owned(), reference);
            self.examples.insert(known, json!({ "summary": problem.title, "value": example(problem) }));
        }
        let schema = json!({
            "description": format!("A problem with the status {status}."),
            "allOf": [
                { "$ref": "#/components/schemas/Problem" },
                { "type": "object", "properties": { "code": { "type": "string", "enum": codes } } },
            ],
        });
        self.schemas.insert(format!("{name}Problem"), schema);
        let schema = json!({ "$ref": format!("#/components/schemas/{name}Problem") });
        json!({
            "description": lines.join("\n"),
            "headers": headers_of(status),
            "content": { "application/problem+json": { "schema": schema, "examples": examples } },
        })
    }
}

/// Named by one or two codes, which many routes share; otherwise by the route, whose mixture may be unique.
fn response_name(function: &Function, status: u16, problems: &[ProblemCode]) -> String {
    match problems {
        [one] => format!("{}{status}", pascal(one.code)),
        [one, other] => format!("{}Or{}{status}", pascal(one.code), pascal(other.code)),
        _ => format!("{}{status}", pascal(function.name())),
    }
}

/// A problem document as the API returns it.
fn example(problem: &ProblemCode) -> Value {
    let ProblemCode { status, code, title, meaning, shows, .. } = problem;
    let mut document = json!({
        "type": format!("{BASE}/problems/{code}"),
        "title": title,
        "status": status,
        "code": code,
        "detail": meaning,
        "instance": "urn:bulkhead:request:0f9c2b7e",
    });
    match *code {
        "invalid_input" => document["errors"] = json!([{ "field": "name", "rule": "must have 1 to 80 characters" }]),
        "workspace_lives_elsewhere" => document["base_url"] = json!("https://eu.api.example.com"),
        _ => {}
    }
    match shows {
        Shows::Nothing => {}
        Shows::Feature => {
            document["feature"] = json!("AuditLog");
            document["plans"] = json!(["studio", "agency", "scale", "enterprise"]);
        }
        Shows::Usage => {
            let resets_at = (*status == 429).then_some("2030-04-01T00:00:00.000Z");
            document["usage"] =
                json!({ "name": "members", "current": 10, "limit": 10, "unit": "count", "resets_at": resets_at });
        }
    }
    document
}

/// The responses of `GET /problems/{code}`, by code.
pub fn pages() -> Value {
    let page = |(name, code): (&str, Code)| {
        let ProblemCode { title, meaning, remedy, .. } = code.declared;
        let page = json!({
            "code": name, "statuses": code.statuses, "title": title, "meaning": meaning, "remedy": remedy,
        });
        (name.to_owned(), page)
    };
    codes().into_iter().map(page).collect::<Map<String, Value>>().into()
}

/// The maximum number of routes listed by name; beyond it, only their number is given.
const LISTED: usize = 8;

/// The page of all codes, for people.
pub fn document() -> String {
    let mut text = "<!-- Written by infra/generator. Do not edit. -->

# Problems

Every error is a problem document (RFC 9457). Decide by its `code`, which never changes; `title` and `detail` are for people.
`type` is the address of the code's description at the API itself: `GET /problems/{code}`.

| code | status | title | meaning | what to do | routes |
|---|---|---|---|---|---|
"
    .to_owned();
    let routes = codes().values().map(|code| code.routes.len()).max().unwrap_or_default();
    for (name, code) in codes() {
        let ProblemCode { title, meaning, remedy, .. } = code.declared;
        let statuses: Vec<String> = code.statuses.iter().map(u16::to_string).collect();
        let answered_by = match code.routes.len() {
            count if count == routes => "all".to_owned(),
            count if count > LISTED => format!("{count} routes"),
            _ => code.routes.iter().map(|route| format!("`{route}`")).collect::<Vec<_>>().join(", "),
        };
        let statuses = statuses.join(", ");
        let _ = writeln!(text, "| `{name}` | {statuses} | {title} | {meaning} | {remedy} | {answered_by} |");
    }
    text
}
