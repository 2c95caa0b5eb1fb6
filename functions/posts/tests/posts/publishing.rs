//! Publishing: to the second and exactly once, under every failure.

use channels::routes::disconnect_channel;
use posts::jobs::publish_bluesky;
use serde_json::json;
use shared::tenancy::Changes;
use shared::testing::Request;
use workspaces::routes::{delete_workspace, restore_workspace};

use crate::place::{Place, arrival};
use test_support::scripted_server::{Scripted, refusal};

fn states(post: &str, delivery: &str) -> (String, String) {
    (post.to_owned(), delivery.to_owned())
}

#[tokio::test]
async fn a_due_post_is_claimed_delayed_to_the_second_and_published_once() {
    let at = Place::new().await;
    let post = at.scheduled("Hello").await;
    at.sweep().await;
    let messages = at.messages().await;
    assert_eq!(messages.len(), 1);
    let due_at = at.deliveries(&post).await[0]["due_at"].clone();
    assert_eq!(arrival(&messages[0]), due_at);
    at.sweep().await;
    assert_eq!(at.messages().await.len(), 1, "claimed twice");
    at.advance(30);
    at.deliver().await;
    assert_eq!(at.states(&post).await, states("published", "published"));
    let delivery = &at.deliveries(&post).await[0];
    assert!(delivery["published"]["url"].as_str().unwrap().starts_with("https://bsky.app/profile/did:plc:alice/post/"));
    assert_eq!((&delivery["attempts"], &delivery["last_error"]), (&json!(1), &json!(null)));
    let record = at.server.records().into_values().next().unwrap();
    assert_eq!(record["createdAt"].as_str().unwrap()[..19], due_at.as_str().unwrap()[..19]);
    // The same payload under another message id, so that the job itself must deduplicate.
    let mut again = messages[0].clone();
    again.envelope.id = "again".to_owned() + &again.envelope.id;
    at.app.deliver(&publish_bluesky::FUNCTION, &[again]).await.unwrap();
    at.sweep().await;
    assert_eq!(at.server.calls("repo.putRecord").len(), 1);
    assert_eq!(at.actions().await.iter().filter(|action| *action == "delivery.published").count(), 1);
}

#[tokio::test]
async fn a_lost_response_is_reconciled_and_never_blindly_retried() {
    for (broken, writes, known_by) in [(Scripted::DoAndBreak, 1, "observation"), (Scripted::Break, 2, "answer")] {
        let at = Place::new().await;
        let post = at.scheduled("Hello").await;
        at.sweep().await;
        at.advance(30);
        at.server.next("repo.putRecord", broken);
        at.deliver().await;
        assert_eq!(at.states(&post).await, states("publishing", "sending"));
        assert!(at.deliveries(&post).await[0]["last_error"]["remedy"].as_str().unwrap().contains("checking whether"));
        let sent_at = at.deliveries(&post).await[0]["sent_at"].clone();
        assert!(sent_at.is_string(), "the delivery does not say when it was sent");
        at.sweep().await;
        at.deliver().await;
        assert_eq!(at.states(&post).await, states("published", "published"));
        let delivery = &at.deliveries(&post).await[0];
        assert_eq!((&delivery["sent_at"], &delivery["published"]["confirmed_by"]), (&sent_at, &json!(known_by)));
        assert_eq!((at.server.records().len(), at.server.calls("repo.putRecord").len()), (1, writes));
    }
}

#[tokio::test]
async fn a_platforms_refusal_becomes_the_deliverys_last_error() {
    let at = Place::new().await;
    let post = at.scheduled("Hello").await;
    at.sweep().await;
    at.advance(30);
    at.server.next("repo.putRecord", refusal(400, "InvalidRequest", "Record/text must not be so"));
    at.deliver().await;
    assert_eq!(at.states(&post).await, states("failed", "failed"));
    let delivery = &at.deliveries(&post).await[0];
    assert_eq!(delivery["sent_at"], json!(null), "nothing was published");
    let error = &delivery["last_error"];
    assert_eq!((&error["code"], &error["text"]), (&json!("InvalidRequest"), &json!("Record/text must not be so")));
    assert!(!error["remedy"].as_str().unwrap().is_empty());
    // The remedy was followed: the same post and channel, another delivery.
    at.call(&posts::routes::schedule_post::FUNCTION, &post, at.in_seconds(30)).await.expect(200);
    at.sweep().await;
    at.advance(30);
    at.deliver().await;
    assert_eq!(at.post(&post).await["state"], "published");
    assert_eq!(at.deliveries(&post).await.len(), 2);
}

