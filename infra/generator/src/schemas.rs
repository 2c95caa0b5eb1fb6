//! Schemas: converts the schemas of the declared types to a form that client generators can use.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// Names that clash with names in Python, TypeScript, Go or Java clients, or that are too vague.
const RESERVED: &[&str] = &[
    "Array", "Client", "Config", "Date", "Error", "Errors", "File", "Format", "Function", "Item", "Map", "Means",
    "Method", "Model", "Object", "Options", "Promise", "Record", "Request", "Response", "String", "Symbol", "Type",
    "Unset", "Value",
];

const PREFIX: &str = "#/components/schemas/";

/// The name of a type in the document: our `PostView` is `Post` for clients.
pub fn public_name(name: &str) -> String {
    match name.strip_suffix("ViewList") {
        Some(name) => format!("{name}List"),
        None => name.strip_suffix("View").unwrap_or(name).to_owned(),
    }
}

pub fn reference(name: &str) -> Value {
    json!({ "$ref": format!("{PREFIX}{name}") })
}

/// Simplifies a schema: descriptions as siblings of what they describe, one form for nullable, and references by public
/// names.
pub fn plain(schema: Value) -> Value {
    match schema {
        Value::Array(values) => values.into_iter().map(plain).collect(),
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, value)| (name, plain(value))).collect();
            Value::Object(null_or(described(renamed(members))))
        }
        value => value,
    }
}

fn renamed(mut schema: Map<String, Value>) -> Map<String, Value> {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix(PREFIX)) {
        let reference = format!("{PREFIX}{}", public_name(name));
        schema.insert("$ref".to_owned(), Value::String(reference));
    }
    // `example` is deprecated in OpenAPI 3.1. A property may have that name: then it is a schema.
    if let Some(example) = schema.get("example").filter(|example| !example.is_object()).cloned() {
        schema.remove("example");
        schema.insert("examples".to_owned(), json!([example]));
    }
    schema
}

/// utoipa describes an inlined type as `allOf: [schema, {description, type: object}]`, which no value satisfies unless
/// the schema is an object. The description must be a sibling of the schema.
fn described(mut schema: Map<String, Value>) -> Map<String, Value> {
    let Some(Value::Array(parts)) = schema.get("allOf") else { return schema };
    let [Value::Object(first), Value::Object(second)] = parts.as_slice() else { return schema };
    if !second.keys().all(|key| ["description", "type", "default"].contains(&key.as_str())) {
        return schema;
    }
    let mut merged = first.clone();
    merged.extend(second.iter().filter(|(key, _)| *key != "type").map(|(key, value)| (key.clone(), value.clone())));
    schema.remove("allOf");
    merged.extend(schema);
    merged
}

/// Simplifies a nullable schema: the description as a sibling, and JSON types as a list of two.
fn null_or(mut schema: Map<String, Value>) -> Map<String, Value> {
    let Some(Value::Array(choices)) = schema.get_mut("oneOf") else { return schema };
    if choices.len() != 2 || !choices.iter().any(is_null) {
        return schema;
    }
    let Some(Value::Object(mut other)) = choices.iter().find(|choice| !is_null(choice)).cloned() else { return schema };
    let description = other.remove("description");
    match other.get("type").cloned() {
        Some(Value::String(kind)) if !other.contains_key("enum") => {
            schema.remove("oneOf");
            other.insert("type".to_owned(), json!([kind, "null"]));
            schema.extend(other);
        }
        _ => {
            schema.insert("oneOf".to_owned(), json!([other, { "type": "null" }]));
        }
    }
    if let Some(description) = description {
        schema.entry("description").or_insert(description);
    }
    schema
}

fn is_null(schema: &Value) -> bool {
    schema["type"] == "null"
}

fn may_be_null(schema: &Value) -> bool {
    let types = schema["type"].as_array();
    let choices = schema["oneOf"].as_array();
    types.is_some_and(|types| types.iter().any(|kind| kind == "null"))
        || choices.is_some_and(|choices| choices.iter().any(is_null))
}

/// Makes every nullable property of responses required, because responses always include them. A property that may be
/// missing is never null (`#[schema(nullable = false)]`).
pub fn require_nullable(schemas: &mut BTreeMap<String, Value>, answered: &BTreeSet<String>, faults: &mut Vec<String>) {
    for name in answered {
        let Some(schema) = schemas.get_mut(name) else {
            faults.push(format!("no schema has the name {name}"));
            continue;
        };
        let nullable = schema["properties"].as_object().into_iter().flatten();
        let names: Vec<String> =
            nullable.filter(|(_, schema)| may_be_null(schema)).map(|(name, _)| name.clone()).collect();
        if names.is_empty() {
            continue;
        }
        if schema["additionalProperties"] == json!(false) {
            faults.push(format!("{name}: is part of a request and of a response; define a type for each"));
        }
        let mut required: Vec<Value> = schema["required"].as_array().cloned().unwrap_or_default();
        required
            .extend(names.into_iter().map(Value::String).filter(|name| !required.contains(name)).collect::<Vec<_>>());
        schema["required"] = Value::Array(required);
    }
}

