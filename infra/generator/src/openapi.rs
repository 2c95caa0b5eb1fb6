//! The OpenAPI document, from the declarations and types of every route.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::path::Path;

use domains::routes;
use serde_json::{Map, Value, json};
use shared::function::{Function, Level, Listed, Shape};
use shared::http::{BodyKind, Method, Plane, Route, RouteDeclaration};
use shared::identity::TokenScope;
use shared::identity::sessions::FRESH_FOR;
use shared::kernel::ids::WorkspaceId;
use utoipa::{PartialSchema as _, ToSchema as _};

use crate::examples::Examples;
use crate::names::snake;
use crate::problems;
use crate::responses;
use crate::schemas::{self, plain, public_name, reference};
use crate::sources::summary_of;

const DESCRIPTION: &str = "\
Errors are problem documents (RFC 9457) with a stable `code`; `type` is the address of its description. Instants are RFC 3339 in UTC. Lists return `items`; \
paginated ones accept `limit` and `cursor` and return `next_cursor`, which is null on the last page.

A response with a single resource has an `etag`. Send it in `If-None-Match` to get 304 while the resource is unchanged, or in \
`If-Match` to change the resource only if it is unchanged (412, `precondition_failed`). A 201 has the path of the new resource \
in `location`.

PATCH accepts a merge patch (RFC 7396), as `application/json` or `application/merge-patch+json`: an omitted field stays unchanged, \
and null clears a field that may be null. PUT replaces the whole resource.

Each response has the rate limits that applied (`ratelimit`, `ratelimit-policy`) and an `x-request-id`, by which support \
can find the request.

Operations have extension fields:

- `x-permission`: the permission that the caller's role must have, in the workspace or on the staff.
- `x-fresh-factor-s`: a factor must have been verified within this many seconds; `POST /auth/step-up` verifies one.
- `x-token-scope`: the scope that a personal access token or a workspace token needs. Without this field, tokens are refused.
- `x-entitlements`: what the workspace's plan must include.
- `x-sender`: the service whose signature over the bytes of the body a call must have.
";

/// The document of a plane, and the faults of the declarations.
pub fn document(root: &Path, plane: Plane, version: &str) -> (Value, Vec<String>) {
    let mut described = Described::on(plane);
    for (domain, listed, declared) in routes().filter(|(_, _, declared)| declared.planes.contains(&plane)) {
        described.add(root, domain.name, (listed, declared));
    }
    described.complete();
    let title = if plane == Plane::PRODUCT { "Bulkhead".to_owned() } else { format!("Bulkhead: {}", plane.name) };
    let value = json!({
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": version,
            "description": format!("For {}.\n\n{DESCRIPTION}", plane.callers),
            "x-plane": plane.name,
            "contact": { "name": "The operator of this deployment" },
            "license": { "name": "MIT or Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        // `GET /openapi.json` replaces this by the deployment's own address.
        "servers": [{
            "url": "https://{host}",
            "variables": { "host": { "default": "api.example.com", "description": "The host of the deployment." } },
        }],
        "paths": described.paths,
        "components": {
            "securitySchemes": schemes(plane),
            "headers": responses::headers(),
            "responses": described.problems.responses,
            "examples": described.problems.examples,
            "parameters": responses::parameters(),
            "schemas": described.schemas,
        },
    });
    described.faults.extend(schemas::internal_texts(&value));
    (value, described.faults)
}

/// The path parameter that names a workspace.
const WORKSPACE: &str = "workspace_id";

/// The parts of the document so far.
struct Described {
    paths: BTreeMap<&'static str, BTreeMap<String, Value>>,
    schemas: BTreeMap<String, Value>,
    /// The schemas of responses.
    answered: Vec<Value>,
    problems: problems::Shared,
    faults: Vec<String>,
    plane: Plane,
}

impl Described {
    fn on(plane: Plane) -> Self {
        Self {
            plane,
            paths: BTreeMap::new(),
            schemas: responses::schemas(),
            answered: Vec::new(),
            problems: problems::Shared::default(),
            faults: Vec::new(),
        }
    }
}

/// An operation of the document: a route with the media type of its success.
struct Operation<'a> {
    function: &'a Function,
    declared: RouteDeclaration,
    media_type: &'static str,
}

