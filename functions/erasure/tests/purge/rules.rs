//! What is erased and when, and that nothing else is.

use erasure::jobs::purge_workspaces;
use mail::SendEmail;
use serde_json::json;
use shared::config::{Tables, WorkspaceKeys};
use shared::identity::{StaffRole, Strength};
use shared::kernel::time::{SignedDuration, sortable};
use shared::testing::{Request, TestApp};
use staff::routes::request_suspension;
use workspaces::jobs::sweep_orphan_keys;
use workspaces::routes::{get_workspace, list_workspaces, restore_workspace};

use crate::certificates::claims;
use crate::place::{DAY, Place, SECRET, everything, purge, put};

#[tokio::test]
async fn a_workspace_is_erased_from_the_thirtieth_day_on_and_not_before() {
    let app = TestApp::new();
    let place = Place::new(&app).await;
    place.trash(&app).await;
    app.advance(DAY * 30 - SignedDuration::from_secs(1));
    let before = everything(&app);
    app.tick(&purge_workspaces::FUNCTION).await.unwrap();
    let changed = everything(&app).into_iter().filter(|(key, item)| before.get(key) != Some(item));
    let changed: Vec<_> = changed.filter(|(key, _)| !key.contains("RUN#") && !key.contains("LOCK#")).collect();
    assert!(changed.is_empty(), "{changed:?}");
    purge(&app).await;
    assert_eq!(place.certificate(&app), None, "an hour passes between two passes");
    purge(&app).await;
    assert!(place.certificate(&app).is_some());
}

/// A release that does not know the entry restored the workspace, and it was deleted again five days before the entry is due.
#[tokio::test]
async fn an_entry_of_an_earlier_deletion_waits_for_thirty_days_from_the_last_one() {
    let app = TestApp::new();
    let mut place = Place::new(&app).await;
    let earlier = app.now();
    app.advance(DAY * 25);
    place.owner = app.with_strength(&place.owner, Strength::Multi).await.unwrap();
    place.trash(&app).await;
    let tenants = app.tables().tenants.clone();
    let is_entry = |item: &serde_json::Value| item["sk"]["S"].as_str().is_some_and(|sort| sort.starts_with("ERASURE#"));
    let mut entry = app.cloud().items(&tenants).unwrap().into_iter().find(is_entry).unwrap();
    entry["e"]["M"]["trashed_at"]["S"] = json!(earlier);
    entry["e"]["M"]["due_at"]["S"] = json!(earlier + DAY * 30);
    let sort = entry["sk"]["S"].as_str().unwrap().to_owned();
    entry["due_sk"]["S"] = json!(format!("{}#{sort}", sortable(earlier + DAY * 30)));
    put(&app, &tenants, &entry);
    app.advance(DAY * 6);
    for _ in 0..3 {
        purge(&app).await;
    }
    assert_eq!(place.certificate(&app), None);
    let restored = Request::to(&restore_workspace::FUNCTION);
    let owner = app.with_strength(&place.owner, Strength::Multi).await.unwrap();
    app.call(restored.by(&owner).path("workspace_id", place.id())).await.expect(204);
}

#[tokio::test]
async fn nothing_of_an_erased_workspace_is_left_and_nothing_of_another_is_touched() {
    let app = TestApp::new();
    let (place, other) = (Place::new(&app).await, Place::new(&app).await);
    let Tables { tenants, outbox, audit, .. } = app.tables().clone();
    // More than a page of everything.
    for number in 0..250 {
        place.put(&app, &tenants, &format!("{}#{number}", ["ALPHA", "BETA"][number % 2]));
        place.put(&app, &outbox, &format!("MESSAGE#many{number}"));
        place.put(&app, &audit, &format!("ENTRY#{number}"));
        if number < 120 {
            app.add_member(place.id(), app.new_id(), shared::tenancy::Role::Reviewer).await.unwrap();
            let name = format!("many/{number}");
            app.object_scope(place.id()).write_object(&name, "text/plain", b"x".to_vec()).await.unwrap();
        }
    }
    place.trash(&app).await;
    let (tally, theirs) = (place.tally(&app), other.traces(&app));
    app.advance(DAY * 30);
    purge(&app).await;
    purge(&app).await;
    let found = claims(&place.certificate(&app).unwrap())["destroyed"].clone();
    for (what, count) in tally.as_object().unwrap() {
        assert_eq!(&found[what], count, "{what}: {found}");
    }
    assert_eq!((found["items"]["ALPHA"].clone(), found["memberships"].clone()), (json!(125), json!(122)));
    assert_eq!(found["object_bytes"], json!("firstsecond".len() + 120));
    assert_eq!(other.traces(&app), theirs);
    let letters = app.outbox::<SendEmail>(&format!("W#{}", place.id())).await.unwrap();
    assert_eq!(letters.len(), 1);
    app.empty_outbox().await.unwrap();
    let traces = place.traces(&app);
    assert!(traces.len() == 1 && traces[0].contains("\"CERTIFICATE\""), "{traces:#?}");
}

