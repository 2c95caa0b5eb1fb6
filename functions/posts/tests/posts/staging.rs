//! Publishing on a platform that prepares posts in steps: Threads.

use channels::routes::{choose_account, complete_connection, start_connection};
use posts::jobs::publish_threads::{self, PublishThreads};
use posts::jobs::sweep_due_posts;
use posts::routes::{create_post, list_deliveries, schedule_post, update_post};
use serde_json::{Value, json};
use shared::function::Function;
use shared::kernel::time::{SignedDuration, after};
use shared::testing::{Person, Posted, Request, TestApp};
use test_support::scripted_http::Scripted;
use test_support::scripted_threads::{CLIENT_ID, CLIENT_SECRET, HOST, ScriptedThreads};

use crate::place::{arrival, completed_picture};

/// A workspace with a Threads channel.
struct Place {
    app: TestApp,
    owner: Person,
    server: ScriptedThreads,
    channel: String,
}

impl Place {
    async fn new() -> Self {
        let app = TestApp::new();
        app.put_platform_app("threads", CLIENT_ID, CLIENT_SECRET).unwrap();
        let owner = app.founder_on("studio").await.unwrap();
        let server = ScriptedThreads::start(app.now());
        app.simulate_host(HOST, server.url.clone());
        let mut place = Self { app, owner, server, channel: String::new() };
        let begun = place.call(&start_connection::FUNCTION, &[], json!({ "platform": "threads" })).await;
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

    /// A post that is due in 30 seconds.
    async fn scheduled(&self, text: &str, pictures: &[&str]) -> String {
        let mut media_ids = Vec::new();
        for picture in pictures {
            media_ids.push(completed_picture(&self.app, &self.owner, picture.as_bytes()).await);
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
        self.app.outbox::<PublishThreads>(&self.owner.outbox()).await.unwrap()
    }

    async fn deliver(&self, messages: &[Posted]) {
        self.app.deliver(&publish_threads::FUNCTION, messages).await.unwrap();
    }

    async fn deliver_all(&self) {
        self.deliver(&self.messages().await).await;
    }

    async fn sweep(&self) {
        self.app.tick(&sweep_due_posts::FUNCTION).await.unwrap();
        self.advance(0);
    }
}

const CREATE: &str = "POST /{threads-user-id}/threads";
const PUBLISH: &str = "POST /{threads-user-id}/threads_publish";

#[tokio::test]
async fn a_post_waits_for_its_platform_without_spending_an_attempt() {
    let at = Place::new().await;
    at.server.process_for(6);
    let post = at.scheduled("Walls", &["wall", "door"]).await;
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
    assert_eq!(at.server.calls(CREATE).len(), 3, "each container is created once");
    let pictures = at.server.posts()[0].pictures.clone();
    for (url, bytes) in pictures.iter().zip(["wall", "door"]) {
        let fetched = at.app.fetch(http::Request::get(url).body(Vec::new()).unwrap());
        assert_eq!((fetched.status, fetched.text.as_str()), (200, bytes), "the platform can fetch {url}");
    }
}

#[tokio::test]
async fn an_edit_while_the_platform_prepares_the_post_starts_over() {
    let at = Place::new().await;
    at.server.process_for(9);
    let post = at.scheduled("Wall", &["wall"]).await;
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
    let at = Place::new().await;
    at.server.process_for(100);
    let post = at.scheduled("Wall", &["wall"]).await;
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
    assert_eq!((at.server.calls(CREATE).len(), at.server.posts().len()), (2, 1));
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_and_the_post_sent_again_only_if_it_is_not_there() {
    for (lost, sends) in [(Scripted::DoAndBreak, 1), (Scripted::Break, 2)] {
        let at = Place::new().await;
        let post = at.scheduled("Hello", &[]).await;
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