/// The names of all schemas that a value refers to, directly or through others.
pub fn reachable(value: &Value, schemas: &BTreeMap<String, Value>, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| reachable(value, schemas, found)),
        Value::Object(members) => {
            for (key, value) in members {
                match value.as_str().and_then(|path| path.strip_prefix(PREFIX)) {
                    Some(name) if key == "$ref" => {
                        if found.insert(name.to_owned())
                            && let Some(schema) = schemas.get(name)
                        {
                            reachable(schema, schemas, found);
                        }
                    }
                    _ => reachable(value, schemas, found),
                }
            }
        }
        _ => {}
    }
}

/// Schemas that client generators cannot use well.
pub fn faults(schemas: &BTreeMap<String, Value>) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, schema) in schemas {
        if RESERVED.contains(&name.as_str()) || !name.starts_with(|first: char| first.is_ascii_uppercase()) {
            faults.push(format!("{name}: is not a usable schema name; set another by #[schema(as = …)]"));
        }
        if schema["description"].as_str().is_none_or(str::is_empty) {
            faults.push(format!("{name}: has no description"));
        }
        unsatisfiable(name, schema, &mut faults);
    }
    faults
}

/// Texts with internal claim numbers, which mean nothing to a client.
pub fn internal_texts(document: &Value) -> Vec<String> {
    match document {
        Value::Array(values) => values.iter().flat_map(internal_texts).collect(),
        Value::Object(members) => members.values().flat_map(internal_texts).collect(),
        Value::String(text) if names_a_claim(text) => {
            vec![format!("remove the claim number from the API text: {text}")]
        }
        _ => Vec::new(),
    }
}

fn names_a_claim(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let mut after = text.split("claim ").skip(1);
    after.any(|rest| rest.starts_with(|next: char| next.is_ascii_digit()))
}

/// An `allOf` of two different types of JSON.
fn unsatisfiable(name: &str, schema: &Value, faults: &mut Vec<String>) {
    match schema {
        Value::Array(values) => values.iter().for_each(|value| unsatisfiable(name, value, faults)),
        Value::Object(members) => {
            if let Some(Value::Array(parts)) = members.get("allOf") {
                let kinds: BTreeSet<String> =
                    parts.iter().filter_map(|part| part.get("type")).map(Value::to_string).collect();
                if kinds.len() > 1 {
                    faults.push(format!("{name}: no value satisfies its allOf"));
                }
            }
            members.values().for_each(|value| unsatisfiable(name, value, faults));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inlined_type_keeps_its_description_as_a_sibling() {
        let schema = json!({ "allOf": [
            { "type": "array", "items": { "type": "string" }, "maxItems": 20 },
            { "type": "object", "description": "Where the post goes.", "default": [] },
        ] });
        let expected = json!({
            "type": "array", "items": { "type": "string" }, "maxItems": 20, "description": "Where the post goes.", "default": [],
        });
        assert_eq!(plain(schema), expected);
    }

    #[test]
    fn nullable_schemas_have_one_form() {
        let described = json!({ "oneOf": [{ "$ref": "#/components/schemas/PostView", "description": "The post." }, { "type": "null" }] });
        let expected = json!({ "description": "The post.", "oneOf": [{ "$ref": "#/components/schemas/Post" }, { "type": "null" }] });
        assert_eq!(plain(described), expected);
        let list = json!({ "oneOf": [{ "type": "null" }, { "type": "array", "items": {} }], "description": "Ids." });
        assert_eq!(plain(list), json!({ "type": ["array", "null"], "items": {}, "description": "Ids." }));
    }

    #[test]
    fn nullable_properties_of_responses_are_required() {
        let post = json!({ "properties": {
            "schedule": { "type": ["string", "null"] }, "text": { "type": "string" }, "note": { "type": "string" },
        }, "required": ["text"] });
        let mut schemas = BTreeMap::from([("Post".to_owned(), post.clone()), ("UpdatePost".to_owned(), post)]);
        let mut faults = Vec::new();
        require_nullable(&mut schemas, &BTreeSet::from(["Post".to_owned()]), &mut faults);
        assert!(faults.is_empty());
        assert_eq!(schemas["Post"]["required"], json!(["text", "schedule"]));
        assert_eq!(schemas["UpdatePost"]["required"], json!(["text"]), "requests may omit it");
    }

    #[test]
    fn a_claim_number_in_an_api_text_is_a_fault() {
        assert_eq!(internal_texts(&json!({ "paths": [{ "summary": "Lists posts (claim 18)." }] })).len(), 1);
        assert!(internal_texts(&json!({ "summary": "Claims a post, by the claim of a token." })).is_empty());
    }

    #[test]
    fn a_schema_that_clients_cannot_use_is_a_fault() {
        let with = |name: &str, schema: Value| faults(&BTreeMap::from([(name.to_owned(), schema)]));
        let good = json!({ "type": "string", "description": "A text." });
        assert!(with("PostText", good.clone()).is_empty());
        assert_eq!(with("Client", good.clone()).len(), 1);
        assert_eq!(with("ws_id", good).len(), 1);
        assert_eq!(with("PostText", json!({ "type": "string" })).len(), 1);
        let neither = json!({ "description": "A list.", "properties": { "ids": { "allOf": [{ "type": "array" }, { "type": "object" }] } } });
        assert_eq!(with("PostText", neither).len(), 1);
    }
}
