//! A workspace with a channel on a scripted or real server, and the steps that the tests share.

use channels::routes::{choose_account, complete_connection, connect_bluesky, start_connection};
use media::media::{AltText, Sha256, StoredPicture};
use media::rendition::Format;
use media::{Media, MediaId};
use posts::jobs::publish_bluesky::{self, PublishBluesky};
use posts::jobs::sweep_due_posts;
use posts::routes::{create_post, get_post, list_deliveries, schedule_post};
use serde_json::{Value, json};
use shared::function::Function;
use shared::kernel::time::{ApiTimestamp, SignedDuration, Timestamp, after};
use shared::tenancy::{Changes, Page, Role};
use shared::testing::{Person, Posted, Request, Response, TestApp};
use workspaces::routes::create_workspace;

use test_support::scripted_server::{PASSWORD, ScriptedServer};

pub struct Place<Server = ScriptedServer> {
    pub app: TestApp,
    pub owner: Person,
    began: Timestamp,
    pub server: Server,
    pub channel: String,
}

impl Place {
    pub async fn new() -> Self {
        Self::on_plan("studio").await
    }

    pub async fn on_plan(plan: &str) -> Self {
        Self::of(TestApp::new(), plan).await
    }

    /// At noon (UTC) of the first day of 2026, for tests that name a date.
    pub async fn in_2026() -> Self {
        Self::of(TestApp::at("2026-01-01T12:00:00Z".parse().unwrap()), "studio").await
    }

    async fn of(app: TestApp, plan: &str) -> Self {
        let owner = app.founder_on(plan).await.unwrap();
        let server = ScriptedServer::start(app.now());
        let account = connecting(&server, "alice.test");
        Self::on(app, owner, server, account).await
    }

    /// In a workspace that was created through its route, with all its records.
    pub async fn founded() -> Self {
        let app = TestApp::new();
        let mut owner = app.owner().await.unwrap();
        let founding = Request::to(&create_workspace::FUNCTION).by(&owner).json(json!({ "name": "Northwind" }));
        owner.workspace = app.call(founding).await.expect(201).body["id"].as_str().unwrap().parse().unwrap();
        let server = ScriptedServer::start(app.now());
        let account = connecting(&server, "alice.test");
        Self::on(app, owner, server, account).await
    }

    /// Connects one more account.
    pub async fn connect(&self, handle: &str) -> String {
        connect(&self.app, &self.owner, connecting(&self.server, handle)).await
    }
}

impl<Server> Place<Server> {
    /// With a channel for an account of this server, as input of `connect-bluesky`.
    pub async fn on(app: TestApp, owner: Person, server: Server, account: Value) -> Self {
        let channel = connect(&app, &owner, account).await;
        let began = app.now();
        Self { app, owner, began, server, channel }
    }

