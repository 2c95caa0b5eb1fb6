//! Checks each call of a function against its grants: operation, table and leading key.
//!
//! The local cloud does not evaluate `dynamodb:LeadingKeys`, so this check reveals a missing grant before AWS refuses
//! the call.

use serde_json::Value;

use super::grants::{Holder, Resource, Statement, Table};
use crate::config::Tables;

/// The statements of one function.
pub(super) struct Held {
    statements: Vec<Statement>,
    tables: Tables,
}

/// One use of a table: action, table, what of it.
type Use = (String, String, Target);

/// What of a table is used.
#[derive(Debug)]
enum Target {
    /// The items of a partition.
    Partition(String),
    Index(String),
    Unknown,
}

impl Held {
    pub(super) fn new(statements: Vec<Statement>, tables: Tables) -> Self {
        Self { statements, tables }
    }

    /// The part of the call that its signer is not granted.
    pub(super) fn refuse(&self, call: &str, signer: Holder, body: &[u8]) -> Option<String> {
        let (service, operation) = call.split_once('.')?;
        match service {
            "HTTP" => None,
            "DynamoDB" => {
                let body: Value = serde_json::from_slice(body).ok()?;
                let refused = uses(operation, &body).into_iter().find(|used| !self.allows_use(signer, used));
                refused.map(|(action, table, target)| format!("{action} on {table} {target:?} as {signer:?}"))
            }
            "STS" => {
                let any = self.statements.iter().any(|statement| statement.holder == Holder::Tenant);
                (!any).then(|| call.to_owned())
            }
            // Every message job has this right on its own queue, with the right to receive: no grant names it.
            "SQS" if operation == "ChangeMessageVisibility" => None,
            _ => {
                let action = format!("{}:{operation}", service.to_ascii_lowercase());
                (!self.of(signer, &action).any(|_| true)).then(|| format!("{action} as {signer:?}"))
            }
        }
    }

    /// The statements of a holder with an action.
    fn of(&self, holder: Holder, action: &str) -> impl Iterator<Item = &Statement> {
        self.statements
            .iter()
            .filter(move |statement| statement.holder == holder && statement.actions.contains(&action))
    }

    /// Keys may be allowed by different statements here: as the role is written, `item_rights` unites them.
    fn allows_use(&self, signer: Holder, (action, table, target): &Use) -> bool {
        let named = |candidate: Table| candidate.name(&self.tables) == table;
        self.of(signer, action).any(|statement| match (statement.resource, target) {
            (Resource::Items(table, patterns), Target::Partition(key)) => {
                named(table) && patterns.iter().any(|pattern| matches(pattern, key))
            }
            (Resource::DueIndex(table), Target::Index(index)) => index == "due" && named(table),
            (Resource::DomainIndex(table), Target::Index(index)) => index == "domain" && named(table),
            _ => false,
        })
    }
}

/// `{workspace}` and `{user}` match any id here: the session restricts which one.
fn matches(pattern: &str, key: &str) -> bool {
    let (pattern, open) = match pattern.strip_suffix('*') {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let (mut pattern, mut key) = (pattern, key);
    loop {
        match pattern.split_once('{') {
            Some((literal, rest)) => {
                let Some(after) = key.strip_prefix(literal) else { return false };
                let Some((_, after_pattern)) = rest.split_once('}') else { return false };
                key = after.find('#').map_or("", |end| &after[end..]);
                pattern = after_pattern;
            }
            None => return if open { key.starts_with(pattern) } else { key == pattern },
        }
    }
}

fn uses(operation: &str, body: &Value) -> Vec<Use> {
    let partition = |key: &Value| key["S"].as_str().map_or(Target::Unknown, |key| Target::Partition(key.to_owned()));
    let key = |item: &Value| partition(&item["pk"]);
    let used = |action: &str, table: &Value, item: &Value| {
        (format!("dynamodb:{action}"), table.as_str().unwrap_or_default().to_owned(), key(item))
    };
    match operation {
        "GetItem" | "UpdateItem" | "DeleteItem" => vec![used(operation, &body["TableName"], &body["Key"])],
        "PutItem" => vec![used(operation, &body["TableName"], &body["Item"])],
        "Query" => {
            let of_table = || partition(&body["ExpressionAttributeValues"][":pk"]);
            let target = body["IndexName"].as_str().map_or_else(of_table, |index| Target::Index(index.to_owned()));
            vec![("dynamodb:Query".to_owned(), body["TableName"].as_str().unwrap_or_default().to_owned(), target)]
        }
        "BatchGetItem" => {
            let tables = body["RequestItems"].as_object().into_iter().flatten();
            tables
                .flat_map(|(table, request)| {
                    let keys = request["Keys"].as_array().into_iter().flatten();
                    keys.map(|item| ("dynamodb:BatchGetItem".to_owned(), table.clone(), key(item))).collect::<Vec<_>>()
                })
                .collect()
        }
        "TransactWriteItems" => {
            let items = body["TransactItems"].as_array().into_iter().flatten();
            items
                .flat_map(|item| {
                    [
                        ("Put", "PutItem", "Item"),
                        ("Update", "UpdateItem", "Key"),
                        ("Delete", "DeleteItem", "Key"),
                        ("ConditionCheck", "ConditionCheckItem", "Key"),
                    ]
                    .into_iter()
                    .filter(|(kind, _, _)| !item[*kind].is_null())
                    .map(|(kind, action, at)| used(action, &item[kind]["TableName"], &item[kind][at]))
                    .collect::<Vec<_>>()
                })
                .collect()
        }
        other => vec![(format!("dynamodb:{other}"), String::new(), Target::Unknown)],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_right_on_one_index_is_none_on_another_or_on_items() {
        let query = |index: Option<&str>| {
            let values = json!({ ":pk": { "S": "E#1" } });
            let mut body = json!({ "TableName": "t-accounts", "ExpressionAttributeValues": values });
            if let Some(index) = index {
                body["IndexName"] = json!(index);
            }
            body.to_string()
        };
        let asked = [query(Some("due")), query(Some("domain")), query(None)];
        for (resource, allowed) in [
            (Resource::DueIndex(Table::Accounts), [true, false, false]),
            (Resource::DomainIndex(Table::Accounts), [false, true, false]),
            (Resource::DomainIndex(Table::Tenants), [false, false, false]),
            (Resource::Items(Table::Accounts, &["E#*"]), [false, false, true]),
        ] {
            let statement = Statement { holder: Holder::Own, actions: &["dynamodb:Query"], resource };
            let held = Held::new(vec![statement], Tables::named("t"));
            let refused = |body: &String| held.refuse("DynamoDB.Query", Holder::Own, body.as_bytes());
            assert_eq!(asked.each_ref().map(|body| refused(body).is_none()), allowed, "{resource:?}");
        }
    }
}
