//! A workspace with a scripted Bluesky server, and requests that count against its plan.

use std::sync::atomic::{AtomicUsize, Ordering};

use channels::routes::connect_bluesky;
use media::media::Sha256;
use media::routes::{complete_upload, create_upload};
use plans::counted::counters;
use plans::jobs::set_override;
use plans::routes::{get_entitlements, get_usage};
use posts::routes::{create_post, schedule_post};
use serde_json::{Value, json};
use shared::function::Function;
use shared::identity::Strength;
use shared::kernel::problems::Problem;
use shared::kernel::time::{SignedDuration, Timestamp, after};
use shared::tenancy::recount::{NextRecount, Recounted};
use shared::tenancy::{Changes, Limit, Page};
use shared::testing::{Person, Request, TestApp};
use test_support::picture::dot;
use test_support::scripted_server::{PASSWORD, ScriptedServer};
use workspaces::routes::create_workspace_token;
use workspaces::routes::invite_member;
use workspaces::workspace::Profile;

pub struct Place {
    pub app: TestApp,
    pub owner: Person,
    pub server: ScriptedServer,
    number: AtomicUsize,
}

impl Place {
    pub async fn on_plan(plan: &str) -> Self {
        let app = TestApp::new();
        let owner = app.founder_on(plan).await.unwrap();
        let next = NextRecount::after(app.now());
        let profile = json!({ "name": "Northwind", "founded_by": owner.user, "created_at": app.now() });
        let profile: Profile = serde_json::from_value(profile).unwrap();
        let founded = Changes::default()
            .insert(&next)
            .insert(&profile)
            .unaudited("as in a workspace that was created by its route");
        app.scope(owner.workspace).commit(founded).await.unwrap();
        let server = ScriptedServer::start(app.now());
        Self { app, owner, server, number: AtomicUsize::new(0) }
    }

    /// The owner in a new session, after the last one ended.
    pub async fn signed_in_again(mut self) -> Self {
        self.owner = self.app.with_strength(&self.owner, Strength::Multi).await.unwrap();
        self
    }

    fn next(&self) -> usize {
        self.number.fetch_add(1, Ordering::Relaxed)
    }

    pub fn to(&self, function: &'static Function) -> Request {
        // Each from another network address, so that only the plan's limits hold.
        let number = self.next();
        Request::to(function).by(&self.owner).ip(&format!("198.18.{}.{}", number / 250 % 250, number % 250))
    }

    pub fn of_post(&self, function: &'static Function, post: &str) -> Request {
        self.to(function).path("post_id", post)
    }

    pub async fn entitlements(&self) -> Value {
        self.app.call(self.to(&get_entitlements::FUNCTION)).await.expect(200).body
    }

    pub async fn usage(&self, name: &str) -> Value {
        let listed = self.app.call(self.to(&get_usage::FUNCTION)).await.expect(200).body;
        listed["items"].as_array().unwrap().iter().find(|item| item["name"] == name).unwrap().clone()
    }

    pub async fn used(&self, limit: Limit) -> u64 {
        self.app.scope(self.owner.workspace).usage(&[limit]).await.unwrap()[0]
    }

    pub async fn override_until(&self, name: &str, value: Value, expires_at: Timestamp) -> Result<Value, Problem> {
        self.app.advance(SignedDuration::from_millis(1));
        let set = json!({ "name": name, "value": value, "reason": "A pilot", "expires_at": expires_at });
        self.app.run(&set_override::FUNCTION, json!({ "workspace_id": self.owner.workspace, "set": set })).await
    }

    /// The number of overrides, expired or not.
    pub async fn overrides(&self) -> usize {
        self.app.scope(self.owner.workspace).directory().await.unwrap().overrides().len()
    }

    /// The number of audit entries of an action.
    pub async fn actions(&self, action: &str) -> usize {
        let page = Page { limit: 100, cursor: None, newest_first: true };
        let entries = self.app.scope(self.owner.workspace).audit_entries(&page).await.unwrap().items;
        entries.iter().filter(|entry| entry.action == action).count()
    }

