//! The job `sweep-orphan-keys`: which keys it deletes, and which it never does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};
use shared::kernel::ids::WorkspaceId;
use shared::kernel::secrets::SecretText;
use shared::kernel::time::SignedDuration;
use shared::testing::TestApp;
use workspaces::jobs::sweep_orphan_keys;

fn kms(app: &TestApp, operation: &str, body: Value) -> Value {
    app.cloud().call(&format!("TrentService.{operation}"), &body).unwrap()
}

fn state(app: &TestApp, key: &str) -> String {
    kms(app, "DescribeKey", json!({ "KeyId": key }))["KeyMetadata"]["KeyState"].as_str().unwrap().to_owned()
}

/// The result of a crash between creating a key and recording it.
fn orphan(app: &TestApp, workspace: WorkspaceId) -> String {
    let tables = &app.tables().tenants;
    let tags = json!([{ "TagKey": "workspace", "TagValue": workspace.to_string() }, { "TagKey": "deployment", "TagValue": tables }]);
    let made = kms(app, "CreateKey", json!({ "Tags": tags }));
    let id = made["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned();
    kms(app, "CreateAlias", json!({ "AliasName": format!("alias/{tables}/ws/{id}"), "TargetKeyId": id }));
    id
}

#[tokio::test]
async fn an_orphan_key_is_deleted_after_a_day() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let scope = app.scope(owner.workspace);
    let secret = SecretText::new("kept".to_owned());
    let sealed = scope.seal("test", &owner.user, &secret).await.unwrap();
    let used = serde_json::to_value(&sealed).unwrap()["key"].as_str().unwrap().to_owned();
    let left_behind = orphan(&app, owner.workspace);

    app.tick(&sweep_orphan_keys::FUNCTION).await.unwrap();
    assert_eq!(state(&app, &left_behind), "Enabled", "a new key may belong to a sealing in progress");

    app.advance(SignedDuration::from_hours(25));
    app.tick(&sweep_orphan_keys::FUNCTION).await.unwrap();
    assert_eq!(state(&app, &left_behind), "PendingDeletion");
    assert_eq!(state(&app, &used), "Enabled");
    assert_eq!(scope.open("test", &owner.user, &sealed).await.unwrap().expose(), "kept");

    // Once more: keys that are pending deletion are left alone.
    app.advance(SignedDuration::from_hours(24));
    app.tick(&sweep_orphan_keys::FUNCTION).await.unwrap();
    assert_eq!(state(&app, &left_behind), "PendingDeletion");
}
