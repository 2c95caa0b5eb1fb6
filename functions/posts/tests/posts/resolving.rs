//! A person says what became of a held delivery.

use posts::delivery::{Cure, Delivery, DeliveryError, DeliveryKey};
use posts::post::Post;
use posts::routes::{resolve_delivery, schedule_post};
use serde_json::{Value, json};
use shared::tenancy::Changes;
use shared::testing::{Request, Response};

use crate::place::Place;

/// A place with a post whose only delivery is held: the ids of both.
async fn held() -> (Place, String, String) {
    let at = Place::new().await;
    let post_id = at.scheduled("Hello").await;
    let delivery_id = at.deliveries(&post_id).await[0]["id"].as_str().unwrap().to_owned();
    let workspace = at.app.scope(at.owner.workspace);
    let key = DeliveryKey { post_id: post_id.parse().unwrap(), delivery_id: delivery_id.parse().unwrap() };
    let mut delivery = workspace.get::<Delivery>(&key).await.unwrap();
    let mut post = workspace.get::<Post>(&key.post_id).await.unwrap();
    let (code, text) = ("outcome_unknown".to_owned(), "No answer came.".to_owned());
    delivery.hold(DeliveryError { code, text, cure: Cure::Time, at: at.app.now() }).unwrap();
    post.note(&delivery);
    let changes = Changes::default().replace(&post).replace(&delivery).unaudited("a fixture");
    workspace.commit(changes).await.unwrap();
    (at, post_id, delivery_id)
}

async fn resolve(at: &Place, post: &str, delivery: &str, body: Value) -> Response {
    let request = Request::to(&resolve_delivery::FUNCTION).by(&at.owner).path("post_id", post);
    at.app.call(request.path("delivery_id", delivery).json(body)).await
}

#[tokio::test]
async fn a_held_delivery_is_published_at_the_address_that_a_person_gives() {
    let (at, post, delivery) = held().await;
    let url = "https://bsky.app/profile/alice/post/3k";
    let answer = resolve(&at, &post, &delivery, json!({ "is_published": true, "url": url })).await.expect(200);
    assert_eq!(answer.body["state"], "published");
    let delivery = &at.deliveries(&post).await[0];
    assert_eq!((&delivery["state"], &delivery["last_error"]), (&json!("published"), &json!(null)));
    assert_eq!(delivery["published"], json!({ "id": url, "url": url, "confirmed_by": "person" }));
    assert!(at.actions().await.contains(&"delivery.resolved".to_owned()));
}

#[tokio::test]
async fn a_held_delivery_that_was_not_published_can_be_scheduled_again() {
    let (at, post, delivery) = held().await;
    let answer = resolve(&at, &post, &delivery, json!({ "is_published": false })).await.expect(200);
    assert_eq!(answer.body["state"], "failed");
    assert_eq!(at.deliveries(&post).await[0]["last_error"]["remedy"], "Schedule the post again.");
    let again = resolve(&at, &post, &delivery, json!({ "is_published": false })).await.expect(409);
    assert_eq!(again.body["code"], "delivery_not_held");
    at.call(&schedule_post::FUNCTION, &post, at.in_seconds(30)).await.expect(200);
    at.sweep().await;
    at.advance(30);
    at.deliver().await;
    assert_eq!((at.post(&post).await["state"].clone(), at.server.records().len()), (json!("published"), 1));
}

#[tokio::test]
async fn a_delivery_that_is_not_held_is_not_resolved() {
    let at = Place::new().await;
    let post = at.scheduled("Hello").await;
    let delivery = at.deliveries(&post).await[0]["id"].as_str().unwrap().to_owned();
    let answer = resolve(&at, &post, &delivery, json!({ "is_published": false })).await.expect(409);
    assert_eq!(answer.body["code"], "delivery_not_held");
    assert_eq!(at.states(&post).await, ("scheduled".to_owned(), "claimed".to_owned()));
    let missing = json!({ "is_published": true });
    assert_eq!(resolve(&at, &post, &delivery, missing).await.expect(422).body["errors"][0]["field"], "url");
}
