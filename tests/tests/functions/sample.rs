//! The sample events of `events/`: complete requests and payloads, with placeholders for existing resources.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use shared::testing::Request;
use system_tests::root;

use crate::domains::DomainFunction;

/// The values of the placeholders `{{name}}`.
#[derive(Clone, Debug, Default)]
pub struct Filling(BTreeMap<String, String>);

impl Filling {
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.0.insert(name.to_owned(), value.to_string());
        self
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map(String::as_str).unwrap_or_else(|| panic!("nothing fills {{{{{name}}}}}"))
    }

    /// The ids of resources and of their workspace, by the names of their placeholders.
    pub fn ids(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter(|(name, _)| name.ends_with("_id")).map(|(name, id)| (name.as_str(), id.as_str()))
    }
}

/// The sample event of a function.
pub struct Sample(String);

impl Sample {
    pub fn of(function: DomainFunction) -> Self {
        let path = format!("events/{}/{}.json", function.domain, function.name());
        let text = std::fs::read_to_string(root().join(&path));
        Self(text.unwrap_or_else(|error| panic!("{path}: {error}")))
    }

    /// The names of its placeholders.
    pub fn placeholders(&self) -> BTreeSet<String> {
        let opened = self.0.split("{{").skip(1);
        opened.filter_map(|rest| rest.split_once("}}")).map(|(name, _)| name.to_owned()).collect()
    }

    /// Whether its body has members.
    pub fn says_something(&self) -> bool {
        let event: Value = serde_json::from_str(&self.0).unwrap();
        !body(&event).is_empty()
    }

    pub fn filled(&self, filling: &Filling) -> Value {
        let mut text = self.0.clone();
        for name in self.placeholders() {
            let value = filling.get(&name);
            // It may be in JSON inside JSON.
            assert!(!value.contains(['"', '\\', '\n']), "{name} cannot be filled in as text: {value}");
            text = text.replace(&format!("{{{{{name}}}}}"), value);
        }
        serde_json::from_str(&text).unwrap()
    }
}

impl Sample {
    /// For requests that are refused before they reach their credentials: what nothing fills is stood in for.
    pub fn filled_as_far(&self, filling: &Filling) -> Value {
        let mut filling = filling.clone();
        for name in self.placeholders().into_iter().filter(|name| !filling.has(name)).collect::<Vec<_>>() {
            filling = filling.with(&name, "x".repeat(86));
        }
        self.filled(&filling)
    }
}

/// The request in an event of a route.
pub fn request(function: DomainFunction, event: &Value) -> Request {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let pairs = |name: &str| {
        let pairs = event[name].as_object().into_iter().flatten();
        pairs.map(|(name, value)| (name.clone(), text(value))).collect::<Vec<_>>()
    };
    let mut request = Request::to(function.function());
    for (name, value) in pairs("headers") {
        request = request.header(&name, &value);
    }
    for (name, value) in pairs("pathParameters") {
        request = request.path(&name, value);
    }
    for (name, value) in pairs("queryStringParameters") {
        request = request.query(&name, value);
    }
    match event["body"].as_str() {
        Some(body) => request.body(body),
        None => request,
    }
}

/// The members of an event's JSON body; empty if it has no body.
pub fn body(event: &Value) -> serde_json::Map<String, Value> {
    match event["body"].as_str().map(serde_json::from_str) {
        Some(Ok(Value::Object(members))) => members,
        _ => serde_json::Map::new(),
    }
}

/// The event with another JSON body.
pub fn with_body(event: &Value, body: serde_json::Map<String, Value>) -> Value {
    let mut event = event.clone();
    event["body"] = Value::String(Value::Object(body).to_string());
    event["headers"]["content-type"] = Value::String("application/json".to_owned());
    event
}
