//! Publishing on a platform that prepares posts in steps: Threads.

use posts::jobs::publish_threads::{self, PublishThreads};
use posts::routes::update_post;
use serde_json::json;
use shared::function::Function;
use shared::kernel::time::Timestamp;
use test_support::scripted_http::Scripted;
use test_support::scripted_threads::{CLIENT_ID, CLIENT_SECRET, HOST, ScriptedThreads};

use crate::on_meta::{MetaPlatform, OnMeta, a_lost_answer};
use crate::place::arrival;

impl MetaPlatform for ScriptedThreads {
    const NAME: &'static str = "threads";
    const APP: (&'static str, &'static str) = (CLIENT_ID, CLIENT_SECRET);
    const HOSTS: &'static [&'static str] = &[HOST];
    const CREATE: &'static str = "POST /{threads-user-id}/threads";
    const PUBLISH: &'static str = "POST /{threads-user-id}/threads_publish";
    type Message = PublishThreads;

    fn at(now: Timestamp) -> Self {
        Self::start(now)
    }

    fn publisher() -> &'static Function {
        &publish_threads::FUNCTION
    }
}

#[tokio::test]
async fn a_post_waits_for_its_platform_without_spending_an_attempt() {
    let at = OnMeta::<ScriptedThreads>::new().await;
    at.server.process_for(6);
    let post = at.scheduled("Walls", &[b"wall", b"door"]).await;
    at.advance(31);
    at.deliver_all().await;
    let waiting = at.delivery(&post).await;
    assert_eq!(
        (&waiting["state"], &waiting["attempts"], &waiting["sent_at"]),
        (&json!("staging"), &json!(1), &json!(null))
    );
    let messages = at.messages().await;
    assert_eq!(messages.len(), 2, "the message that goes on");
    assert!(arrival(&messages[1]).is_string());
    at.advance(31);
    // Both: the first one's claim is over.
    at.deliver_all().await;
    let delivery = at.delivery(&post).await;
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("published"), &json!(1)), "{delivery}");
    assert_eq!(at.server.calls(ScriptedThreads::CREATE).len(), 3, "each container is created once");
    let pictures = at.server.posts()[0].pictures.clone();
    for (url, bytes) in pictures.iter().zip(["wall", "door"]) {
        let fetched = at.app.fetch(http::Request::get(url).body(Vec::new()).unwrap());
        assert_eq!((fetched.status, fetched.text.as_str()), (200, bytes), "the platform can fetch {url}");
    }
}

#[tokio::test]
async fn an_edit_while_the_platform_prepares_the_post_starts_over() {
    let at = OnMeta::<ScriptedThreads>::new().await;
    at.server.process_for(9);
    let post = at.scheduled("Wall", &[b"wall"]).await;
    at.advance(31);
    at.deliver_all().await;
    assert_eq!(at.delivery(&post).await["state"], "staging");
    at.call(&update_post::FUNCTION, &[("post_id", &post)], json!({ "text": "Better" })).await;
    at.server.process_for(0);
    at.advance(31);
    at.deliver_all().await;
    assert_eq!(at.delivery(&post).await["state"], "published");
    let texts: Vec<_> = at.server.posts().into_iter().map(|post| post.text).collect();
    assert_eq!(texts, ["Better"]);
}

#[tokio::test]
async fn an_expired_container_is_prepared_again() {
    let at = OnMeta::<ScriptedThreads>::new().await;
    at.server.process_for(100);
    let post = at.scheduled("Wall", &[b"wall"]).await;
    at.advance(31);
    at.deliver_all().await;
    at.server.process_for(0);
    at.server.next("GET /{id}", Scripted::Answer(200, json!({ "id": "1", "status": "EXPIRED" })));
    at.advance(31);
    at.deliver_all().await;
    let delivery = at.delivery(&post).await;
    assert_eq!(
        (&delivery["state"], &delivery["last_error"]["code"]),
        (&json!("scheduled"), &json!("container_expired"))
    );
    at.advance(60);
    at.sweep().await;
    at.advance(60);
    at.deliver_all().await;
    assert_eq!(at.delivery(&post).await["state"], "published");
    assert_eq!((at.server.calls(ScriptedThreads::CREATE).len(), at.server.posts().len()), (2, 1));
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_and_the_post_sent_again_only_if_it_is_not_there() {
    a_lost_answer::<ScriptedThreads>(&[]).await;
}
