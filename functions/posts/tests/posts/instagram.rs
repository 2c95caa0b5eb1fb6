//! Publishing on Instagram: containers, and pictures that become JPEG.

use posts::jobs::publish_instagram::{self, PublishInstagram};
use posts::routes::{create_post, schedule_post};
use serde_json::json;
use shared::function::Function;
use shared::kernel::time::Timestamp;
use shared::testing::Request;
use test_support::picture::dot;
use test_support::scripted_instagram::{CLIENT_ID, CLIENT_SECRET, CODE_HOST, HOST, ScriptedInstagram};

use crate::on_meta::{MetaPlatform, OnMeta, a_lost_answer};
use crate::place::schedule_in;

impl MetaPlatform for ScriptedInstagram {
    const NAME: &'static str = "instagram";
    const APP: (&'static str, &'static str) = (CLIENT_ID, CLIENT_SECRET);
    const HOSTS: &'static [&'static str] = &[HOST, CODE_HOST];
    const CREATE: &'static str = "POST /{ig-user-id}/media";
    const PUBLISH: &'static str = "POST /{ig-user-id}/media_publish";
    type Message = PublishInstagram;

    fn at(now: Timestamp) -> Self {
        Self::start(now)
    }

    fn publisher() -> &'static Function {
        &publish_instagram::FUNCTION
    }
}

/// Each picture is a PNG, and Instagram takes JPEG.
#[tokio::test]
async fn png_pictures_are_published_as_jpeg_after_their_containers_are_ready() {
    let at = OnMeta::<ScriptedInstagram>::new().await;
    at.server.process_for(6);
    let post = at.scheduled("Walls", &[&dot(), &dot()]).await;
    at.advance(31);
    at.deliver_all().await;
    let waiting = at.delivery(&post).await;
    assert_eq!((&waiting["state"], &waiting["attempts"]), (&json!("staging"), &json!(1)));
    at.advance(31);
    at.deliver_all().await;
    let delivery = at.delivery(&post).await;
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("published"), &json!(1)), "{delivery}");
    assert_eq!(
        (at.server.calls(ScriptedInstagram::CREATE).len(), at.server.calls(ScriptedInstagram::PUBLISH).len()),
        (3, 1)
    );
    let pictures = at.server.posts()[0].pictures.clone();
    assert_eq!(pictures.len(), 2);
    for url in &pictures {
        assert!(url.contains(".flat.jpg"), "{url}");
        let fetched = at.app.fetch(http::Request::get(url).body(Vec::new()).unwrap());
        assert_eq!(fetched.status, 200, "the platform can fetch {url}");
        assert_eq!(fetched.headers["content-type"], "image/jpeg");
    }
    at.deliver_all().await;
    assert_eq!(at.server.posts().len(), 1);
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_and_the_post_sent_again_only_if_it_is_not_there() {
    a_lost_answer::<ScriptedInstagram>(&[&dot()]).await;
}

#[tokio::test]
async fn a_post_without_a_picture_is_refused_when_it_is_written() {
    let at = OnMeta::<ScriptedInstagram>::new().await;
    let post = at.call(&create_post::FUNCTION, &[], json!({ "text": "Hello" })).await;
    let schedule = schedule_in(&at.app, &at.channel, 90);
    let request = Request::to(&schedule_post::FUNCTION).by(&at.owner).path("post_id", post["id"].as_str().unwrap());
    let refused = at.app.call(request.json(schedule)).await.expect(422).body;
    let fault = &refused["errors"][0];
    assert_eq!((&refused["code"], &fault["field"]), (&json!("post_does_not_fit"), &json!("media_ids")));
    assert_eq!((&fault["measure"], &fault["count"], &fault["limit"]), (&json!("least_pictures"), &json!(0), &json!(1)));
}
