//! The API's description, as the generator wrote it, and what can be read from it.

use std::sync::LazyLock;

use serde_json::Value;

/// The OpenAPI document of every route, in JSON.
pub const OPENAPI: &str = include_str!("../../../infra/generated/openapi.json");

static PARSED: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(OPENAPI).unwrap_or_default());

/// The methods, in upper case, that the path is answered under. None where there is no such path.
pub fn methods_of(path: &str) -> Vec<String> {
    methods_in(&PARSED, path)
}

fn methods_in(document: &Value, path: &str) -> Vec<String> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let operations = paths.filter(|(template, _)| is_like(template, path)).flat_map(|(_, item)| item.as_object());
    let methods = operations.flat_map(|operations| operations.keys()).filter(|name| is_method(name));
    methods.map(|name| name.to_ascii_uppercase()).collect()
}

/// A path item also has `parameters` and the like (OpenAPI 3.1, section 4.8.9).
fn is_method(name: &str) -> bool {
    matches!(name, "get" | "put" | "post" | "delete" | "patch" | "head")
}

/// Whether a path is one that a template like `/workspaces/{workspace_id}` stands for.
fn is_like(template: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    let fits = template.split('/').all(|wanted| {
        parts.next().is_some_and(|part| if wanted.starts_with('{') { !part.is_empty() } else { part == wanted })
    });
    fits && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_known_by_its_template() {
        let document = serde_json::json!({ "paths": {
            "/workspaces": { "get": {}, "post": {} },
            "/workspaces/{workspace_id}": { "get": {}, "parameters": [] },
            "/workspaces/{workspace_id}/posts": { "post": {} },
        }});
        assert_eq!(methods_in(&document, "/workspaces"), ["GET", "POST"]);
        assert_eq!(methods_in(&document, "/workspaces/ws_1"), ["GET"]);
        assert_eq!(methods_in(&document, "/workspaces/ws_1/posts"), ["POST"]);
        for unknown in ["", "/", "/workspaces/", "/workspaces/ws_1/posts/1", "/workspace", "workspaces"] {
            assert!(methods_in(&document, unknown).is_empty(), "{unknown}");
        }
    }

    #[test]
    fn the_generated_document_is_json() {
        assert!(PARSED["paths"].is_object(), "infra/generated/openapi.json has no paths");
    }
}
