//! Scheduling, rescheduling and unscheduling.

use posts::delivery::{Delivery, DeliveryKey};
use posts::jobs::publish_bluesky;
use posts::routes::{schedule_post, unschedule_post, update_post};
use serde_json::{Value, json};
use shared::config::Sending;
use shared::kernel::time::{SignedDuration, after};
use shared::tenancy::Changes;

use crate::place::{Place, arrival};

#[tokio::test]
async fn a_schedule_shows_its_wall_time_and_instant() {
    let at = Place::in_2026().await;
    let post = at.draft("hi").await;
    let winter = json!({ "at": "2026-01-15T09:30", "time_zone": "europe/paris", "channel_ids": [at.channel] });
    let view = at.call(&schedule_post::FUNCTION, &post, winter).await.expect(200).body;
    assert_eq!(view["state"], "scheduled");
    assert_eq!(view["schedule"]["at"], "2026-01-15T09:30:00");
    assert_eq!(view["schedule"]["time_zone"], "Europe/Paris");
    assert_eq!(view["schedule"]["instant"], "2026-01-15T08:30:00.000Z");
    assert_eq!(view["schedule"]["utc_offset"], "+01:00");
    assert_eq!(view["channel_ids"], json!([at.channel]));
    let delivery = &at.deliveries(&post).await[0];
    assert_eq!(
        (&delivery["state"], &delivery["guarantee"]),
        (&json!("scheduled"), &json!({ "kind": "exactly_once", "for_s": null }))
    );
    assert_eq!(delivery["due_at"], "2026-01-15T08:30:00.000Z");
    assert_eq!(view["deliveries"][0]["delivery_id"], delivery["id"]);
}

#[tokio::test]
async fn an_impossible_time_is_refused_with_its_field() {
    let at = Place::in_2026().await;
    let post = at.draft("hi").await;
    for (wall_time, zone, code, field) in [
        ("2020-01-01T00:00", "UTC", "schedule_in_the_past", "at"),
        ("2099-01-01T00:00", "UTC", "schedule_too_far_ahead", "at"),
        ("2026-03-29T02:30", "Europe/Paris", "schedule_time_skipped", "at"),
        ("2026-02-01T00:00", "Europe/Lutetia", "time_zone_unknown", "time_zone"),
        ("tomorrow", "UTC", "invalid_input", "at"),
    ] {
        let body = json!({ "at": wall_time, "time_zone": zone, "channel_ids": [at.channel] });
        let refused = at.call(&schedule_post::FUNCTION, &post, body).await.expect(422);
        assert_eq!((refused.code(), refused.fields()), (code, vec![field]), "{wall_time} {zone}");
    }
    let mut nowhere = at.in_seconds(60);
    nowhere["channel_ids"] = json!([]);
    assert_eq!(at.call(&schedule_post::FUNCTION, &post, nowhere).await.expect(422).fields(), ["channel_ids"]);
    assert_eq!(at.post(&post).await["state"], "draft");
}

#[tokio::test]
async fn rescheduling_replaces_pending_deliveries() {
    let at = Place::new().await;
    let post = at.scheduled("twice").await;
    at.sweep().await;
    let again = at.call(&schedule_post::FUNCTION, &post, at.in_seconds(600)).await.expect(200).body;
    assert_eq!(again["deliveries"].as_array().unwrap().len(), 1);
    let states: Vec<Value> = at.deliveries(&post).await.iter().map(|delivery| delivery["state"].clone()).collect();
    assert_eq!(states, ["scheduled", "cancelled"]);
    at.advance(30);
    at.deliver().await;
    assert!(at.server.records().is_empty(), "a cancelled delivery was published");
}

#[tokio::test]
async fn a_claimed_delivery_can_still_be_cancelled() {
    let at = Place::new().await;
    let post = at.scheduled("not yet").await;
    at.sweep().await;
    assert_eq!(at.states(&post).await, ("scheduled".to_owned(), "claimed".to_owned()));
    let view = at.call(&unschedule_post::FUNCTION, &post, json!({})).await.expect(200).body;
    assert_eq!((&view["state"], &view["schedule"]), (&json!("draft"), &Value::Null));
    at.advance(30);
    at.deliver().await;
    at.advance(600);
    at.sweep().await;
    at.deliver().await;
    assert!(at.server.records().is_empty());
    assert_eq!(at.deliveries(&post).await[0]["state"], "cancelled");
    let refused = at.call(&unschedule_post::FUNCTION, &post, json!({})).await.expect(409);
    assert_eq!(refused.code(), "post_not_scheduled");
}

#[tokio::test]
async fn a_post_edited_after_its_claim_is_published_as_edited() {
    let at = Place::new().await;
    let post = at.scheduled("frist").await;
    at.sweep().await;
    at.call(&update_post::FUNCTION, &post, json!({ "text": "first" })).await.expect(200);
    at.advance(30);
    at.deliver().await;
    let records: Vec<_> = at.server.records().into_values().collect();
    assert_eq!((records.len(), &records[0]["text"]), (1, &json!("first")));
    let refused = at.call(&update_post::FUNCTION, &post, json!({ "text": "third" })).await.expect(409);
    assert_eq!(refused.code(), "post_already_published");
    let refused = at.call(&schedule_post::FUNCTION, &post, at.in_seconds(60)).await.expect(409);
    assert_eq!((refused.code(), refused.fields()), ("post_published_there", vec!["channel_ids"]));
}

