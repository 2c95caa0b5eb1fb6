//! Writing, reading, changing and deleting posts.

use posts::routes::{create_post, delete_post, get_post, list_deliveries, list_posts, update_post};
use posts::trash::TrashedPost;
use serde_json::{Value, json};
use shared::tenancy::Role;
use shared::testing::Request;

use crate::place::Place;

#[tokio::test]
async fn a_draft_is_created_read_listed_and_updated() {
    let at = Place::new().await;
    let made = at.call(&create_post::FUNCTION, "", json!({ "text": "Hello\r\nworld" })).await.expect(201).body;
    assert_eq!(
        made,
        json!({
            "id": made["id"],
            "state": "draft",
            "text": "Hello\nworld",
            "media_ids": [],
            "channel_ids": [],
            "variants": [],
            "schedule": null,
            "deliveries": [],
            "created_by": at.owner.user,
            "created_at": made["created_at"],
            "updated_at": made["created_at"],
        })
    );
    let id = made["id"].as_str().unwrap();
    assert_eq!(at.post(id).await, made);
    assert_eq!(at.deliveries(id).await, Vec::<Value>::new());
    at.advance(5);
    let newer = at.draft("newer").await;
    let list = || Request::to(&list_posts::FUNCTION).by(&at.owner).query("limit", 1);
    let first = at.app.call(list()).await.expect(200).body;
    assert_eq!(first["items"][0]["id"], json!(newer));
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = at.app.call(list().query("cursor", cursor)).await.expect(200).body;
    assert_eq!(second["items"], json!([made]));

    let body = json!({ "text": "Changed", "channel_ids": [at.channel] });
    let changed = at.call(&update_post::FUNCTION, id, body).await.expect(200).body;
    assert_eq!((&changed["text"], &changed["channel_ids"]), (&json!("Changed"), &json!([at.channel])));
    assert_ne!(changed["updated_at"], made["updated_at"]);
    let cleared = at.call(&update_post::FUNCTION, id, json!({ "channel_ids": [] })).await.expect(200).body;
    assert_eq!((&cleared["text"], &cleared["channel_ids"]), (&json!("Changed"), &json!([])));
    assert_eq!(at.actions().await.iter().filter(|action| *action == "post.updated").count(), 2);
}

#[tokio::test]
async fn a_repeated_idempotency_key_creates_one_post() {
    let at = Place::new().await;
    let write = || {
        let request = Request::to(&create_post::FUNCTION).by(&at.owner).json(json!({ "text": "once" }));
        at.app.call(request.header("idempotency-key", "k-1"))
    };
    let (first, second) = (write().await.expect(201).body, write().await.expect(201).body);
    assert_eq!(first["id"], second["id"]);
}

#[tokio::test]
async fn a_post_over_a_channels_limits_is_refused_when_written() {
    let at = Place::new().await;
    let long = json!({ "text": "é".repeat(301), "channel_ids": [at.channel] });
    let refused = at.call(&create_post::FUNCTION, "", long.clone()).await.expect(422);
    assert_eq!((refused.code(), refused.fields()), ("post_does_not_fit", vec!["text"]));
    let rule = refused.body["errors"][0]["rule"].as_str().unwrap();
    assert!(rule.contains("alice.test") && rule.contains("at most 300 characters; it has 301"), "{rule}");
    let post = at.draft(&"é".repeat(301)).await;
    at.call(&update_post::FUNCTION, &post, long).await.expect(422);
    let family = json!({ "text": "👨‍👩‍👧‍👦".repeat(121), "channel_ids": [at.channel] });
    let refused = at.call(&create_post::FUNCTION, "", family).await.expect(422);
    assert!(refused.text.contains("at most 3000 bytes"), "{}", refused.text);
}

#[tokio::test]
async fn a_text_without_visible_characters_is_refused() {
    let at = Place::new().await;
    for text in ["\u{200B}", "\u{2800}\n\u{3164}", "\u{AD}\u{2060}"] {
        let refused = at.call(&create_post::FUNCTION, "", json!({ "text": text })).await.expect(422);
        assert_eq!(refused.fields(), ["text"]);
        assert!(refused.text.contains("must contain a visible character"), "{}", refused.text);
    }
}

#[tokio::test]
async fn another_workspaces_ids_are_refused_like_missing_ones() {
    let (at, other) = (Place::new().await, Place::new().await);
    let unknown = at.channel.replace(&at.channel[30..], &"0".repeat(at.channel.len() - 30));
    for channel in [&other.channel, &unknown] {
        let body = json!({ "text": "x", "channel_ids": [channel] });
        let refused = at.call(&create_post::FUNCTION, "", body).await.expect(422);
        assert_eq!(refused.fields(), ["channel_ids"]);
    }
    let theirs = other.draft("theirs").await;
    for function in [&get_post::FUNCTION, &delete_post::FUNCTION, &list_deliveries::FUNCTION] {
        assert_eq!(at.call(function, &theirs, Value::Null).await.expect(404).code(), "not_found");
    }
    at.call(&update_post::FUNCTION, &theirs, json!({ "text": "mine" })).await.expect(404);
    let reviewer = at.app.join(at.owner.workspace, Role::Reviewer).await.unwrap();
    let request = Request::to(&create_post::FUNCTION).by(&reviewer).json(json!({ "text": "x" }));
    at.app.call(request).await.expect(403);
}

#[tokio::test]
async fn a_deleted_post_is_not_found_and_not_published() {
    let at = Place::new().await;
    let post = at.scheduled("regretted").await;
    at.sweep().await;
    at.call(&delete_post::FUNCTION, &post, Value::Null).await.expect(204);
    for function in [&get_post::FUNCTION, &list_deliveries::FUNCTION, &delete_post::FUNCTION] {
        at.call(function, &post, Value::Null).await.expect(404);
    }
    at.advance(30);
    at.deliver().await;
    at.sweep().await;
    assert!(at.server.records().is_empty());
    let id = post.parse().unwrap();
    let trashed = at.app.scope(at.owner.workspace).find::<TrashedPost>(&id).await.unwrap().unwrap();
    assert_eq!(trashed.deliveries.len(), 1);
    at.advance(30 * 24 * 60 * 60);
    assert!(at.app.scope(at.owner.workspace).find::<TrashedPost>(&id).await.unwrap().is_none());
}