#[tokio::test]
async fn a_busy_platform_is_retried_after_the_wait_that_it_names() {
    let at = Place::new().await;
    let post = at.scheduled("Hello").await;
    at.sweep().await;
    at.advance(30);
    let headers = vec![("retry-after", "300".to_owned())];
    let busy = Scripted::AnswerWith(429, headers, json!({ "error": "RateLimitExceeded", "message": "Slow down" }));
    at.server.next("repo.putRecord", busy);
    at.deliver().await;
    assert_eq!(at.states(&post).await, states("scheduled", "scheduled"));
    let delivery = &at.deliveries(&post).await[0];
    assert_eq!((&delivery["last_error"]["code"], &delivery["attempts"]), (&json!("RateLimitExceeded"), &json!(1)));
    assert!(delivery["retry_at"].is_string());
    at.sweep().await;
    assert_eq!(at.messages().await.len(), 1, "claimed before the wait was over");
    at.advance(300);
    at.sweep().await;
    at.deliver().await;
    assert_eq!(at.states(&post).await, states("published", "published"));
    assert_eq!(at.deliveries(&post).await[0]["attempts"], 2);
}

#[tokio::test]
async fn a_delivery_to_a_disconnected_channel_fails_with_a_remedy() {
    let at = Place::new().await;
    let post = at.scheduled("Hello").await;
    at.sweep().await;
    let request = Request::to(&disconnect_channel::FUNCTION).by(&at.owner).path("channel_id", &at.channel);
    at.app.call(request).await.expect(204);
    at.advance(30);
    at.deliver().await;
    assert_eq!(at.states(&post).await, states("failed", "failed"));
    let error = &at.deliveries(&post).await[0]["last_error"];
    assert_eq!(error["code"], "channel_disconnected");
    assert!(error["remedy"].as_str().unwrap().starts_with("Reconnect the channel"));
}

async fn trash(at: &Place) {
    at.app.call(Request::to(&delete_workspace::FUNCTION).by(&at.owner)).await.expect(200);
}

async fn suspend(at: &Place, is_suspended: bool) {
    let workspace = at.app.scope(at.owner.workspace);
    let change = workspace.directory().await.unwrap().change();
    let change = if is_suspended { change.suspend() } else { change.resume() };
    change.commit(Changes::default().unaudited("a fixture")).await.unwrap();
}

#[tokio::test]
async fn a_closed_workspace_publishes_nothing_also_after_it_is_open_again() {
    for (code, sent_before) in [
        ("workspace_trashed", false),
        ("workspace_trashed", true),
        ("workspace_suspended", false),
        ("workspace_suspended", true),
    ] {
        let at = Place::founded().await;
        let post = at.scheduled("Hello").await;
        at.sweep().await;
        at.advance(30);
        if sent_before {
            at.server.next("repo.putRecord", Scripted::Break);
            at.deliver().await;
        }
        let is_trashed = code == "workspace_trashed";
        if is_trashed {
            trash(&at).await
        } else {
            suspend(&at, true).await
        }
        at.sweep().await;
        at.deliver().await;
        if is_trashed {
            at.app.call(Request::to(&restore_workspace::FUNCTION).by(&at.owner)).await.expect(204);
        } else {
            suspend(&at, false).await;
        }
        // An intent that was recorded before may have reached the platform.
        let state = if sent_before { "held" } else { "failed" };
        assert_eq!(at.states(&post).await, states(state, state), "{code}");
        let error = &at.deliveries(&post).await[0]["last_error"];
        assert_eq!(error["code"], code);
        let remedy = if sent_before { "Check the channel first" } else { "Once the workspace is open again" };
        assert!(error["remedy"].as_str().unwrap().starts_with(remedy), "{error}");
        at.advance(3600);
        at.sweep().await;
        at.deliver().await;
        assert_eq!(at.server.records().len(), 0, "{code}");
    }
}