#[tokio::test]
async fn members_lose_the_workspace_and_their_tokens_for_it_become_useless() {
    let app = TestApp::new();
    let place = Place::new(&app).await;
    place.trash(&app).await;
    app.advance(DAY * 30 - SignedDuration::from_mins(30));
    let member = app.join(place.id(), shared::tenancy::Role::Member).await.unwrap();
    let token = app.bound_token(&member, &["workspaces:read"]).await.unwrap();
    let by_token = || {
        let visit = Request::to(&get_workspace::FUNCTION).bearer(token.secret.expose());
        app.call(visit.path("workspace_id", place.id()))
    };
    assert_eq!(by_token().await.expect(403).code(), "workspace_trashed");
    let owner = app.with_strength(&place.owner, shared::identity::Strength::Multi).await.unwrap();
    let listed = async || app.call(Request::to(&list_workspaces::FUNCTION).by(&owner)).await.expect(200).body;
    assert!(listed().await.to_string().contains(&place.id().to_string()));
    app.advance(SignedDuration::from_mins(-29));
    purge(&app).await;
    by_token().await.expect(404);
    let owner = app.with_strength(&place.owner, shared::identity::Strength::Multi).await.unwrap();
    let of_owner = |function| Request::to(function).by(&owner).path("workspace_id", place.id());
    app.call(of_owner(&get_workspace::FUNCTION)).await.expect(404);
    app.call(of_owner(&restore_workspace::FUNCTION)).await.expect(404);
    let listed = app.call(Request::to(&list_workspaces::FUNCTION).by(&owner)).await.expect(200).body;
    assert!(!listed.to_string().contains(&place.id().to_string()), "{listed}");
}

#[tokio::test]
async fn no_backup_opens_the_secrets_of_an_erased_workspace() {
    let app = TestApp::new();
    let place = Place::new(&app).await;
    let open = async || app.scope(place.id()).open("test", &place.owner.user, &place.sealed).await;
    assert_eq!(open().await.unwrap().expose(), SECRET);
    place.trash(&app).await;
    let backup = everything(&app);
    app.advance(DAY * 30);
    assert_eq!(open().await.unwrap().expose(), SECRET, "a workspace in the trash can be restored with its secrets");
    purge(&app).await;
    purge(&app).await;
    // Someone restores every item of every table.
    for (key, item) in backup {
        put(&app, key.split(' ').next().unwrap(), &item);
    }
    app.advance(SignedDuration::from_mins(10));
    let arn = serde_json::to_value(&place.sealed).unwrap()["key"].clone();
    let described = app.cloud().call("TrentService.DescribeKey", &json!({ "KeyId": arn })).unwrap();
    assert_eq!(described["KeyMetadata"]["KeyState"], "PendingDeletion");
    assert!(format!("{:?}", open().await.err()).contains("KMSInvalidStateException"));
    // After KMS has destroyed the key, nothing can cancel that.
    let certified = claims(&place.certificate(&app).unwrap())["keys"][0].clone();
    assert_eq!(certified["arn"], arn);
    let destroyed_at = certified["destroyed_at"].as_str().unwrap().parse().unwrap();
    app.advance(app.now().duration_until(destroyed_at) + SignedDuration::from_secs(1));
    assert!(format!("{:?}", open().await.err()).contains("NotFoundException"));
    // A restored workspace is erased again, as it was due.
    purge(&app).await;
}

