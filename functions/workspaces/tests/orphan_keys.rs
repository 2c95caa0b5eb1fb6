//! The job `sweep-orphan-keys`: which keys it deletes, and which it never does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};
use shared::kernel::ids::WorkspaceId;
use shared::kernel::secrets::SecretText;
use shared::kernel::time::SignedDuration;
use shared::testing::TestApp;
use workspaces::jobs::sweep_orphan_keys;

async fn kms(operation: &str, body: Value) -> Value {
    let request = reqwest::Client::new().post(std::env::var("AWS_ENDPOINT_URL").unwrap());
    let request = request.header("x-amz-target", format!("TrentService.{operation}"));
    let request = request.header("content-type", "application/x-amz-json-1.1");
    let signed_for =
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/kms/aws4_request, SignedHeaders=host, Signature=0";
    let answer = request.header("authorization", signed_for).body(body.to_string()).send().await.unwrap();
    let text = answer.text().await.unwrap();
    serde_json::from_str(&text).unwrap_or_default()
}

async fn state(key: &str) -> String {
    kms("DescribeKey", json!({ "KeyId": key })).await["KeyMetadata"]["KeyState"].as_str().unwrap().to_owned()
}

/// The result of a crash between creating a key and recording it.
async fn orphan(app: &TestApp, workspace: WorkspaceId) -> String {
    let tables = &app.tables().tenants;
    let tags = json!([{ "TagKey": "workspace", "TagValue": workspace.to_string() }, { "TagKey": "deployment", "TagValue": tables }]);
    let made = kms("CreateKey", json!({ "Tags": tags })).await;
    let id = made["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned();
    kms("CreateAlias", json!({ "AliasName": format!("alias/{tables}/ws/{id}"), "TargetKeyId": id })).await;
    id
}

#[tokio::test]
async fn an_orphan_key_is_deleted_after_a_day() {
    let app = TestApp::alone().await.unwrap();
    let owner = app.owner().await.unwrap();
    let scope = app.scope(owner.workspace);
    let secret = SecretText::new("kept".to_owned());
    let sealed = scope.seal("test", &owner.user, &secret).await.unwrap();
    let used = serde_json::to_value(&sealed).unwrap()["key"].as_str().unwrap().to_owned();
    let left_behind = orphan(&app, owner.workspace).await;

    app.tick(&sweep_orphan_keys::FUNCTION).await.unwrap();
    assert_eq!(state(&left_behind).await, "Enabled", "a new key may belong to a sealing in progress");

    app.advance(SignedDuration::from_hours(25));
    app.tick(&sweep_orphan_keys::FUNCTION).await.unwrap();
    assert_eq!(state(&left_behind).await, "PendingDeletion");
    assert_eq!(state(&used).await, "Enabled");
    assert_eq!(scope.open("test", &owner.user, &sealed).await.unwrap().expose(), "kept");

    // Once more: keys that are pending deletion are left alone.
    app.advance(SignedDuration::from_hours(24));
    app.tick(&sweep_orphan_keys::FUNCTION).await.unwrap();
    assert_eq!(state(&left_behind).await, "PendingDeletion");
}
