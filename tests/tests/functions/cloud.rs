//! The cloud as an operator sees it: table contents, and sent mail.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::config::Tables;
use shared::testing::TestApp;

/// Every item of every table, by table and key.
#[derive(Clone, Debug, PartialEq)]
pub struct Contents(BTreeMap<String, Value>);

impl Contents {
    pub fn of(app: &TestApp) -> Self {
        let mut found = BTreeMap::new();
        let Tables { tenants, outbox, audit, proofs, accounts, system } = app.tables();
        for table in [tenants, outbox, audit, proofs, accounts, system] {
            for item in app.cloud().items(table).unwrap() {
                let short = table.rsplit('-').next().unwrap_or_default();
                let key = format!("{short} {} {}", item["pk"]["S"].as_str().unwrap(), item["sk"]["S"]);
                found.insert(key, item);
            }
        }
        Self(found)
    }

    /// Without the bookkeeping of requests and runs: rates, uses of tokens, run records, locks and events.
    pub fn of_the_product(mut self) -> Self {
        let bookkeeping = ["system RATE#", "system USED#", "system RUN#", "system LOCK#", "system EVENT#"];
        self.0.retain(|key, _| !bookkeeping.iter().any(|start| key.starts_with(start)));
        self
    }

    /// Without the items that have a text.
    pub fn without(mut self, text: &str) -> Self {
        self.0.retain(|_, item| !item.to_string().contains(text));
        self
    }

    /// The items of one workspace.
    pub fn in_workspace(mut self, workspace: &str) -> Self {
        self.0.retain(|key, item| key.contains(workspace) || item.to_string().contains(workspace));
        self
    }

    /// Whether an item of any table has this text in its JSON form.
    pub fn shows(&self, text: &str) -> bool {
        self.0.values().any(|item| item.to_string().contains(text))
    }

    pub fn keys(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    /// The added, changed and removed items until `later`.
    pub fn changes_until(&self, later: &Self) -> Vec<String> {
        let gone = self.0.iter().filter(|(key, item)| later.0.get(*key) != Some(item));
        let new = later.0.keys().filter(|key| !self.0.contains_key(*key));
        let gone = gone.map(|(key, item)| match later.0.get(key) {
            Some(now) => format!("changed: {key}: {item} is now {now}"),
            None => format!("removed: {key}"),
        });
        gone.chain(new.map(|key| format!("added: {key}"))).collect()
    }
}

/// Resets how often each user has called a route.
pub fn forget_rates(app: &TestApp, route: &str) {
    let found = Contents::of(app);
    let prefix = format!("system RATE#{route}#");
    for item in found.0.iter().filter(|(key, _)| key.starts_with(&prefix)).map(|(_, item)| item) {
        let key = json!({ "pk": item["pk"], "sk": item["sk"] });
        dynamodb(app, "DeleteItem", &json!({ "TableName": app.tables().system, "Key": key }));
    }
}

fn dynamodb(app: &TestApp, operation: &str, body: &Value) -> Value {
    app.cloud().call(&format!("DynamoDB_20120810.{operation}"), body).unwrap()
}

/// The token in the last mail to an address.
pub fn mailed_token(app: &TestApp, email: &str) -> String {
    let mail = app.cloud().mails_to(email).pop().expect("a mail");
    let (_, token) = mail.text.split_once("#token=").expect("a link");
    token.split_whitespace().next().unwrap().to_owned()
}
