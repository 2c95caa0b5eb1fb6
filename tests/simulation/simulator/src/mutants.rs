//! Mutants: the product without one of its guards. A guard is a condition of a write as the product sends it, so that
//! removing it needs no other build, and no guard is forgotten.

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

/// A condition that always holds.
const ALWAYS: &str = "attribute_exists(pk) OR attribute_not_exists(pk)";
/// The kinds of writes in a transaction.
const KINDS: [&str; 4] = ["Put", "Update", "Delete", "ConditionCheck"];
/// What makes a repeated transaction one transaction, for ten minutes.
pub const TOKEN: &str = "ClientRequestToken";
/// The start of the name of all guards with the same condition.
const EVERY: &str = "Every write";
/// The end of the name of a mutant that also lacks the other guards.
const WITH_OTHERS: &str = " and the others";
/// How the product joins the parts of a condition.
const AND: &str = " AND ";

/// A guard to remove, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutant {
    pub guard: String,
    /// Removes with it what refuses in its place: the other guards of its request, and what makes a repeated transaction
    /// one.
    pub with_others: bool,
}

impl Mutant {
    /// By the text that [`fmt::Display`] gives.
    pub fn named(text: &str) -> Self {
        let alone = text.strip_suffix(WITH_OTHERS);
        Self { guard: alone.unwrap_or(text).to_owned(), with_others: alone.is_some() }
    }

    /// The request without the guard.
    pub fn applied_to(&self, request: &Request<Bytes>) -> Request<Bytes> {
        let mut body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let is_meant = self.with_others && guards(request.body()).contains_key(&self.guard);
        let removes_token = is_meant || self.guard == TOKEN;
        let mut is_mutated = removes_token && body.as_object_mut().is_some_and(|body| body.remove(TOKEN).is_some());
        for (kind, write) in writes(&mut body) {
            let removed = guards_of(kind, write).into_iter().find(|(name, _)| self.removes(name));
            let rest = removed.map(|(_, rest)| rest);
            let all = || write["ConditionExpression"].is_string().then(|| ALWAYS.to_owned());
            let rest = if is_meant { all() } else { rest };
            if let Some(rest) = rest {
                write["ConditionExpression"] = json!(rest);
                forget_unused(write);
                is_mutated = true;
            }
        }
        if !is_mutated {
            return request.clone();
        }
        let (parts, _) = request.clone().into_parts();
        Request::from_parts(parts, body.to_string().into())
    }

    fn removes(&self, name: &str) -> bool {
        name == self.guard || every(name).is_some_and(|every| every == self.guard)
    }
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.guard, if self.with_others { WITH_OTHERS } else { "" })
    }
}

/// The guard of every write with the same condition. Alone, a guard may go unnoticed because another one in its transaction
/// refuses too.
fn every(name: &str) -> Option<String> {
    let (_, condition) = name.split_once(": ")?;
    Some(format!("{EVERY}: {condition}"))
}

/// The guards in a request, and how often each is met or refuses something.
pub type Guards = BTreeMap<String, u64>;

/// The guards in a request.
pub fn guards(request: &[u8]) -> Guards {
    refusals(request, &[])
}

/// The guards in a request: 1 for each of a write that was refused because its condition did not hold.
pub fn refusals(request: &[u8], answer: &[u8]) -> Guards {
    let mut body: Value = serde_json::from_slice(request).unwrap_or_default();
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let is_failed = |text: &Value| text.as_str().is_some_and(|text| text.contains("ConditionalCheckFailed"));
    let is_refused = |at: usize| is_failed(&answer["__type"]) || is_failed(&answer["CancellationReasons"][at]["Code"]);
    let mut found: Guards = body.get(TOKEN).map(|_| (TOKEN.to_owned(), 0)).into_iter().collect();
    for (at, (kind, write)) in writes(&mut body).into_iter().enumerate() {
        for (name, _) in guards_of(kind, write) {
            for name in every(&name).into_iter().chain([name]) {
                *found.entry(name).or_default() |= u64::from(is_refused(at));
            }
        }
    }
    found
}

fn writes(request: &mut Value) -> Vec<(&'static str, &mut Value)> {
    if request.get("TransactItems").is_none() {
        return vec![("Single", request)];
    }
    let items = request["TransactItems"].as_array_mut().into_iter().flatten();
    let write = |item| {
        let item: &mut Value = item;
        let kind = KINDS.into_iter().find(|kind| item.get(*kind).is_some())?;
        Some((kind, item.get_mut(kind)?))
    };
    items.filter_map(write).collect()
}

