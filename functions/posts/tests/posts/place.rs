//! A workspace with a channel on a scripted server, and the steps that the tests share.

use channels::connect_bluesky;
use posts::publish_post::{self, PublishPost};
use posts::{create_post, get_post, list_deliveries, schedule_post, sweep_due_posts};
use serde_json::{Value, json};
use shared::function::Function;
use shared::kernel::time::{SignedDuration, Timestamp, after};
use shared::tenancy::{Page, Role};
use shared::testing::{Person, Posted, Request, Response, TestApp};

use crate::scripted_server::{PASSWORD, ScriptedServer};

pub struct Place {
    pub app: TestApp,
    pub owner: Person,
    began: Timestamp,
    pub server: ScriptedServer,
    pub channel: String,
}

impl Place {
    pub async fn new() -> Self {
        let app = TestApp::alone().await.unwrap();
        let owner = app.owner().await.unwrap();
        let server = ScriptedServer::start(app.now());
        let channel = connect(&app, &owner, &server, "alice.test").await;
        let began = app.now();
        Self { app, owner, began, server, channel }
    }

    /// Connects one more account.
    pub async fn connect(&self, handle: &str) -> String {
        connect(&self.app, &self.owner, &self.server, handle).await
    }

    pub async fn call(&self, function: &'static Function, post: &str, body: Value) -> Response {
        // A token is good for a quarter of an hour: who comes later is another member.
        let late = self.app.now().duration_since(self.began) > SignedDuration::from_mins(10);
        let person = match late {
            true => self.app.join(self.owner.workspace, Role::Member).await.unwrap(),
            false => self.owner.clone(),
        };
        let request = Request::to(function).by(&person).path("post_id", post);
        let request = if body.is_null() { request } else { request.json(body) };
        self.app.call(request).await
    }

    pub async fn draft(&self, text: &str) -> String {
        let made = self.call(&create_post::FUNCTION, "", json!({ "text": text })).await.expect(201);
        made.body["id"].as_str().unwrap().to_owned()
    }

    /// A schedule for the channel, some seconds from now, as UTC shows it.
    pub fn in_seconds(&self, seconds: i64) -> Value {
        let at = after(self.app.now(), SignedDuration::from_secs(seconds));
        let wall_time = at.strftime("%Y-%m-%dT%H:%M:%S").to_string();
        json!({ "at": wall_time, "time_zone": "UTC", "channel_ids": [self.channel] })
    }

    /// A post that is scheduled in 30 seconds.
    pub async fn scheduled(&self, text: &str) -> String {
        let post = self.draft(text).await;
        self.call(&schedule_post::FUNCTION, &post, self.in_seconds(30)).await.expect(200);
        post
    }

    pub async fn sweep(&self) {
        self.app.tick(&sweep_due_posts::FUNCTION).await.unwrap();
        // The next tick is another minute's.
        self.advance(0);
    }

    pub fn advance(&self, seconds: i64) {
        self.app.advance(SignedDuration::from_secs(seconds) + SignedDuration::from_millis(1));
    }

    /// Every message to `publish-post` so far, the oldest first.
    pub async fn messages(&self) -> Vec<Posted> {
        self.app.outbox::<PublishPost>(&self.owner.outbox()).await.unwrap()
    }

    /// Delivers every message so far, also those that were delivered before.
    pub async fn deliver(&self) {
        let messages = self.messages().await;
        self.app.deliver(&publish_post::FUNCTION, &messages).await.unwrap();
    }

    pub async fn post(&self, post: &str) -> Value {
        self.call(&get_post::FUNCTION, post, Value::Null).await.expect(200).body
    }

    pub async fn deliveries(&self, post: &str) -> Vec<Value> {
        let listed = self.call(&list_deliveries::FUNCTION, post, Value::Null).await.expect(200).body;
        listed["items"].as_array().unwrap().clone()
    }

    /// Delivers every message for one post so far.
    pub async fn deliver_for(&self, post: &str) {
        let mut messages = self.messages().await;
        messages.retain(|posted| posted.envelope.payload["post_id"] == post);
        self.app.deliver(&publish_post::FUNCTION, &messages).await.unwrap();
    }

    /// The states of the post and of its only delivery.
    pub async fn states(&self, post: &str) -> (String, String) {
        let text = |value: &Value| value["state"].as_str().unwrap().to_owned();
        (text(&self.post(post).await), text(&self.deliveries(post).await[0]))
    }

    pub async fn actions(&self) -> Vec<String> {
        let page = Page { limit: 100, cursor: None, newest_first: false };
        let entries = self.app.scope(self.owner.workspace).audit_entries(&page).await.unwrap().items;
        entries.into_iter().map(|entry| entry.action).collect()
    }

    /// That nothing was called without a grant.
    pub fn assert_granted(&self, functions: &[&'static Function]) {
        for function in functions {
            assert_eq!(self.app.wire(function).refused(), Vec::<String>::new(), "{}", function.name());
        }
    }
}

async fn connect(app: &TestApp, owner: &Person, server: &ScriptedServer, handle: &str) -> String {
    let body = json!({ "service": server.url, "identifier": handle, "app_password": PASSWORD });
    let connected = app.call(Request::to(&connect_bluesky::FUNCTION).by(owner).json(body)).await.expect(201);
    connected.body["id"].as_str().unwrap().to_owned()
}