#[tokio::test]
async fn a_suspended_workspace_is_kept_until_it_is_resumed() {
    let app = TestApp::new();
    let place = Place::new(&app).await;
    place.trash(&app).await;
    let change = async |suspend: bool| {
        let scope = app.scope(place.id());
        let directory = scope.directory().await.unwrap();
        let change = if suspend { directory.change().suspend() } else { directory.change().resume() };
        change.commit(shared::tenancy::Changes::default().unaudited("a fixture")).await.unwrap();
    };
    change(true).await;
    app.advance(DAY * 40);
    let before = place.tally(&app);
    purge(&app).await;
    assert_eq!(place.tally(&app), before);
    change(false).await;
    purge(&app).await;
    purge(&app).await;
    assert!(place.certificate(&app).is_some());
}

/// What the staff wrote into it then could stay.
#[tokio::test]
async fn a_workspace_that_is_being_erased_is_closed_to_the_staff_and_a_request_to_suspend_it_is_erased() {
    let app = TestApp::new();
    let place = Place::new(&app).await;
    place.trash(&app).await;
    let request = async || {
        let member = app.staff(&[StaffRole::Admin], Some(app.now())).await.unwrap();
        let request = Request::to(&request_suspension::FUNCTION).path("workspace_id", place.id());
        let body = json!({ "reason": "Phishing", "ticket": "CASE-1" });
        app.call(request.bearer(&member.token).json(body)).await
    };
    app.advance(DAY * 30 - SignedDuration::from_hours(1));
    request().await.expect(200);
    app.advance(SignedDuration::from_hours(1));
    purge(&app).await;
    assert_eq!(request().await.expect(403).code(), "workspace_trashed");
    assert!(everything(&app).keys().any(|key| key.contains("SUSPENSION#")));
    purge(&app).await;
    assert!(place.certificate(&app).is_some());
    assert!(!everything(&app).keys().any(|key| key.contains("SUSPENSION#")));
    request().await.expect(404);
}

#[tokio::test]
async fn a_shared_key_is_kept_and_the_certificate_says_so() {
    let mut app = TestApp::new();
    let shared = app.config().system_key.clone();
    app.configure(|config| config.workspace_keys = WorkspaceKeys::Pooled { key: shared });
    let place = Place::new(&app).await;
    // As if its secrets were sealed under the shared key.
    let record = json!({ "pk": { "S": format!("W#{}", place.id()) }, "sk": { "S": "KEY#CURRENT" } });
    let delete = json!({ "TableName": app.tables().tenants, "Key": record });
    app.cloud().call("DynamoDB_20120810.DeleteItem", &delete).unwrap();
    place.trash(&app).await;
    app.advance(DAY * 30);
    purge(&app).await;
    purge(&app).await;
    let certified = claims(&place.certificate(&app).unwrap());
    assert_eq!(certified["keys"], json!([]));
    assert!(certified["statement"].as_str().unwrap().contains("under a key of all workspaces, which is not destroyed"));
}

#[tokio::test]
async fn the_sweep_of_orphan_keys_leaves_the_key_of_an_erased_workspace_to_its_date() {
    let app = TestApp::new();
    let place = Place::new(&app).await;
    place.trash(&app).await;
    app.advance(DAY * 30);
    purge(&app).await;
    app.advance(DAY);
    app.tick(&sweep_orphan_keys::FUNCTION).await.unwrap();
    purge(&app).await;
    let arn = serde_json::to_value(&place.sealed).unwrap()["key"].clone();
    let described = app.cloud().call("TrentService.DescribeKey", &json!({ "KeyId": arn })).unwrap();
    let at = described["KeyMetadata"]["DeletionDate"].as_f64().unwrap() as i64;
    let certified = claims(&place.certificate(&app).unwrap())["keys"][0]["destroyed_at"].clone();
    let certified: shared::kernel::time::Timestamp = certified.as_str().unwrap().parse().unwrap();
    assert_eq!(certified.as_second(), at);
}
