//! A restore against the first step, and writes during an erasure.

use erasure::jobs::purge_workspaces;
use serde_json::json;
use shared::aws::wire::Fault;
use shared::identity::Strength;
use shared::kernel::time::SignedDuration;
use shared::testing::{Request, TestApp};
use tokio::sync::Notify;
use workspaces::routes::{get_workspace, restore_workspace};

use crate::certificates::claims;
use crate::place::{DAY, Place, purge};

/// A place in the trash, a second before it is due, whose owner has just signed in.
async fn almost_due(app: &TestApp) -> (Place, Request) {
    let mut place = Place::new(app).await;
    place.trash(app).await;
    app.advance(DAY * 30 - SignedDuration::from_secs(1));
    place.owner = app.with_strength(&place.owner, Strength::Multi).await.unwrap();
    let restore = Request::to(&restore_workspace::FUNCTION).by(&place.owner).path("workspace_id", place.id());
    (place, restore)
}

#[tokio::test]
async fn a_restore_that_an_erasure_overtakes_is_refused() {
    let app = TestApp::new();
    let (place, restore) = almost_due(&app).await;
    let erasing = async {
        app.advance(SignedDuration::from_secs(1));
        // Only its beginning.
        app.wire(&purge_workspaces::FUNCTION).arm(Fault::Hold("KMS."));
        let (tick, wire) = (app.tick(&purge_workspaces::FUNCTION), app.wire(&purge_workspaces::FUNCTION));
        let mut tick = std::pin::pin!(tick);
        tokio::select! {
            ended = &mut tick => panic!("it ended: {ended:?}"),
            () = wire.held.notified() => {}
        }
    };
    let (refused, ran) = app.call_while(restore, erasing).await;
    assert!(ran.is_some());
    assert_eq!(refused.expect(410).code(), "workspace_trash_expired");
    app.forget(&purge_workspaces::FUNCTION);
    let visit = Request::to(&get_workspace::FUNCTION).by(&place.owner).path("workspace_id", place.id());
    let refused = app.call(visit).await.expect(403);
    assert!(refused.code() == "workspace_trashed" && refused.text.contains("is being erased"), "{}", refused.text);
    purge(&app).await;
    purge(&app).await;
    assert!(place.certificate(&app).is_some());
}

#[tokio::test]
async fn an_erasure_that_a_restore_overtakes_does_nothing() {
    let app = TestApp::new();
    let (place, restore) = almost_due(&app).await;
    let before = place.tally(&app);
    let (admitted, begun, restored) = (Notify::new(), Notify::new(), Notify::new());
    let wire = app.wire(&purge_workspaces::FUNCTION);
    let restoring = async {
        let hold = async {
            app.advance(SignedDuration::from_secs(1));
            admitted.notify_one();
            begun.notified().await;
        };
        let (answer, ran) = app.call_while(restore, hold).await;
        assert!(ran.is_some());
        answer.expect(204);
        restored.notify_one();
    };
    let erasing = async {
        admitted.notified().await;
        wire.arm(Fault::Hold("DynamoDB.TransactWriteItems"));
        let tick = app.tick(&purge_workspaces::FUNCTION);
        let mut tick = std::pin::pin!(tick);
        tokio::select! {
            ended = &mut tick => panic!("it ended: {ended:?}"),
            () = wire.held.notified() => {}
        }
        begun.notify_one();
        restored.notified().await;
        wire.release();
        tick.await.unwrap();
    };
    tokio::join!(restoring, erasing);
    let visit = Request::to(&get_workspace::FUNCTION).by(&place.owner).path("workspace_id", place.id());
    app.call(visit).await.expect(200);
    for _ in 0..3 {
        purge(&app).await;
    }
    assert_eq!(place.certificate(&app), None);
    let after = place.tally(&app);
    assert_eq!(after["memberships"], before["memberships"]);
    assert_eq!(after["object_versions"], before["object_versions"]);
    assert_eq!(after["audit_entries"].as_u64().unwrap(), before["audit_entries"].as_u64().unwrap() + 1);
}

#[tokio::test]
async fn an_item_that_is_written_during_an_erasure_is_found_by_another_pass() {
    let app = TestApp::new();
    let place = Place::new(&app).await;
    place.trash(&app).await;
    app.advance(DAY * 30);
    purge(&app).await;
    // A function that was frozen goes on after the first pass.
    place.put(&app, &app.tables().tenants.clone(), "LATE#1");
    place.put(&app, &app.tables().audit.clone(), "ENTRY#late");
    purge(&app).await;
    assert_eq!(place.certificate(&app), None);
    purge(&app).await;
    let destroyed = claims(&place.certificate(&app).unwrap())["destroyed"].clone();
    assert_eq!(destroyed["items"]["LATE"], 1);
    app.empty_outbox().await.unwrap();
    assert_eq!(place.traces(&app).len(), 1);
}

#[tokio::test]
async fn a_workspace_that_an_operator_changes_is_looked_through_again() {
    let app = TestApp::new();
    let place = Place::new(&app).await;
    place.trash(&app).await;
    app.advance(DAY * 30);
    purge(&app).await;
    let scope = app.scope(place.id());
    let change = scope.directory().await.unwrap().change().name("Renamed");
    let changes = shared::tenancy::Changes::default().unaudited("a fixture");
    change.commit(changes).await.unwrap();
    purge(&app).await;
    assert_eq!(place.certificate(&app), None);
    purge(&app).await;
    assert!(place.certificate(&app).is_some());
}

#[tokio::test]
async fn an_item_that_expires_while_it_is_erased_is_not_counted() {
    let app = TestApp::new();
    let place = Place::new(&app).await;
    place.put(&app, &app.tables().tenants.clone(), "BRIEF#1");
    place.trash(&app).await;
    app.advance(DAY * 30);
    let wire = app.wire(&purge_workspaces::FUNCTION);
    let tick = app.tick(&purge_workspaces::FUNCTION);
    let mut tick = std::pin::pin!(tick);
    let mut has_expired = false;
    wire.arm(Fault::Hold("DynamoDB.TransactWriteItems"));
    loop {
        tokio::select! {
            biased;
            ended = &mut tick => break drop(ended.unwrap()),
            () = wire.held.notified() => {}
        }
        // Before the step that deletes it: by then, the objects are deleted and the items are read.
        if app.cloud().object_versions().is_empty() && !has_expired && erasing_items(&app, &place) {
            let key = json!({ "pk": { "S": format!("W#{}", place.id()) }, "sk": { "S": "BRIEF#1" } });
            let delete = json!({ "TableName": app.tables().tenants, "Key": key });
            app.cloud().call("DynamoDB_20120810.DeleteItem", &delete).unwrap();
            has_expired = true;
        }
        wire.arm(Fault::Hold("DynamoDB.TransactWriteItems"));
        wire.release();
    }
    assert!(has_expired);
    wire.disarm();
    for _ in 0..3 {
        purge(&app).await;
    }
    let destroyed = claims(&place.certificate(&app).unwrap())["destroyed"].clone();
    assert!(destroyed["items"]["BRIEF"].is_null(), "{destroyed}");
}

fn erasing_items(app: &TestApp, place: &Place) -> bool {
    let items = app.cloud().items(&app.tables().tenants).unwrap();
    let own = |item: &&serde_json::Value| item["pk"]["S"] == format!("W#{}", place.id()).as_str();
    let state = items.iter().filter(own).find(|item| item["sk"]["S"] == "ERASURE#CURRENT");
    state.is_some_and(|state| state["e"]["M"]["begun"]["M"]["phase"]["S"] == "Items")
}