/// Each guard of a write, with the condition that is left without it: a part of a conjunction, or the whole condition.
fn guards_of(kind: &str, write: &Value) -> Vec<(String, String)> {
    let Some(condition) = write["ConditionExpression"].as_str() else { return Vec::new() };
    let table = write["TableName"].as_str().unwrap_or_default();
    let table = table.rsplit('-').next().unwrap_or_default();
    let key = if write["Key"].is_object() { &write["Key"] } else { &write["Item"] };
    let [partition, sort] = ["pk", "sk"].map(|name| kind_of(key[name]["S"].as_str().unwrap_or_default()));
    let what = format!("{kind} {table} {partition} {sort}");
    let parts: Vec<&str> = if condition.contains('(') && condition.contains(" OR ") {
        vec![condition]
    } else {
        condition.split(AND).collect()
    };
    let without = |at: usize| {
        let rest: Vec<&str> =
            parts.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, part)| *part).collect();
        if rest.is_empty() { ALWAYS.to_owned() } else { rest.join(AND) }
    };
    parts.iter().enumerate().map(|(at, part)| (format!("{what}: {part}"), without(at))).collect()
}

/// The part of a key that names a kind: `POST` of `POST#post_…`. `*` if it starts with an id, a digest or a date.
fn kind_of(key: &str) -> &str {
    let kind = key.split(['#', '_']).next().unwrap_or_default();
    let is_name = kind.len() < 24 && !kind.contains(|letter: char| letter.is_ascii_digit() || letter == ' ');
    if is_name { kind } else { "*" }
}

/// DynamoDB refuses names and values that no expression uses.
fn forget_unused(write: &mut Value) {
    let expressions = ["UpdateExpression", "ConditionExpression"];
    let used: Vec<&str> = expressions.iter().filter_map(|name| write[*name].as_str()).collect();
    let used = used.join(" ");
    for member in ["ExpressionAttributeNames", "ExpressionAttributeValues"] {
        if let Some(defined) = write.get_mut(member).and_then(Value::as_object_mut) {
            defined.retain(|name, _| is_used(&used, name));
            if defined.is_empty() {
                write.as_object_mut().map(|write| write.remove(member));
            }
        }
    }
}

/// Whether an expression has this name, and not only a longer one.
fn is_used(expression: &str, name: &str) -> bool {
    expression.match_indices(name).any(|(at, _)| {
        let next = expression[at + name.len()..].chars().next();
        !next.is_some_and(|next| next.is_ascii_alphanumeric() || next == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(condition: &str) -> Request<Bytes> {
        let put = json!({ "Put": {
            "TableName": "bh-tenants", "Item": { "pk": { "S": "W#ws_1" }, "sk": { "S": "POST#post_1" } },
            "ConditionExpression": condition,
            "ExpressionAttributeNames": { "#a": "a" },
            "ExpressionAttributeValues": { ":v": { "N": "1" }, ":v2": { "N": "2" } },
        } });
        Request::new(json!({ "TransactItems": [put] }).to_string().into())
    }

    #[test]
    fn each_part_of_a_conjunction_is_a_guard() {
        let names = guards(request("#a = :v AND b = :v2").body());
        assert_eq!(
            names.into_keys().collect::<Vec<_>>(),
            [
                "Every write: #a = :v",
                "Every write: b = :v2",
                "Put tenants W POST: #a = :v",
                "Put tenants W POST: b = :v2"
            ]
        );
        let whole = guards(request("attribute_not_exists(pk) OR b = :v").body());
        assert_eq!(whole.len(), 2);
    }

    #[test]
    fn a_mutant_keeps_only_what_its_expressions_use() {
        let mutant = Mutant { guard: "Put tenants W POST: #a = :v".to_owned(), with_others: false };
        let mutated: Value = serde_json::from_slice(mutant.applied_to(&request("#a = :v AND b = :v2")).body()).unwrap();
        let put = &mutated["TransactItems"][0]["Put"];
        assert_eq!(put["ConditionExpression"], "b = :v2");
        assert_eq!(put["ExpressionAttributeValues"], json!({ ":v2": { "N": "2" } }));
        assert!(put.get("ExpressionAttributeNames").is_none());
        assert!(is_used("SET w = :w attribute_exists(pk)", ":w") && !is_used("b = :v2", ":v"));
        let other = Mutant { guard: "another".to_owned(), with_others: true };
        assert_eq!(other.applied_to(&request("#a = :v")).body(), request("#a = :v").body());
    }
}
