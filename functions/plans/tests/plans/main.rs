//! What a workspace may do, its use, and exceptions from its plan.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod place;
mod random;
mod read_only;

use audit_log::routes::list_audit_entries;
use futures::future::join_all;
use plans::counted::{COUNTED, counters};
use plans::jobs::{expire_overrides, recount_usage, set_override};
use plans::routes::get_entitlements;
use serde_json::{Value, json};
use shared::kernel::time::{ApiTimestamp, SignedDuration, after};
use shared::tenancy::recount::Recounted;
use shared::tenancy::{Changes, Limit};
use shared::testing::Request;

use crate::place::Place;

const DAY: SignedDuration = SignedDuration::from_hours(24);

#[tokio::test]
async fn entitlements_and_usage_show_the_plan_and_what_is_used() {
    let at = Place::on_plan("free").await;
    let shown = at.entitlements().await;
    assert_eq!(shown["plan"], "free");
    let feature = |name: &str| shown["features"].as_array().unwrap().iter().find(|it| it["name"] == name).unwrap();
    assert_eq!(
        (&feature("PostPublishing")["included"], &feature("AuditLog")["included"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(feature("AuditLog")["plans"], json!(["studio", "agency", "scale", "enterprise"]));
    let members = at.usage("members").await;
    let expected = json!({
        "name": "members", "kind": "ceiling", "unit": "count", "current": 1, "limit": 2, "source": "plan",
        "resets_at": null,
    });
    assert_eq!(members, expected);
    let month = at.usage("posts_per_month").await;
    assert_eq!((&month["kind"], &month["current"]), (&json!("period"), &json!(0)));
    assert!(month["resets_at"].as_str().unwrap().ends_with("-01T00:00:00.000Z"), "{month}");
}

#[tokio::test]
async fn a_feature_that_the_plan_lacks_is_402_with_the_plans_that_have_it() {
    let at = Place::on_plan("growth").await;
    let refused = at.app.call(Request::to(&list_audit_entries::FUNCTION).by(&at.owner)).await.expect(402);
    assert_eq!(refused.body["feature"], "AuditLog");
    assert_eq!(refused.body["plans"], json!(["studio", "agency", "scale", "enterprise"]));
}

#[tokio::test]
async fn an_override_holds_from_the_next_request_until_it_expires() {
    let at = Place::on_plan("free").await;
    let expires_at = after(at.app.now(), SignedDuration::from_mins(10));
    at.override_until("members", json!(7), expires_at).await.unwrap();
    at.override_until("AuditLog", json!(true), expires_at).await.unwrap();
    let members = at.usage("members").await;
    assert_eq!((&members["limit"], &members["source"]), (&json!(7), &json!("override")));
    let read = || at.app.call(Request::to(&list_audit_entries::FUNCTION).by(&at.owner));
    let entries = read().await.expect(200).body;
    let entry = &entries["items"][0];
    assert_eq!(entry["action"], "plan_override.applied");
    assert_eq!(entry["target"]["detail"]["reason"], "A pilot", "{entry}");
    // Expired: it has no effect, although no job has removed it.
    at.app.advance(SignedDuration::from_mins(10));
    read().await.expect(402);
    assert_eq!(at.usage("members").await["limit"], 2);
    assert_eq!(at.overrides().await, 2);
    at.app.tick(&expire_overrides::FUNCTION).await.unwrap();
    assert_eq!(at.overrides().await, 0);
    assert_eq!(at.actions("plan_override.expired").await, 2);
    at.app.advance(SignedDuration::from_mins(1));
    at.app.tick(&expire_overrides::FUNCTION).await.unwrap();
    assert_eq!(at.actions("plan_override.expired").await, 2);
}

#[tokio::test]
async fn an_override_is_removed_by_an_operator_and_an_invalid_one_refused() {
    let at = Place::on_plan("free").await;
    let later = after(at.app.now(), DAY);
    at.override_until("members", json!(7), later).await.unwrap();
    let remove = |name| {
        at.app.run(&set_override::FUNCTION, json!({ "workspace_id": at.owner.workspace, "remove": { "name": name } }))
    };
    remove("members").await.unwrap();
    assert_eq!((at.usage("members").await["limit"].clone(), at.overrides().await), (json!(2), 0));
    assert_eq!(at.actions("plan_override.removed").await, 1);
    assert_eq!(remove("members").await.unwrap_err().code(), "override_unknown");
    assert_eq!(at.override_until("moons", json!(7), later).await.unwrap_err().code(), "override_invalid");
    assert_eq!(at.override_until("members", json!(7), at.app.now()).await.unwrap_err().code(), "override_invalid");
    // Another workspace's plan is unchanged, and a missing workspace is an error.
    let missing = json!({
        "workspace_id": at.app.new_id::<shared::kernel::ids::WorkspaceKind>(),
        "set": { "name": "members", "value": 7, "reason": "A pilot", "expires_at": later },
    });
    assert_eq!(at.app.run(&set_override::FUNCTION, missing).await.unwrap_err().code(), "not_found");
}

#[tokio::test]
async fn a_21st_override_is_refused() {
    let at = Place::on_plan("free").await;
    let table = shared::tenancy::plan_table::PlanTable::current();
    let features = table.features.keys().map(|name| (name, json!(true)));
    let limits = table.limits.keys().map(|name| (name, json!(7)));
    let mut refused = 0;
    for (name, value) in features.chain(limits) {
        let set = at.override_until(name, value, after(at.app.now(), DAY)).await;
        refused += usize::from(set.is_err());
    }
    assert_eq!((at.overrides().await, refused), (20, table.features.len() + table.limits.len() - 20));
}

#[test]
fn every_counted_limit_of_the_table_is_recounted() {
    let mut counted: Vec<Limit> = Limit::counted().map(|(limit, _)| limit).collect();
    counted.sort_unstable();
    assert_eq!(counted, COUNTED);
}

#[tokio::test]
async fn of_64_parallel_creations_at_one_below_the_limit_exactly_one_passes_for_every_limit() {
    for limit in COUNTED {
        let at = Place::on_plan("scale").await;
        let prepared = at.prepare(limit, 64).await;
        let (name, used) = (limit.name(), at.used(limit).await);
        let room = if name == "storage_bytes" { at.dot_bytes().await } else { 1 };
        at.override_until(name, json!(used + room), after(at.app.now(), DAY)).await.unwrap();
        let answers = join_all(prepared.into_iter().map(|request| at.app.call(request))).await;
        let passed = answers.iter().filter(|answer| answer.status < 300).count();
        assert_eq!(passed, 1, "{name}");
        assert_eq!(at.used(limit).await, used + room, "{name}");
        for refused in answers.iter().filter(|answer| answer.status >= 300) {
            let usage = &refused.body["usage"];
            if usage.is_null() {
                // A channel that was connected concurrently.
                assert_eq!((name, refused.status), ("channels", 409), "{}", refused.text);
                continue;
            }
            let status = if name == "posts_per_month" { 429 } else { 409 };
            assert_eq!(refused.status, status, "{name}: {}", refused.text);
            assert_eq!((&usage["name"], &usage["limit"]), (&json!(name), &json!(used + room)), "{name}");
            assert_eq!(usage["current"], json!(used + room), "{name}");
            assert_eq!(usage["resets_at"].is_null(), status == 409, "{name}");
        }
        at.sound("after parallel creations").await;
    }
}

#[tokio::test]
async fn a_limit_of_0_refuses_the_first_one() {
    let at = Place::on_plan("free").await;
    at.override_until("channels", json!(0), after(at.app.now(), DAY)).await.unwrap();
    let refused = at.app.call(at.connecting("alice.test")).await.expect(409);
    assert_eq!((refused.code(), &refused.body["usage"]["limit"]), ("too_many_channels", &json!(0)));
    assert_eq!(refused.body["usage"]["current"], 0);
}

#[tokio::test]
async fn a_post_counts_once_in_the_month_in_which_it_is_first_scheduled() {
    let at = Place::on_plan("free").await;
    at.channel().await;
    let post = at.draft().await;
    let used = async || at.usage("posts_per_month").await["current"].clone();
    at.app.call(at.scheduling(&post).await).await.expect(200);
    at.app.call(at.scheduling(&post).await).await.expect(200);
    assert_eq!(used().await, 1);
    at.app.call(at.of_post(&posts::routes::unschedule_post::FUNCTION, &post).json(json!({}))).await.expect(200);
    at.app.call(at.of_post(&posts::routes::delete_post::FUNCTION, &post)).await.expect(204);
    assert_eq!(used().await, 1, "a deleted post gives nothing back");
    let resets_at = at.usage("posts_per_month").await["resets_at"].as_str().unwrap().parse().unwrap();
    at.app.advance(at.app.now().duration_until(resets_at));
    let at = at.signed_in_again().await;
    assert_eq!(at.usage("posts_per_month").await["current"], 0, "another month has another counter");
    assert_ne!(at.usage("posts_per_month").await["resets_at"], json!(ApiTimestamp::from(resets_at)));
    at.sound("in the next month").await;
}

#[tokio::test]
async fn drift_is_reported_and_corrected_once() {
    let at = Place::on_plan("scale").await;
    at.channel().await;
    let plan = shared::testing::TestApp::plan("scale");
    let workspace = at.app.scope(at.owner.workspace);
    for limit in [channels::channel::CHANNELS, shared::identity::MEMBERS] {
        let changes = Changes::default().count_up(limit, &plan, shared::kernel::problems::Problem::not_found());
        workspace.commit(changes.unaudited("a drift")).await.unwrap();
    }
    let drifted = async || {
        let events = at.app.events_since(after(at.app.now(), -DAY)).await.unwrap();
        events.into_iter().filter(|event| event.name == "usage_drifted").collect::<Vec<_>>()
    };
    at.app.tick(&recount_usage::FUNCTION).await.unwrap();
    assert_eq!(drifted().await.len(), 0, "the workspace is not due yet");
    at.app.advance(SignedDuration::from_hours(20));
    at.app.tick(&recount_usage::FUNCTION).await.unwrap();
    let mut found: Vec<Value> = drifted().await.into_iter().map(|event| event.detail).collect();
    found.sort_by_key(|detail| detail["limit"].as_str().unwrap().to_owned());
    let detail = |limit| json!({ "limit": limit, "period": null, "counted": 2, "found": 1 });
    assert_eq!(found, [detail("channels"), detail("members")]);
    at.sound("after the correction").await;
    at.app.advance(SignedDuration::from_hours(20));
    at.app.tick(&recount_usage::FUNCTION).await.unwrap();
    assert_eq!(drifted().await.len(), 2, "a corrected counter is not reported again");
}

/// While a workspace is erased, its things go before their counters.
#[tokio::test]
async fn a_workspace_in_the_trash_is_not_recounted() {
    let at = Place::on_plan("scale").await;
    let (workspace, plan) = (at.app.scope(at.owner.workspace), shared::testing::TestApp::plan("scale"));
    let changes =
        Changes::default().count_up(shared::identity::MEMBERS, &plan, shared::kernel::problems::Problem::not_found());
    workspace.commit(changes.unaudited("a drift")).await.unwrap();
    at.app.advance(SignedDuration::from_hours(20));
    let (proofs, partition) = (at.app.tables().proofs.clone(), format!("D#{}", at.owner.workspace));
    let mut items = at.app.cloud().items(&proofs).unwrap().into_iter();
    let mut entry = items.find(|item| item["pk"]["S"] == partition.as_str()).unwrap();
    entry["e"]["M"]["trashed_at"] = json!({ "S": at.app.now() });
    at.app.cloud().call("DynamoDB_20120810.PutItem", &json!({ "TableName": proofs, "Item": entry })).unwrap();
    at.app.tick(&recount_usage::FUNCTION).await.unwrap();
    let events = at.app.events_since(after(at.app.now(), -DAY)).await.unwrap();
    assert!(events.iter().all(|event| event.name != "usage_drifted"), "{events:?}");
    assert_eq!(at.used(shared::identity::MEMBERS).await, 2);
}

#[tokio::test]
async fn a_correction_never_overwrites_a_concurrent_count() {
    let at = Place::on_plan("scale").await;
    let (workspace, plan) = (at.app.scope(at.owner.workspace), shared::testing::TestApp::plan("scale"));
    let limit = channels::channel::CHANNELS;
    let count = async || {
        let changes = Changes::default().count_up(limit, &plan, shared::kernel::problems::Problem::not_found());
        workspace.commit(changes.unaudited("a drift")).await.unwrap();
    };
    count().await;
    let counter = counters(&workspace).into_iter().find(|counter| counter.limit == limit).unwrap();
    let (recounted, correction) = counter.recount(&workspace).await.unwrap();
    assert!(matches!(recounted, Recounted::Drifted(drift) if (drift.counted, drift.found) == (1, 0)));
    count().await;
    assert!(!workspace.correct(correction.unwrap()).await.unwrap());
    assert_eq!(at.used(limit).await, 2);
    // A counter that changes while the things are read is not judged.
    let (recounted, correction) = workspace
        .recount(limit, None, || async {
            count().await;
            Ok(0)
        })
        .await
        .unwrap();
    assert!(recounted == Recounted::Busy && correction.is_none());
}

#[tokio::test]
async fn a_stranger_sees_neither_entitlements_nor_usage() {
    let (at, other) = (Place::on_plan("free").await, Place::on_plan("free").await);
    let stranger = at.app.owner().await.unwrap();
    for function in [&get_entitlements::FUNCTION, &plans::routes::get_usage::FUNCTION] {
        let request = Request::to(function).by(&stranger).path("workspace_id", at.owner.workspace);
        assert_eq!(at.app.call(request).await.expect(404).code(), "not_found");
        at.app.call(Request::to(function).by(&at.owner)).await.expect(200);
    }
    drop(other);
}