    pub fn connecting(&self, handle: &str) -> Request {
        let account = json!({ "service": self.server.url, "identifier": handle, "app_password": PASSWORD });
        self.to(&connect_bluesky::FUNCTION).json(account)
    }

    /// Connects a channel.
    pub async fn channel(&self) -> String {
        let handle = format!("user{}.test", self.next());
        let made = self.app.call(self.connecting(&handle)).await.expect(201).body;
        made["id"].as_str().unwrap().to_owned()
    }

    pub async fn draft(&self) -> String {
        let made = self.app.call(self.to(&create_post::FUNCTION).json(json!({ "text": "Hello" }))).await.expect(201);
        made.body["id"].as_str().unwrap().to_owned()
    }

    /// Schedules a post on the oldest channel, in three hours.
    pub async fn scheduling(&self, post: &str) -> Request {
        let list = self.to(&channels::routes::list_channels::FUNCTION);
        let listed = self.app.call(list).await.expect(200).body;
        self.scheduling_on(post, listed["items"].as_array().unwrap().last().unwrap()["id"].as_str().unwrap())
    }

    /// Schedules a post in three hours.
    pub fn scheduling_on(&self, post: &str, channel: &str) -> Request {
        let at = after(self.app.now(), SignedDuration::from_hours(3)).strftime("%Y-%m-%dT%H:%M:%S").to_string();
        let body = json!({ "at": at, "time_zone": "UTC", "channel_ids": [channel] });
        self.of_post(&schedule_post::FUNCTION, post).json(body)
    }

    pub fn inviting(&self) -> Request {
        let email = format!("guest.{}@example.com", self.next());
        self.to(&invite_member::FUNCTION).json(json!({ "email": email, "role": "member" }))
    }

    /// Declares and uploads a picture; returns its id.
    pub async fn uploaded(&self) -> String {
        let made = self.app.call(self.declaring()).await.expect(201).body;
        self.app.upload(&made["upload"], dot()).expect(200);
        made["media"]["id"].as_str().unwrap().to_owned()
    }

    pub fn declaring(&self) -> Request {
        let file = dot();
        let body = json!({ "size_bytes": file.len(), "sha256": Sha256::of(&file) });
        self.to(&create_upload::FUNCTION).json(body)
    }

    pub fn completing(&self, media: &str) -> Request {
        self.to(&complete_upload::FUNCTION).path("media_id", media)
    }

    /// The bytes that a stored picture takes.
    pub async fn dot_bytes(&self) -> u64 {
        let other = Self::on_plan("scale").await;
        let media = other.uploaded().await;
        other.app.call(other.completing(&media)).await.expect(200);
        other.used(media::media::STORAGE_BYTES).await
    }

    /// As many requests that each count one against the limit.
    pub async fn prepare(&self, limit: Limit, count: usize) -> Vec<Request> {
        let mut requests = Vec::new();
        if limit.name().contains("posts") {
            self.channel().await;
        }
        for number in 0..count {
            requests.push(match limit.name() {
                "members" => self.inviting(),
                "workspace_tokens" => {
                    let body = json!({ "name": "Import", "scopes": ["posts:write"] });
                    self.to(&create_workspace_token::FUNCTION).json(body)
                }
                "channels" => self.connecting(&format!("user{number}.test")),
                "scheduled_posts" | "posts_per_month" => {
                    let post = self.draft().await;
                    self.scheduling(&post).await
                }
                "storage_bytes" => {
                    // A user completes 30 uploads in five minutes: each member completes one.
                    let member = self.app.join(self.owner.workspace, shared::tenancy::Role::Member).await.unwrap();
                    if number % 25 == 24 {
                        self.app.advance(SignedDuration::from_mins(5));
                    }
                    let media = self.uploaded().await;
                    self.completing(&media).by(&member)
                }
                other => panic!("nothing creates {other}"),
            });
        }
        requests
    }

    /// Asserts that every counter equals the things.
    pub async fn sound(&self, context: &str) {
        let workspace = self.app.scope(self.owner.workspace);
        for counter in counters(&workspace) {
            let (recounted, _) = counter.recount(&workspace).await.unwrap();
            assert_eq!(recounted, Recounted::Exact, "{context}: {counter:?}");
        }
    }
}
