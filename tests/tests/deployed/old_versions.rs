//! Old versions of functions are deleted after a deploy, and those that an alias names are not.

use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};
use test_support::emulator::emulator;

const STACK: &str = "bulkhead-old-versions";
const FUNCTION: &str = "bulkhead-old-versions-function";
const TEMPLATE: &str = r#"{"Resources": {"Function": {"Type": "AWS::Lambda::Function", "Properties": {
    "FunctionName": "bulkhead-old-versions-function", "Runtime": "python3.11", "Handler": "index.handler",
    "Role": "arn:aws:iam::000000000000:role/none", "Code": {"ZipFile": "def handler(event, context): pass"}}}}}"#;
/// Archives without a file; the second has a comment, so that each version has different code than the previous one.
const ARCHIVES: [&str; 2] = ["UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==", "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAAEAQQ=="];

async fn cloudformation(action: &str) -> String {
    let form = [("Action", action), ("Version", "2010-05-15"), ("StackName", STACK), ("TemplateBody", TEMPLATE)];
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let request = emulator(Method::POST, "/", "cloudformation");
    request
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap()
}

async fn lambda(method: Method, path: &str, body: Value) -> Value {
    let path = format!("/2015-03-31/functions/{FUNCTION}{path}");
    let answer = emulator(method, &path, "lambda").json(&body).send().await.unwrap().error_for_status().unwrap();
    answer.json().await.unwrap()
}

async fn publish(archive: &str) {
    lambda(Method::PUT, "/code", json!({ "ZipFile": archive, "Publish": true })).await;
}

#[tokio::test]
async fn a_deploy_keeps_the_newest_versions_and_the_one_that_is_live() {
    cloudformation("DeleteStack").await;
    cloudformation("CreateStack").await;
    for _ in 0..50 {
        if cloudformation("DescribeStacks").await.contains("CREATE_COMPLETE") {
            break;
        }
    }
    for number in 0..7 {
        publish(ARCHIVES[number % 2]).await;
    }
    lambda(Method::POST, "/aliases", json!({ "Name": "live", "FunctionVersion": "2" })).await;
    let mut prune = Command::new("python3");
    prune.args(["infra/local/cloud.py", "prune", STACK]).current_dir(system_tests::root());
    let pruned = prune.output().unwrap();
    assert!(pruned.status.success(), "{}", String::from_utf8_lossy(&pruned.stderr));
    let left = lambda(Method::GET, "/versions", Value::Null).await;
    let left: Vec<_> =
        left["Versions"].as_array().unwrap().iter().map(|one| one["Version"].as_str().unwrap()).collect();
    assert_eq!(left, ["$LATEST", "2", "5", "6", "7"]);
    cloudformation("DeleteStack").await;
}
