//! A workspace whose channel is on a platform of Meta's, and the steps that the tests of these platforms share.

use std::ops::Deref;

use posts::jobs::sweep_due_posts;
use posts::routes::{create_post, list_deliveries, schedule_post};
use serde_json::{Value, json};
use shared::function::Function;
use shared::kernel::time::{SignedDuration, Timestamp};
use shared::outbox::Message;
use shared::testing::{Person, Posted, Request, TestApp};
use test_support::scripted_http::Scripted;
use test_support::scripted_meta::ScriptedMeta;

use crate::place::{completed_picture, connected_by_oauth, schedule_in};

/// A scripted platform, and the function that publishes on it.
pub trait MetaPlatform: Deref<Target = ScriptedMeta> {
    const NAME: &'static str;
    /// The client id and the secret of the operator's app.
    const APP: (&'static str, &'static str);
    /// Those that the product calls.
    const HOSTS: &'static [&'static str];
    const CREATE: &'static str;
    const PUBLISH: &'static str;
    type Message: Message;

    fn at(now: Timestamp) -> Self;

    fn publisher() -> &'static Function;
}

pub struct OnMeta<S> {
    pub app: TestApp,
    pub owner: Person,
    pub server: S,
    pub channel: String,
}

impl<S: MetaPlatform> OnMeta<S> {
    pub async fn new() -> Self {
        let app = TestApp::new();
        let (client_id, client_secret) = S::APP;
        app.put_platform_app(S::NAME, client_id, client_secret).unwrap();
        let owner = app.founder_on("studio").await.unwrap();
        let server = S::at(app.now());
        for host in S::HOSTS {
            app.simulate_host(host, server.url.clone());
        }
        let agree = |url: &str| server.authorize_as("alice", url).unwrap();
        let channel = connected_by_oauth(&app, &owner, S::NAME, agree).await;
        Self { app, owner, server, channel }
    }

    pub async fn call(&self, function: &'static Function, path: &[(&str, &str)], body: Value) -> Value {
        let request =
            path.iter().fold(Request::to(function).by(&self.owner), |request, (name, value)| request.path(name, value));
        let request = if body.is_null() { request } else { request.json(body) };
        let answer = self.app.call(request).await;
        assert!((200..300).contains(&answer.status), "{} {}", answer.status, answer.body);
        answer.body
    }

    /// A post with these pictures that is due in 30 seconds.
    pub async fn scheduled(&self, text: &str, pictures: &[&[u8]]) -> String {
        let mut media_ids = Vec::new();
        for picture in pictures {
            media_ids.push(completed_picture(&self.app, &self.owner, picture).await);
        }
        let post = self.call(&create_post::FUNCTION, &[], json!({ "text": text, "media_ids": media_ids })).await;
        let id = post["id"].as_str().unwrap().to_owned();
        self.call(&schedule_post::FUNCTION, &[("post_id", &id)], schedule_in(&self.app, &self.channel, 30)).await;
        id
    }

    pub async fn delivery(&self, post: &str) -> Value {
        self.call(&list_deliveries::FUNCTION, &[("post_id", post)], Value::Null).await["items"][0].clone()
    }

    pub fn advance(&self, seconds: i64) {
        self.app.advance(SignedDuration::from_secs(seconds) + SignedDuration::from_millis(1));
        self.server.move_to(self.app.now());
    }

    pub async fn messages(&self) -> Vec<Posted> {
        self.app.outbox::<S::Message>(&self.owner.outbox()).await.unwrap()
    }

    pub async fn deliver(&self, messages: &[Posted]) {
        self.app.deliver(S::publisher(), messages).await.unwrap();
    }

    pub async fn deliver_all(&self) {
        self.deliver(&self.messages().await).await;
    }

    pub async fn sweep(&self) {
        self.app.tick(&sweep_due_posts::FUNCTION).await.unwrap();
        self.advance(0);
    }
}

/// A post is sent again only if the platform does not have it, also if a message is handled twice.
pub async fn a_lost_answer<S: MetaPlatform>(pictures: &[&[u8]]) {
    for (lost, sends) in [(Scripted::DoAndBreak, 1), (Scripted::Break, 2)] {
        let at = OnMeta::<S>::new().await;
        let post = at.scheduled("Hello", pictures).await;
        at.advance(31);
        at.server.next(S::PUBLISH, lost);
        at.deliver_all().await;
        assert_eq!(at.delivery(&post).await["state"], "sending");
        at.sweep().await;
        at.advance(61);
        let messages = at.messages().await;
        // The claim's message is handled twice.
        at.deliver(&messages).await;
        at.deliver(&messages).await;
        assert_eq!(at.delivery(&post).await["state"], "published");
        assert_eq!((at.server.posts().len(), at.server.calls(S::PUBLISH).len()), (1, sends));
    }
}