impl Deref for Operation<'_> {
    type Target = RouteDeclaration;

    fn deref(&self) -> &RouteDeclaration {
        &self.declared
    }
}

impl Operation<'_> {
    fn takes_conditions(&self) -> bool {
        self.versioned.is_some_and(|versioned| versioned.takes_conditions())
    }

    /// The response to a deletion is not the resource.
    fn shows_version(&self) -> bool {
        self.versioned.is_some() && self.route.method != Method::Delete
    }
}

impl Described {
    fn add(&mut self, root: &Path, domain: &str, (listed, declared): (&Listed, RouteDeclaration)) {
        let RouteDeclaration { route, needs, level, token, is_fresh, body, serves_overrides, .. } = declared;
        if route.method.serves_any_path() {
            return;
        }
        let Some(shapes) = listed.shapes.map(|shapes| shapes()) else {
            self.faults.push(format!("{}: is listed without its shapes", route.name));
            return;
        };
        let operation = Operation { function: listed.function, declared, media_type: shapes.media_type };
        let input = self.input(&operation, &shapes.input);
        let summary = summary_of(root, domain, listed.function);
        let mut value = json!({
            "operationId": snake(route.name),
            "tags": [domain],
            "summary": summary,
            "security": security(level, token, serves_overrides),
            "parameters": input.parameters,
            "responses": self.responses(&operation, shapes.output.as_ref()),
        });
        if let Some(mut schema) = input.body {
            schema["description"] = input.description.clone().unwrap_or(json!(summary));
            self.schema(route.name, &shapes.input.name, schema);
            let media_type = body.media_types(route.method).first().copied().unwrap_or("*/*");
            let content = json!({ media_type: { "schema": reference(&public_name(&shapes.input.name)) } });
            value["requestBody"] = json!({ "required": true, "content": content });
        }
        if let Some(description) = input.description {
            value["description"] = description;
        }
        if let Level::Workspace(permission) = level {
            value["x-permission"] = json!(permission.name);
        }
        if let Level::Staff(permission) = level {
            value["x-permission"] = json!(permission.name);
        }
        if let Level::Inbound(sender) = level {
            value["x-sender"] = json!(sender);
        }
        if is_fresh {
            value["x-fresh-factor-s"] = json!(FRESH_FOR.as_secs());
        }
        if let Some(scope) = token {
            value["x-token-scope"] = json!(scope.to_string());
        }
        if !needs.is_empty() {
            value["x-entitlements"] = needs.iter().map(|entitlement| entitlement.name()).collect();
        }
        let method = route.method.name().to_ascii_lowercase();
        if self.paths.entry(route.path).or_default().insert(method, value).is_some() {
            self.faults.push(format!(
                "{}: another function answers {} {}",
                route.name,
                route.method.name(),
                route.path
            ));
        }
    }

