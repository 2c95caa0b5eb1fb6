//! Publishing on Instagram: containers, and pictures that become JPEG.

use channels::routes::{choose_account, complete_connection, start_connection};
use posts::jobs::publish_instagram::{self, PublishInstagram};
use posts::jobs::sweep_due_posts;
use posts::routes::{create_post, list_deliveries, schedule_post};
use serde_json::{Value, json};
use shared::function::Function;
use shared::kernel::time::{SignedDuration, after};
use shared::testing::{Person, Posted, Request, TestApp};
use test_support::picture::dot;
use test_support::scripted_http::Scripted;
use test_support::scripted_instagram::{CLIENT_ID, CLIENT_SECRET, CODE_HOST, HOST, ScriptedInstagram};

use crate::place::completed_picture;

/// A workspace with a Instagram channel.
struct Place {
    app: TestApp,
    owner: Person,
    server: ScriptedInstagram,
    channel: String,
}

impl Place {
    async fn new() -> Self {
        let app = TestApp::new();
        app.put_platform_app("instagram", CLIENT_ID, CLIENT_SECRET).unwrap();
        let owner = app.founder_on("studio").await.unwrap();
        let server = ScriptedInstagram::start(app.now());
        app.simulate_host(HOST, server.url.clone());
        app.simulate_host(CODE_HOST, server.url.clone());
        let mut place = Self { app, owner, server, channel: String::new() };
        let begun = place.call(&start_connection::FUNCTION, &[], json!({ "platform": "instagram" })).await;
        let (code, state) = place.server.authorize_as("alice", begun["authorization_url"].as_str().unwrap()).unwrap();
        let id = [("connection_id", begun["id"].as_str().unwrap())];
        let offered = place.call(&complete_connection::FUNCTION, &id, json!({ "code": code, "state": state })).await;
        let account = json!({ "account_id": offered["accounts"][0]["account_id"] });
        let channel = place.call(&choose_account::FUNCTION, &id, account).await;
        place.channel = channel["id"].as_str().unwrap().to_owned();
        place
    }

    async fn call(&self, function: &'static Function, path: &[(&str, &str)], body: Value) -> Value {
        let request =
            path.iter().fold(Request::to(function).by(&self.owner), |request, (name, value)| request.path(name, value));
        let request = if body.is_null() { request } else { request.json(body) };
        let answer = self.app.call(request).await;
        assert!((200..300).contains(&answer.status), "{} {}", answer.status, answer.body);
        answer.body
    }

    /// A post with PNG pictures that is due in 30 seconds.
    async fn scheduled(&self, text: &str, pictures: usize) -> String {
        let mut media_ids = Vec::new();
        for _ in 0..pictures {
            media_ids.push(completed_picture(&self.app, &self.owner, &dot()).await);
        }
        let post = self.call(&create_post::FUNCTION, &[], json!({ "text": text, "media_ids": media_ids })).await;
        let id = post["id"].as_str().unwrap().to_owned();
        let at = after(self.app.now(), SignedDuration::from_secs(30)).strftime("%Y-%m-%dT%H:%M:%S").to_string();
        let schedule = json!({ "at": at, "time_zone": "UTC", "channel_ids": [self.channel] });
        self.call(&schedule_post::FUNCTION, &[("post_id", &id)], schedule).await;
        id
    }

    async fn delivery(&self, post: &str) -> Value {
        self.call(&list_deliveries::FUNCTION, &[("post_id", post)], Value::Null).await["items"][0].clone()
    }

    fn advance(&self, seconds: i64) {
        self.app.advance(SignedDuration::from_secs(seconds) + SignedDuration::from_millis(1));
        self.server.move_to(self.app.now());
    }

    async fn messages(&self) -> Vec<Posted> {
        self.app.outbox::<PublishInstagram>(&self.owner.outbox()).await.unwrap()
    }

    async fn deliver(&self, messages: &[Posted]) {
        self.app.deliver(&publish_instagram::FUNCTION, messages).await.unwrap();
    }

    async fn deliver_all(&self) {
        self.deliver(&self.messages().await).await;
    }

    async fn sweep(&self) {
        self.app.tick(&sweep_due_posts::FUNCTION).await.unwrap();
        self.advance(0);
    }
}

const CREATE: &str = "POST /{ig-user-id}/media";
const PUBLISH: &str = "POST /{ig-user-id}/media_publish";

/// Each picture is a PNG, and Instagram takes JPEG.
#[tokio::test]
async fn png_pictures_are_published_as_jpeg_after_their_containers_are_ready() {
    let at = Place::new().await;
    at.server.process_for(6);
    let post = at.scheduled("Walls", 2).await;
    at.advance(31);
    at.deliver_all().await;
    let waiting = at.delivery(&post).await;
    assert_eq!((&waiting["state"], &waiting["attempts"]), (&json!("staging"), &json!(1)));
    at.advance(31);
    at.deliver_all().await;
    let delivery = at.delivery(&post).await;
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("published"), &json!(1)), "{delivery}");
    assert_eq!((at.server.calls(CREATE).len(), at.server.calls(PUBLISH).len()), (3, 1));
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
    for (lost, sends) in [(Scripted::DoAndBreak, 1), (Scripted::Break, 2)] {
        let at = Place::new().await;
        let post = at.scheduled("Hello", 1).await;
        at.advance(31);
        at.server.next(PUBLISH, lost);
        at.deliver_all().await;
        assert_eq!(at.delivery(&post).await["state"], "sending");
        at.sweep().await;
        at.advance(61);
        let messages = at.messages().await;
        // The claim's message is handled twice.
        at.deliver(&messages).await;
        at.deliver(&messages).await;
        assert_eq!(at.delivery(&post).await["state"], "published");
        assert_eq!((at.server.posts().len(), at.server.calls(PUBLISH).len()), (1, sends));
    }
}

#[tokio::test]
async fn a_post_without_a_picture_is_refused_when_it_is_written() {
    let at = Place::new().await;
    let post = at.call(&create_post::FUNCTION, &[], json!({ "text": "Hello" })).await;
    let at_time = after(at.app.now(), SignedDuration::from_secs(90)).strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let schedule = json!({ "at": at_time, "time_zone": "UTC", "channel_ids": [at.channel] });
    let request = Request::to(&schedule_post::FUNCTION).by(&at.owner).path("post_id", post["id"].as_str().unwrap());
    let refused = at.app.call(request.json(schedule)).await.expect(422).body;
    let fault = &refused["errors"][0];
    assert_eq!((&refused["code"], &fault["field"]), (&json!("post_does_not_fit"), &json!("media_ids")));
    assert_eq!((&fault["measure"], &fault["count"], &fault["limit"]), (&json!("least_pictures"), &json!(0), &json!(1)));
}
