//! Checks of every operation of the document.

#![allow(clippy::unwrap_used)]

use super::*;

fn generated() -> Value {
    document(Path::new(crate::ROOT), Plane::PRODUCT, "1").0
}

fn operations(document: &Value) -> impl Iterator<Item = &Map<String, Value>> {
    let paths = document["paths"].as_object().unwrap().values();
    paths.flat_map(|path| path.as_object().unwrap().values()).map(|operation| operation.as_object().unwrap())
}

#[test]
fn every_extension_field_is_explained() {
    let document = generated();
    let explained = document["info"]["description"].as_str().unwrap();
    for key in operations(&document).flat_map(Map::keys).filter(|key| key.starts_with("x-")) {
        assert!(explained.contains(&format!("- `{key}`: ")), "{key} is not explained");
    }
}

#[test]
fn a_list_returns_a_cursor_if_and_only_if_it_accepts_one() {
    let document = generated();
    let mut lists = 0;
    for operation in operations(&document) {
        let answer = &operation["responses"]["200"]["content"]["application/json"]["example"];
        let parameters = operation["parameters"].as_array().unwrap();
        let takes = |name: &str| parameters.iter().any(|parameter| parameter["name"] == name);
        if answer["items"].is_array() {
            lists += 1;
            let is_paged = answer.get("next_cursor").is_some();
            assert_eq!((takes("cursor"), takes("limit")), (is_paged, is_paged), "{}", operation["operationId"]);
        }
    }
    assert!(lists > 5, "hardly any lists were found");
}

#[test]
fn the_document_names_the_server() {
    let server = generated()["servers"][0].clone();
    assert!(server["url"].as_str().unwrap().starts_with("https://"), "{server}");
}

#[test]
fn no_example_instant_is_in_the_past() {
    fn instants(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Array(values) => values.iter().for_each(|value| instants(value, found)),
            Value::Object(members) => members.values().for_each(|value| instants(value, found)),
            Value::String(text) if text.get(10..11) == Some("T") && text.as_bytes()[0].is_ascii_digit() => {
                found.push(text.clone());
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    instants(&generated(), &mut found);
    assert!(found.len() > 20, "examples have no instants: {found:?}");
    let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let year = 1970 + seconds / 31_556_952;
    found.retain(|text| text[..4].parse::<u64>().unwrap() <= year);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn every_request_and_success_has_an_example_and_its_headers() {
    let document = generated();
    for operation in operations(&document) {
        let name = &operation["operationId"];
        if let Some(body) = operation.get("requestBody") {
            assert!(body["content"]["application/json"]["example"].is_object(), "{name}");
        }
        for (status, response) in operation["responses"].as_object().unwrap() {
            if status.starts_with('2') {
                assert!(response["headers"]["x-request-id"].is_object(), "{name} {status}");
                let content = response["content"].as_object().into_iter().flat_map(Map::values);
                assert!(content.into_iter().all(|content| !content["example"].is_null()), "{name} {status}");
            }
        }
    }
}