    /// Divides the input's fields among path, query and body.
    fn input(&mut self, operation: &Operation<'_>, shape: &Shape) -> Input {
        let Route { name, method, .. } = operation.route;
        self.referred(name, shape);
        let mut schema = plain(serde_json::to_value(&shape.schema).unwrap_or_default());
        self.faults.extend(unknown_fields(operation, shape, schema["additionalProperties"] == json!(false)));
        let mut fields = take_object(&mut schema, "properties");
        let mut required: Vec<Value> = take_array(&mut schema, "required");
        let mut parameters = Vec::new();
        for parameter in operation.route.parameters() {
            // Not a field of the input: the access is its proof.
            if parameter == WORKSPACE && operation.settles.contains(&parameter) {
                let schema = serde_json::to_value(WorkspaceId::schema()).unwrap_or_default();
                self.schema(name, &WorkspaceId::name(), schema);
                parameters.push(parameter_of(parameter, "path", true, reference(&WorkspaceId::name())));
                continue;
            }
            match fields.remove(parameter) {
                Some(field) => parameters.push(parameter_of(parameter, "path", true, field)),
                None => self
                    .faults
                    .push(format!("{name}: the path has {{{parameter}}}, but {} has no such field", shape.name)),
            }
            required.retain(|field| field != parameter);
        }
        let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
        let mut body = None;
        if matches!(method, Method::Get | Method::Delete) {
            for (field, schema) in fields {
                let is_required = required.iter().any(|name| *name == field);
                parameters.push(parameter_of(&field, "query", is_required, schema));
            }
        } else if !fields.is_empty() {
            schema["properties"] = Value::Object(fields);
            if !required.is_empty() {
                schema["required"] = Value::Array(required);
            }
            body = Some(schema);
        }
        if operation.repeatable.is_some() {
            parameters.push(json!({ "$ref": "#/components/parameters/IdempotencyKey" }));
        }
        if operation.takes_conditions() {
            let name = if method == Method::Get { "IfNoneMatch" } else { "IfMatch" };
            parameters.push(json!({ "$ref": format!("#/components/parameters/{name}") }));
        }
        Input { parameters, body, description }
    }

    fn responses(&mut self, operation: &Operation<'_>, output: Option<&Shape>) -> Value {
        let mut answered = Map::new();
        let mut success = json!({
            "description": responses::success(operation.status),
            "headers": responses::headers_of_success(operation.status, operation.shows_version()),
        });
        if let Some(output) = output {
            let name = operation.function.name();
            self.referred(name, output);
            self.schema(name, &output.name, serde_json::to_value(&output.schema).unwrap_or_default());
            let schema = reference(&public_name(&output.name));
            self.answered.push(schema.clone());
            success["content"] = json!({ operation.media_type: { "schema": schema } });
        }
        answered.insert(operation.status.to_string(), success);
        if operation.takes_conditions() && operation.route.method == Method::Get {
            let headers = responses::headers_of_success(304, true);
            answered.insert("304".to_owned(), json!({ "description": responses::success(304), "headers": headers }));
        }
        answered.extend(self.problems.responses(operation.function, self.plane));
        Value::Object(answered)
    }

    fn referred(&mut self, function: &str, shape: &Shape) {
        for (name, schema) in &shape.refers_to {
            self.schema(function, name, serde_json::to_value(schema).unwrap_or_default());
        }
    }

    /// Stores a schema under its name, which must be unique.
    fn schema(&mut self, function: &str, name: &str, schema: Value) {
        let (name, schema) = (&public_name(name), plain(schema));
        match self.schemas.get(name) {
            Some(known) if *known != schema => {
                self.faults.push(format!("{function}: two different schemas have the name {name}"));
            }
            Some(_) => {}
            None => {
                self.schemas.insert(name.to_owned(), schema);
            }
        }
    }
}

impl Described {
    /// Completes what needs all schemas: the required properties of responses, and the examples.
    fn complete(&mut self) {
        self.schemas.append(&mut self.problems.schemas);
        // A type that is described where it is used has no schema of its own.
        let mut named = BTreeSet::new();
        schemas::reachable(&json!([self.paths, self.problems.responses]), &self.schemas, &mut named);
        self.schemas.retain(|name, _| named.contains(name));
        let mut answered = BTreeSet::new();
        self.answered.iter().for_each(|value| schemas::reachable(value, &self.schemas, &mut answered));
        schemas::require_nullable(&mut self.schemas, &answered, &mut self.faults);
        self.faults.extend(schemas::faults(&self.schemas));
        let mut examples = Examples::new(&self.schemas);
        for operation in self.paths.values_mut().flat_map(BTreeMap::values_mut) {
            let parameters = operation["parameters"].as_array_mut().into_iter().flatten();
            for parameter in parameters.filter(|parameter| parameter["name"].is_string()) {
                let name = parameter["name"].as_str().unwrap_or_default().to_owned();
                parameter["example"] = examples.of(&name, &parameter["schema"].clone());
            }
            let responses = operation["responses"].as_object_mut().into_iter().flat_map(Map::values_mut);
            for content in responses.filter_map(|response| response.get_mut("content")) {
                example(&mut examples, content);
            }
            if operation["requestBody"].is_object() {
                example(&mut examples, &mut operation["requestBody"]["content"]);
            }
        }
        examples.missing.sort();
        examples.missing.dedup();
        self.faults.append(&mut examples.missing);
    }
}

