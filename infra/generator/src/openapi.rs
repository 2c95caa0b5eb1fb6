//! The OpenAPI document, from the declarations and shapes of every route.

use std::collections::BTreeMap;
use std::path::Path;

use domains::all;
use serde_json::{Map, Value, json};
use shared::function::{Declared, Function, Listed, Requires, Shape};
use shared::http::{Method, Route};
use shared::identity::TokenScope;
use shared::identity::sessions::FRESH_FOR;
use shared::kernel::ids::WorkspaceId;
use shared::tenancy::Entitlement;
use utoipa::{PartialSchema as _, ToSchema as _};

use crate::names::snake;
use crate::responses;
use crate::sources::summary_of;

/// The document, and what in the declarations it cannot be made of.
pub fn document(root: &Path, version: &str) -> (Value, Vec<String>) {
    let mut described = Described::default();
    for (domain, listed) in all() {
        described.add(root, domain.name, listed);
    }
    let value = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Bulkhead",
            "version": version,
            "description": "Errors are problem documents (RFC 9457) with a stable `code`. Instants are RFC 3339 in UTC. \
                            Lists answer `items` and `next_cursor`.",
        },
        "servers": [{ "url": "/" }],
        "paths": described.paths,
        "components": {
            "securitySchemes": {
                "access_token": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
                "personal_access_token": { "type": "http", "scheme": "bearer", "bearerFormat": "bhp_…" },
            },
            "parameters": responses::parameters(),
            "responses": responses::components(),
            "schemas": described.schemas,
        },
    });
    (value, described.faults)
}

/// The path parameter that names a workspace.
const WORKSPACE: &str = "workspace_id";

/// What has been described so far.
struct Described {
    paths: BTreeMap<&'static str, BTreeMap<String, Value>>,
    schemas: BTreeMap<String, Value>,
    faults: Vec<String>,
}

impl Default for Described {
    fn default() -> Self {
        Self { paths: BTreeMap::new(), schemas: responses::schemas(), faults: Vec::new() }
    }
}

/// A route's declaration with its parts named.
struct Operation<'a> {
    function: &'a Function,
    route: Route,
    needs: &'static [Entitlement],
    access: Requires,
    status: u16,
    is_repeatable: bool,
}

impl Described {
    fn add(&mut self, root: &Path, domain: &str, listed: &Listed) {
        let Declared::Route { route, needs, access, token, is_fresh, status, repeatable, .. } =
            listed.function.declared()
        else {
            return;
        };
        // What answers preflights and unknown paths is no operation of the API.
        if matches!(route.method, Method::Options | Method::Any) {
            return;
        }
        let Some(shapes) = listed.shapes.map(|shapes| shapes()) else {
            self.faults.push(format!("{}: is listed without its shapes", route.name));
            return;
        };
        let operation =
            Operation { function: listed.function, route, needs, access, status, is_repeatable: repeatable.is_some() };
        let input = self.input(&operation, &shapes.input);
        let mut value = json!({
            "operationId": snake(route.name),
            "tags": [domain],
            "summary": summary_of(root, domain, listed.function),
            "security": security(access, token),
            "parameters": input.parameters,
            "responses": self.responses(&operation, shapes.output.as_ref(), &input),
        });
        if let Some(description) = input.description {
            value["description"] = description;
        }
        if let Some(body) = input.body {
            self.schema(route.name, &shapes.input.name, body);
            let content = json!({ "application/json": { "schema": reference(&shapes.input.name) } });
            value["requestBody"] = json!({ "required": true, "content": content });
        }
        if let Requires::Permission(permission) = access {
            value["x-permission"] = json!(permission.name);
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
        let mut schema = serde_json::to_value(&shape.schema).unwrap_or_default();
        if schema["additionalProperties"] != json!(false) {
            self.faults.push(format!("{name}: {} lacks #[serde(deny_unknown_fields)]", shape.name));
        }
        let mut fields = take_object(&mut schema, "properties");
        let mut required: Vec<Value> = take_array(&mut schema, "required");
        let mut parameters = Vec::new();
        for parameter in operation.route.parameters() {
            // It is no field: the access is the proof of it.
            if parameter == WORKSPACE {
                let schema = serde_json::to_value(WorkspaceId::schema()).unwrap_or_default();
                self.schema(name, &WorkspaceId::name(), schema);
                parameters.push(parameter_of(parameter, "path", true, reference(&WorkspaceId::name())));
                continue;
            }
            match fields.remove(parameter) {
                Some(field) => parameters.push(parameter_of(parameter, "path", true, field)),
                None => self.faults.push(format!("{name}: the path has {{{parameter}}} and {} has not", shape.name)),
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
        if operation.is_repeatable {
            parameters.push(json!({ "$ref": "#/components/parameters/IdempotencyKey" }));
        }
        Input { parameters, body, description }
    }

    fn responses(&mut self, operation: &Operation<'_>, output: Option<&Shape>, input: &Input) -> Value {
        let mut answered = Map::new();
        let mut success = json!({ "description": responses::success(operation.status) });
        if let Some(output) = output {
            let name = operation.function.name();
            self.referred(name, output);
            self.schema(name, &output.name, serde_json::to_value(&output.schema).unwrap_or_default());
            success["content"] = json!({ "application/json": { "schema": reference(&output.name) } });
        }
        answered.insert(operation.status.to_string(), success);
        let in_workspace = matches!(operation.access, Requires::Permission(_));
        let known = in_workspace || matches!(operation.access, Requires::Caller | Requires::Session);
        let by_credentials = operation.access == Requires::Credentials;
        let has_body = input.body.is_some();
        let possible = [
            (400, has_body),
            (401, known || by_credentials),
            (402, !operation.needs.is_empty()),
            (403, known || by_credentials),
            (404, operation.route.path.contains('{')),
            (409, operation.route.method != Method::Get && known),
            (413, has_body),
            (415, has_body),
            (422, true),
            (429, true),
            (500, true),
            (503, true),
        ];
        for (status, _) in possible.iter().filter(|(_, is_possible)| *is_possible) {
            answered.insert(status.to_string(), json!({ "$ref": responses::component(*status) }));
        }
        Value::Object(answered)
    }

    fn referred(&mut self, function: &str, shape: &Shape) {
        for (name, schema) in &shape.refers_to {
            self.schema(function, name, serde_json::to_value(schema).unwrap_or_default());
        }
    }

    /// Keeps a schema under its name, which no other schema may have.
    fn schema(&mut self, function: &str, name: &str, schema: Value) {
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

struct Input {
    parameters: Vec<Value>,
    body: Option<Value>,
    description: Option<Value>,
}

/// A field of the input as a parameter; what the field is for belongs to the parameter.
fn parameter_of(name: &str, place: &str, required: bool, mut schema: Value) -> Value {
    let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
    let mut parameter = json!({ "name": name, "in": place, "required": required, "schema": schema });
    if let Some(description) = description {
        parameter["description"] = description;
    }
    parameter
}

fn security(access: Requires, token: Option<TokenScope>) -> Value {
    match (access, token) {
        (Requires::Nothing | Requires::Credentials, _) => json!([]),
        (_, None) => json!([{ "access_token": [] }]),
        (_, Some(_)) => json!([{ "access_token": [] }, { "personal_access_token": [] }]),
    }
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
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