    pub async fn call(&self, function: &'static Function, post: &str, body: Value) -> Response {
        // An access token is valid for 15 minutes: a later call signs in another member.
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

    /// A picture with the alternative text "A wall" that is not uploaded yet.
    pub async fn announced_picture(&self, bytes: &[u8]) -> MediaId {
        announced_picture(&self.app, &self.owner, bytes).await
    }

    /// Marks the picture as uploaded, with 4 by 3 pixels.
    pub async fn complete_picture(&self, id: MediaId, bytes: &[u8]) {
        complete_picture(&self.app, &self.owner, id, bytes).await;
    }

    /// A schedule for the channel, this many seconds from now, in UTC.
    pub fn in_seconds(&self, seconds: i64) -> Value {
        schedule_in(&self.app, &self.channel, seconds)
    }

    /// A post that is due in 30 seconds.
    pub async fn scheduled(&self, text: &str) -> String {
        let post = self.draft(text).await;
        self.call(&schedule_post::FUNCTION, &post, self.in_seconds(30)).await.expect(200);
        post
    }

    pub async fn sweep(&self) {
        self.app.tick(&sweep_due_posts::FUNCTION).await.unwrap();
        // The next tick belongs to another minute.
        self.advance(0);
    }

    pub fn advance(&self, seconds: i64) {
        self.app.advance(SignedDuration::from_secs(seconds) + SignedDuration::from_millis(1));
    }

    /// Every message to `publish-post` so far, oldest first.
    pub async fn messages(&self) -> Vec<Posted> {
        self.app.outbox::<PublishBluesky>(&self.owner.outbox()).await.unwrap()
    }

    /// Delivers every message so far, including those that were delivered before.
    pub async fn deliver(&self) {
        let messages = self.messages().await;
        self.app.deliver(&publish_bluesky::FUNCTION, &messages).await.unwrap();
    }

    pub async fn post(&self, post: &str) -> Value {
        self.call(&get_post::FUNCTION, post, Value::Null).await.expect(200).body
    }

    pub async fn deliveries(&self, post: &str) -> Vec<Value> {
        let listed = self.call(&list_deliveries::FUNCTION, post, Value::Null).await.expect(200).body;
        listed["items"].as_array().unwrap().clone()
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
}

/// When a message arrives, in the format of responses.
pub fn arrival(message: &Posted) -> Value {
    json!(message.envelope.not_before.map(ApiTimestamp::from))
}

fn connecting(server: &ScriptedServer, handle: &str) -> Value {
    json!({ "service": server.url, "identifier": handle, "app_password": PASSWORD })
}

async fn connect(app: &TestApp, owner: &Person, account: Value) -> String {
    let connected = app.call(Request::to(&connect_bluesky::FUNCTION).by(owner).json(account)).await.expect(201);
    connected.body["id"].as_str().unwrap().to_owned()
}

/// A schedule for a channel, this many seconds from now, in UTC.
pub fn schedule_in(app: &TestApp, channel: &str, seconds: i64) -> Value {
    let at = after(app.now(), SignedDuration::from_secs(seconds));
    let wall_time = at.strftime("%Y-%m-%dT%H:%M:%S").to_string();
    json!({ "at": wall_time, "time_zone": "UTC", "channel_ids": [channel] })
}

/// Connects an account by OAuth, whose owner agrees on the page: the channel.
pub async fn connected_by_oauth(
    app: &TestApp,
    owner: &Person,
    platform: &str,
    agree: impl Fn(&str) -> (String, String),
) -> String {
    let request = Request::to(&start_connection::FUNCTION).by(owner).json(json!({ "platform": platform }));
    let begun = app.call(request).await.expect(201).body;
    let (code, state) = agree(begun["authorization_url"].as_str().unwrap());
    let to = |function| Request::to(function).by(owner).path("connection_id", begun["id"].as_str().unwrap());
    let complete = to(&complete_connection::FUNCTION).json(json!({ "code": code, "state": state }));
    let account = app.call(complete).await.expect(200).body["accounts"][0]["account_id"].clone();
    let choose = to(&choose_account::FUNCTION).json(json!({ "account_id": account }));
    app.call(choose).await.expect(201).body["id"].as_str().unwrap().to_owned()
}

/// A picture that is ready to be published.
pub async fn completed_picture(app: &TestApp, owner: &Person, bytes: &[u8]) -> MediaId {
    let id = announced_picture(app, owner, bytes).await;
    complete_picture(app, owner, id, bytes).await;
    id
}

async fn announced_picture(app: &TestApp, owner: &Person, bytes: &[u8]) -> MediaId {
    let workspace = app.scope(owner.workspace);
    let (id, size) = (workspace.new_id(), serde_json::from_value(bytes.len().into()).unwrap());
    let alt_text = AltText::try_from("A wall".to_owned()).unwrap();
    let media = Media::announced(id, size, Sha256::of(bytes), Some(alt_text), owner.user.into(), app.now());
    workspace.commit(Changes::default().insert(&media).unaudited("a fixture")).await.unwrap();
    id
}

async fn complete_picture(app: &TestApp, owner: &Person, id: MediaId, bytes: &[u8]) {
    let workspace = app.object_scope(owner.workspace);
    let name = format!("{id}.png");
    let version = workspace.write_object(&name, "image/png", bytes.to_vec()).await.unwrap();
    let (size_bytes, sha256) = (bytes.len() as u64, Sha256::of(bytes));
    let full = StoredPicture { name, version, format: Format::Png, size_bytes, width: 4, height: 3, sha256 };
    let mut media = workspace.get::<Media>(&id).await.unwrap();
    media.complete(full, None);
    workspace.commit(Changes::default().replace(&media).unaudited("a fixture")).await.unwrap();
}