/// Types defined by others may gain fields that we do not read; ours refuse unknown fields.
fn unknown_fields(operation: &Operation<'_>, shape: &Shape, are_refused: bool) -> Option<String> {
    let name = operation.route.name;
    let is_signed = matches!(operation.level, Level::Inbound(_));
    match (are_refused, is_signed, operation.body) {
        (false, false, BodyKind::Json) => Some(format!("{name}: {} lacks #[serde(deny_unknown_fields)]", shape.name)),
        (true, true, _) => Some(format!("{name}: {} refuses fields that its sender may add", shape.name)),
        _ => None,
    }
}

fn example(examples: &mut Examples<'_>, content: &mut Value) {
    let bodies = content.as_object_mut().into_iter().flat_map(Map::values_mut);
    for body in bodies.filter(|body| body["examples"].is_null()) {
        body["example"] = examples.of("", &body["schema"].clone());
    }
}

struct Input {
    parameters: Vec<Value>,
    body: Option<Value>,
    description: Option<Value>,
}

/// A field of the input as a parameter. The parameter takes the field's description.
fn parameter_of(name: &str, place: &str, required: bool, mut schema: Value) -> Value {
    let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
    let mut parameter = json!({ "name": name, "in": place, "required": required, "schema": schema });
    if let Some(description) = description {
        parameter["description"] = description;
    }
    parameter
}

/// The security schemes of a plane.
fn schemes(plane: Plane) -> Value {
    let bearer = |format: &str| json!({ "type": "http", "scheme": "bearer", "bearerFormat": format });
    if plane == Plane::PRODUCT {
        json!({ "access_token": bearer("JWT"), "personal_access_token": bearer("bhp_…"), "workspace_token": bearer("bhw_…"), "override_token": bearer("bho_…") })
    } else if plane == Plane::STAFF {
        json!({ "staff_token": bearer("JWT") })
    } else {
        json!({})
    }
}

fn security(access: Level, token: Option<TokenScope>, serves_overrides: bool) -> Value {
    let ways = match (access, token) {
        (Level::Anyone | Level::Credentials | Level::Inbound(_), _) => Vec::new(),
        (Level::Staff(_), _) => vec![json!({ "staff_token": [] })],
        (_, None) => vec![json!({ "access_token": [] })],
        (level, Some(scope)) => {
            let scope = scope.to_string();
            let of_workspace = matches!(level, Level::Workspace(_)).then(|| json!({ "workspace_token": [scope] }));
            let of_users = [json!({ "access_token": [] }), json!({ "personal_access_token": [scope] })];
            of_users.into_iter().chain(of_workspace).collect()
        }
    };
    ways.into_iter().chain(serves_overrides.then(|| json!({ "override_token": [] }))).collect()
}

fn take_object(value: &mut Value, key: &str) -> Map<String, Value> {
    match value.as_object_mut().and_then(|object| object.remove(key)) {
        Some(Value::Object(taken)) => taken,
        _ => Map::new(),
    }
}

fn take_array(value: &mut Value, key: &str) -> Vec<Value> {
    match value.as_object_mut().and_then(|object| object.remove(key)) {
        Some(Value::Array(taken)) => taken,
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