#[tokio::test]
async fn new_zone_rules_move_a_scheduled_post_with_its_wall_time() {
    let at = Place::new().await;
    let post = at.draft("moved").await;
    at.call(&schedule_post::FUNCTION, &post, at.in_seconds(150)).await.expect(200);
    let view = at.post(&post).await;
    let workspace = at.app.scope(at.owner.workspace);
    let delivery_id = view["deliveries"][0]["delivery_id"].as_str().unwrap().parse().unwrap();
    let key = DeliveryKey { post_id: post.parse().unwrap(), delivery_id };
    let mut delivery = workspace.get::<Delivery>(&key).await.unwrap();
    // As stored by an older build, whose zone rules give an instant half an hour earlier.
    let mut stored = serde_json::to_value(&*delivery).unwrap();
    let earlier = json!(after(delivery.due_at(), -SignedDuration::from_mins(30)));
    stored["schedule"]["tzdata"] = json!("1999a");
    stored["schedule"]["instant"] = earlier.clone();
    stored["state"]["Scheduled"]["not_before"] = earlier;
    *delivery = serde_json::from_value(stored).unwrap();
    workspace.commit(Changes::default().replace(&delivery).unaudited("a fixture")).await.unwrap();

    at.sweep().await;
    let delivery = &at.deliveries(&post).await[0];
    assert_eq!((&delivery["state"], &delivery["due_at"]), (&json!("scheduled"), &view["schedule"]["instant"]));
    assert!(at.messages().await.is_empty(), "it was claimed for the old instant");
    assert!(at.actions().await.contains(&"post.schedule_rederived".to_owned()));
    at.advance(100);
    at.sweep().await;
    assert_eq!(arrival(&at.messages().await[0]), view["schedule"]["instant"]);
}

#[tokio::test]
async fn a_post_scheduled_within_two_minutes_is_published_on_its_second_without_a_sweep() {
    let at = Place::new().await;
    for (number, seconds) in [0, 1, 2, 10, 59, 60, 61, 119, 120].into_iter().enumerate() {
        let post = at.draft(&format!("in {seconds}")).await;
        at.call(&schedule_post::FUNCTION, &post, at.in_seconds(seconds)).await.expect(200);
        assert_eq!(at.states(&post).await, ("scheduled".to_owned(), "claimed".to_owned()));
        let message = at.messages().await.pop().unwrap();
        assert_eq!(arrival(&message), at.deliveries(&post).await[0]["due_at"], "in {seconds} s");
        at.sweep().await;
        at.advance(seconds);
        at.app.deliver(&publish_bluesky::FUNCTION, &[message]).await.unwrap();
        assert_eq!(at.states(&post).await, ("published".to_owned(), "published".to_owned()));
        at.advance(600);
        at.server.issue_from(at.app.now());
        at.sweep().await;
        let published = number + 1;
        assert_eq!((at.messages().await.len(), at.server.records().len()), (published, published), "in {seconds} s");
    }
    let post = at.draft("later").await;
    at.call(&schedule_post::FUNCTION, &post, at.in_seconds(122)).await.expect(200);
    assert_eq!(at.states(&post).await, ("scheduled".to_owned(), "scheduled".to_owned()));
    assert_eq!(at.messages().await.len(), 9);
}

#[tokio::test]
async fn a_post_scheduled_for_the_next_seconds_can_be_edited_and_rescheduled_until_it_is_sent() {
    let at = Place::new().await;
    let post = at.draft("frist").await;
    at.call(&schedule_post::FUNCTION, &post, at.in_seconds(5)).await.expect(200);
    at.call(&update_post::FUNCTION, &post, json!({ "text": "first" })).await.expect(200);
    at.call(&schedule_post::FUNCTION, &post, at.in_seconds(20)).await.expect(200);
    let replaced = at.messages().await.into_iter().min_by_key(|message| message.envelope.not_before).unwrap();
    at.advance(5);
    at.app.deliver(&publish_bluesky::FUNCTION, &[replaced]).await.unwrap();
    assert!(at.server.records().is_empty(), "the replaced schedule was published");
    at.advance(15);
    at.deliver().await;
    at.sweep().await;
    at.deliver().await;
    let records: Vec<_> = at.server.records().into_values().collect();
    assert_eq!((records.len(), &records[0]["text"]), (1, &json!("first")));
}

#[tokio::test]
async fn a_post_scheduled_for_the_next_seconds_waits_while_sending_is_off() {
    let mut at = Place::new().await;
    at.app.configure(|config| config.sending = Sending::Off);
    let post = at.scheduled("Hello").await;
    assert_eq!(at.states(&post).await, ("scheduled".to_owned(), "scheduled".to_owned()));
    assert!(at.messages().await.is_empty());
}

#[tokio::test]
async fn the_channels_of_a_scheduled_post_change_only_by_rescheduling() {
    let at = Place::new().await;
    let post = at.scheduled("settled").await;
    let refused =
        at.call(&update_post::FUNCTION, &post, json!({ "text": "settled", "channel_ids": [] })).await.expect(409);
    assert_eq!((refused.code(), refused.fields()), ("post_scheduled", vec!["channel_ids"]));
    assert_eq!(at.post(&post).await["deliveries"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_post_takes_20_channels_including_those_it_was_published_to() {
    let at = Place::new().await;
    let post = at.scheduled("Hello").await;
    at.sweep().await;
    at.advance(30);
    at.deliver().await;
    let mut others = Vec::new();
    for number in 0..20 {
        others.push(at.connect(&format!("alice-{number}.test")).await);
    }
    let mut schedule = at.in_seconds(3600);
    schedule["channel_ids"] = json!(others);
    let refused = at.call(&schedule_post::FUNCTION, &post, schedule.clone()).await.expect(422);
    assert_eq!((refused.code(), refused.fields()), ("post_has_too_many_channels", vec!["channel_ids"]));
    schedule["channel_ids"] = json!(others[1..]);
    at.call(&schedule_post::FUNCTION, &post, schedule).await.expect(200);
}