#[tokio::test]
async fn a_late_message_is_published_unless_the_sweep_claimed_again() {
    let at = Place::new().await;
    for late_s in [200, 299, 301, 900] {
        let post = at.scheduled("late").await;
        at.advance(30 + late_s);
        at.app.deliver(&publish_bluesky::FUNCTION, &at.messages().await).await.unwrap();
        assert_eq!(at.states(&post).await, states("published", "published"), "{late_s} s late");
    }
    let published = at.server.records().len();
    let post = at.scheduled("later").await;
    let late = at.messages().await;
    at.advance(30 + 301);
    at.sweep().await;
    at.app.deliver(&publish_bluesky::FUNCTION, &late).await.unwrap();
    assert_eq!(at.states(&post).await, states("scheduled", "claimed"));
    let late = at.messages().await;
    at.advance(25 * 60 * 60);
    at.app.deliver(&publish_bluesky::FUNCTION, &late).await.unwrap();
    assert_eq!(at.states(&post).await, states("scheduled", "claimed"), "it was published a day late");
    assert_eq!(at.server.records().len(), published);
}

#[tokio::test]
async fn a_post_due_in_an_outage_is_published_within_a_day_and_missed_after_it() {
    let at = Place::new().await;
    let post = at.scheduled("late").await;
    at.advance(3 * 60 * 60);
    at.server.issue_from(at.app.now());
    at.sweep().await;
    at.deliver().await;
    assert_eq!(at.states(&post).await, states("published", "published"));
    let post = at.scheduled("too late").await;
    at.advance(24 * 60 * 60 + 31);
    at.sweep().await;
    assert_eq!(at.states(&post).await, states("failed", "failed"));
    assert_eq!(at.deliveries(&post).await[0]["last_error"]["code"], "missed");
}

#[tokio::test]
async fn concurrent_deliveries_of_one_post_are_all_recorded() {
    let at = Place::new().await;
    let (second, third) = (at.connect("carol.test").await, at.connect("dave.test").await);
    let post = at.draft("Hello").await;
    let mut schedule = at.in_seconds(30);
    schedule["channel_ids"] = json!([at.channel, second, third]);
    at.call(&posts::routes::schedule_post::FUNCTION, &post, schedule).await.expect(200);
    at.sweep().await;
    at.advance(30);
    let messages = at.messages().await;
    let deliver = |message| at.app.deliver(&publish_bluesky::FUNCTION, std::slice::from_ref(message));
    let delivered = futures::future::join_all(messages.iter().map(deliver)).await;
    assert!(delivered.len() == 3 && delivered.iter().all(Result::is_ok), "{delivered:?}");
    assert_eq!(at.post(&post).await["state"], "published");
    assert_eq!(at.server.records().len(), 3);
}

#[tokio::test]
async fn a_post_is_published_with_its_pictures_once_they_are_ready() {
    let at = Place::new().await;
    let bytes = b"not looked at again";
    let id = at.announced_picture(bytes).await;
    let body = json!({ "text": "With a picture", "media_ids": [id] });
    let post = at.call(&posts::routes::create_post::FUNCTION, "", body).await.expect(201).body;
    let post = post["id"].as_str().unwrap();
    let early = at.call(&posts::routes::schedule_post::FUNCTION, post, at.in_seconds(30)).await.expect(422);
    assert_eq!(early.fields(), ["media_ids"]);

    at.complete_picture(id, bytes).await;
    at.call(&posts::routes::schedule_post::FUNCTION, post, at.in_seconds(30)).await.expect(200);
    at.sweep().await;
    at.advance(30);
    at.deliver().await;
    assert_eq!(at.states(post).await, states("published", "published"));
    let record = at.server.records().into_values().next().unwrap();
    assert_eq!(record["embed"]["images"][0]["alt"], "A wall");
    assert_eq!(at.server.calls("repo.uploadBlob")[0].body, bytes);
}

#[tokio::test]
async fn a_claim_processed_twice_concurrently_is_sent_once() {
    let at = Place::new().await;
    let post = at.scheduled("Hello").await;
    at.sweep().await;
    at.advance(30);
    let mut messages = [at.messages().await, at.messages().await].concat();
    messages[1].envelope.id = format!("again-{}", messages[1].envelope.id);
    let deliver = |message| at.app.deliver(&publish_bluesky::FUNCTION, std::slice::from_ref(message));
    let delivered = futures::future::join_all(messages.iter().map(deliver)).await;
    assert!(delivered.len() == 2 && delivered.iter().all(Result::is_ok), "{delivered:?}");
    assert_eq!(at.states(&post).await, states("published", "published"));
    assert_eq!(at.server.calls("repo.putRecord").len(), 1);
}
