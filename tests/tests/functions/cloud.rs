//! The local cloud as an operator sees it: table contents, sent mail, uploads by URL.

use std::collections::BTreeMap;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use shared::config::Tables;

/// Every item of every table, by table and key.
#[derive(Clone, Debug, PartialEq)]
pub struct Contents(BTreeMap<String, Value>);

impl Contents {
    pub async fn of(tables: &Tables) -> Self {
        let mut found = BTreeMap::new();
        let Tables { tenants, outbox, audit, proofs, accounts, system } = tables;
        for table in [tenants, outbox, audit, proofs, accounts, system] {
            let mut start = Value::Null;
            loop {
                let mut scan = json!({ "TableName": table, "ConsistentRead": true });
                if !start.is_null() {
                    scan["ExclusiveStartKey"] = start;
                }
                let page = dynamodb("Scan", &scan).await;
                for item in page["Items"].as_array().unwrap_or_else(|| panic!("{page}")) {
                    let short = table.rsplit('-').next().unwrap_or_default();
                    let key = format!("{short} {} {}", item["pk"]["S"].as_str().unwrap(), item["sk"]["S"]);
                    found.insert(key, item.clone());
                }
                start = page["LastEvaluatedKey"].clone();
                if start.is_null() {
                    break;
                }
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

    /// The items of one workspace.
    pub fn in_workspace(mut self, workspace: &str) -> Self {
        self.0.retain(|key, item| key.contains(workspace) || item.to_string().contains(workspace));
        self
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
pub async fn forget_rates(tables: &Tables, route: &str) {
    let found = Contents::of(tables).await;
    let prefix = format!("system RATE#{route}#");
    for item in found.0.iter().filter(|(key, _)| key.starts_with(&prefix)).map(|(_, item)| item) {
        let key = json!({ "pk": item["pk"], "sk": item["sk"] });
        dynamodb("DeleteItem", &json!({ "TableName": tables.system, "Key": key })).await;
    }
}

async fn dynamodb(operation: &str, body: &Value) -> Value {
    let request = emulator(Method::POST, "/", "dynamodb");
    let request = request.header("x-amz-target", format!("DynamoDB_20120810.{operation}"));
    let request = request.header("content-type", "application/x-amz-json-1.0");
    let answer = request.body(body.to_string()).send().await.unwrap();
    serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default()
}

/// A request to a service of the local cloud, which reads the service and the account from the credential and verifies nothing.
pub fn emulator(method: Method, path: &str, service: &str) -> RequestBuilder {
    let credential = format!("Credential=test/20260101/us-east-1/{service}/aws4_request");
    let signed = format!("AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=0");
    reqwest::Client::new().request(method, format!("{}{path}", endpoint())).header("authorization", signed)
}

fn endpoint() -> String {
    std::env::var("AWS_ENDPOINT_URL").expect("AWS_ENDPOINT_URL names the local cloud: run `make test`")
}

/// The token in the last mail to an address.
pub async fn mailed_token(email: &str) -> String {
    let kept: Value =
        reqwest::get(format!("{}/_ministack/ses/messages", endpoint())).await.unwrap().json().await.unwrap();
    let mut mails = kept["messages"].as_object().unwrap().values().flat_map(|mails| mails.as_array().unwrap().clone());
    let mail = mails.rfind(|mail| mail.to_string().contains(email)).expect("a mail");
    let text = mail["BodyText"].as_str().unwrap();
    let (_, token) = text.split_once("#token=").expect("a link");
    token.split_whitespace().next().unwrap().to_owned()
}

/// Sends an upload according to its response.
pub async fn put(upload: &Value, file: Vec<u8>) {
    let mut request = reqwest::Client::new().put(upload["url"].as_str().unwrap());
    for (name, value) in upload["headers"].as_object().unwrap() {
        // The client computes it from the body, as every client does.
        if name != "content-length" {
            request = request.header(name, value.as_str().unwrap());
        }
    }
    assert_eq!(request.body(file).send().await.unwrap().status().as_u16(), 200);
}
