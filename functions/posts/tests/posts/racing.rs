//! Edits in the second a post is due: the edited content is published, and edits delay it by one second.

use posts::jobs::publish_bluesky;
use posts::routes::update_post;
use serde_json::json;
use shared::aws::wire::Fault;
use shared::kernel::time::{SignedDuration, after};

use crate::place::Place;
use test_support::scripted_server::refusal;

/// Preparing a text with a mention makes this call, which the test pauses.
const RESOLVING: &str = "identity.resolveHandle";

/// Delivers the waiting message, pauses it at each of these calls in turn, and makes an edit at each.
async fn deliver_edited(at: &Place, post: &str, edits: &[(&'static str, Option<&str>)]) {
    let wire = at.app.wire(&publish_bluesky::FUNCTION);
    wire.arm(Fault::Hold(edits[0].0));
    let editing = async {
        for (number, (_, text)) in edits.iter().enumerate() {
            wire.held.notified().await;
            if let Some(text) = text {
                let edit = json!({ "text": text, "media_ids": [] });
                at.call(&update_post::FUNCTION, post, edit).await.expect(200);
            }
            if let Some((next, _)) = edits.get(number + 1) {
                wire.arm(Fault::Hold(next));
            }
            wire.release();
        }
    };
    tokio::join!(at.deliver(), editing);
}

/// Asserts that the post is published with this text one second after the first message.
async fn assert_published_a_second_later(at: &Place, post: &str, text: &str) {
    let messages = at.messages().await;
    assert_eq!(messages.len(), 2, "the delivery waits for the end of its lease");
    assert_eq!(messages[1].envelope.not_before, Some(after(at.app.now(), SignedDuration::from_secs(1))));
    at.advance(1);
    at.deliver().await;
    assert_eq!(at.states(post).await, ("published".to_owned(), "published".to_owned()));
    let records: Vec<_> = at.server.records().into_values().collect();
    assert_eq!((records.len(), &records[0]["text"]), (1, &json!(text)));
}

#[tokio::test]
async fn a_post_edited_during_each_preparation_is_published_a_second_later() {
    let at = Place::new().await;
    let post = at.scheduled("@bob.test 0").await;
    at.sweep().await;
    at.advance(30);
    let edits = [(RESOLVING, Some("@bob.test 1")), (RESOLVING, Some("@bob.test 2")), (RESOLVING, Some("@bob.test 3"))];
    deliver_edited(&at, &post, &edits).await;
    assert!(at.server.records().is_empty());
    assert_published_a_second_later(&at, &post, "@bob.test 3").await;
}

#[tokio::test]
async fn a_post_saved_at_each_try_to_record_the_intent_is_published_a_second_later() {
    let at = Place::new().await;
    let post = at.scheduled("unchanged").await;
    at.sweep().await;
    at.advance(30);
    deliver_edited(&at, &post, &[("TransactWriteItems", Some("unchanged")); 30]).await;
    assert!(at.server.records().is_empty());
    assert_published_a_second_later(&at, &post, "unchanged").await;
}

#[tokio::test]
async fn an_edit_undone_as_it_is_noticed_does_not_end_the_attempt() {
    let at = Place::new().await;
    let post = at.scheduled("@bob.test 0").await;
    at.sweep().await;
    at.advance(30);
    // The post is edited while it is prepared, which the attempt notices when it reads delivery and post to record the
    // intent. The edit is undone before the next read.
    let get = "DynamoDB.GetItem";
    let edits = [(RESOLVING, Some("@bob.test 1")), (get, None), (get, None), (get, Some("@bob.test 0"))];
    deliver_edited(&at, &post, &edits).await;
    assert_eq!(at.states(&post).await, ("published".to_owned(), "published".to_owned()));
    let record = at.server.records().into_values().next().unwrap();
    assert_eq!(record["text"], "@bob.test 0");
}

#[tokio::test]
async fn a_post_fixed_while_the_platform_refuses_it_does_not_fail() {
    let at = Place::new().await;
    let (bytes, body) = (b"a picture", |id| json!({ "text": "With a picture", "media_ids": [id] }));
    let id = at.announced_picture(bytes).await;
    at.complete_picture(id, bytes).await;
    let post = at.call(&posts::routes::create_post::FUNCTION, "", body(id)).await.expect(201).body;
    let post = post["id"].as_str().unwrap();
    at.call(&posts::routes::schedule_post::FUNCTION, post, at.in_seconds(30)).await.expect(200);
    at.sweep().await;
    at.advance(30);
    at.server.next("repo.uploadBlob", refusal(400, "InvalidMimeType", "as scripted"));
    deliver_edited(&at, post, &[("repo.uploadBlob", Some("Without a picture"))]).await;
    assert_eq!(at.states(post).await, ("published".to_owned(), "published".to_owned()));
    let record = at.server.records().into_values().next().unwrap();
    assert_eq!((&record["text"], record.get("embed")), (&json!("Without a picture"), None));
}

#[tokio::test]
async fn a_post_unscheduled_during_its_preparation_is_not_published() {
    let at = Place::new().await;
    let post = at.scheduled("@bob.test 0").await;
    at.sweep().await;
    at.advance(30);
    let wire = at.app.wire(&publish_bluesky::FUNCTION);
    wire.arm(Fault::Hold(RESOLVING));
    let taking_back = async {
        wire.held.notified().await;
        at.call(&posts::routes::unschedule_post::FUNCTION, &post, json!({})).await.expect(200);
        wire.release();
    };
    tokio::join!(at.deliver(), taking_back);
    assert_eq!(at.states(&post).await, ("draft".to_owned(), "cancelled".to_owned()));
    assert_eq!(at.messages().await.len(), 1, "a cancelled post was claimed again");
    assert!(at.server.records().is_empty());
}

#[tokio::test]
async fn an_edit_while_the_post_is_being_sent_is_refused() {
    let at = Place::new().await;
    let post = at.scheduled("as it was").await;
    at.sweep().await;
    at.advance(30);
    let wire = at.app.wire(&publish_bluesky::FUNCTION);
    wire.arm(Fault::Hold("repo.putRecord"));
    let editing = async {
        wire.held.notified().await;
        let refused = at.call(&update_post::FUNCTION, &post, json!({ "text": "too late" })).await.expect(409);
        assert_eq!(refused.code(), "post_being_published");
        wire.release();
    };
    tokio::join!(at.deliver(), editing);
    let records: Vec<_> = at.server.records().into_values().collect();
    assert_eq!((records.len(), &records[0]["text"]), (1, &json!("as it was")));
}
