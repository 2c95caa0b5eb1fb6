//! Each remedy, followed through the routes and jobs: the platform never has a post twice.

use channels::routes::{connect_bluesky, disconnect_channel};
use posts::delivery::{Delivery, DeliveryKey};
use posts::jobs::publish_bluesky;
use posts::post::Post;
use posts::routes::{schedule_post, unschedule_post, update_post};
use serde_json::{Value, json};
use shared::config::Sending;
use shared::tenancy::{Changes, Role};
use shared::testing::Request;

use crate::place::Place;
use test_support::scripted_server::{PASSWORD, Raw, Scripted, ScriptedServer, refusal};

/// A way in which publishing a post goes wrong.
struct Case {
    name: &'static str,
    /// Sets the server up before the first message arrives.
    breaks: fn(&ScriptedServer),
    /// What happens after the message was handled.
    then: Then,
    /// The final state of the delivery, and the start of its remedy.
    ends: (&'static str, &'static str),
}

enum Then {
    Nothing,
    Disconnect,
    /// The service is restored from a backup.
    Restore,
    ADayPasses,
}

fn unavailable() -> Scripted {
    refusal(503, "Unavailable", "Try again later")
}

fn busy() -> Scripted {
    refusal(429, "RateLimitExceeded", "Slow down")
}

const LOOK: &str = "Check the channel first";

fn cases() -> Vec<Case> {
    let case = |name, breaks, then, ends| Case { name, breaks, then, ends };
    vec![
        case(
            "written, the response lost, then no answer to reconciliations",
            |server| {
                server.next("repo.putRecord", Scripted::DoAndBreak);
                server.always("repo.getRecord", busy);
            },
            Then::Nothing,
            ("held", LOOK),
        ),
        case(
            "written, an error returned, then no answer to reconciliations",
            |server| {
                let fault = |_, _| Raw { status: 503, headers: Vec::new(), body: b"{}".to_vec() };
                server.next("repo.putRecord", Scripted::DoAndChange(Box::new(fault)));
                server.always("repo.getRecord", unavailable);
            },
            Then::Nothing,
            ("held", LOOK),
        ),
        case(
            "never written, the platform always fails",
            |server| server.always("repo.putRecord", unavailable),
            Then::Nothing,
            ("held", LOOK),
        ),
        case(
            "never written, the platform never answers",
            |server| server.always("repo.putRecord", || Scripted::Break),
            Then::Nothing,
            ("held", LOOK),
        ),
        case(
            "written each time, and each response lost",
            |server| {
                server.always("repo.putRecord", || Scripted::DoAndBreak);
                server.always("repo.getRecord", || Scripted::Break);
            },
            Then::Nothing,
            ("held", LOOK),
        ),
        case(
            "not written, and refused at the second attempt",
            |server| {
                server.next("repo.putRecord", Scripted::Break);
                server.next("repo.putRecord", refusal(400, "InvalidRequest", "Not like that"));
            },
            Then::Nothing,
            ("held", LOOK),
        ),
        case(
            "written, and the channel disconnected before the outcome was known",
            |server| server.next("repo.putRecord", Scripted::DoAndBreak),
            Then::Disconnect,
            ("held", "Check the account first"),
        ),
        case(
            "not written, and the account suspended",
            |server| {
                server.next("repo.putRecord", Scripted::Break);
                server.always("repo.putRecord", || refusal(401, "AccountTakedown", "Account has been taken down"));
            },
            Then::Nothing,
            ("held", "Check the account first"),
        ),
        case(
            "the account suspended",
            |server| server.always("repo.putRecord", || refusal(401, "AccountTakedown", "Account has been taken down")),
            Then::Nothing,
            ("failed", "Reconnect the channel"),
        ),
        case(
            "refused",
            |server| server.always("repo.putRecord", || refusal(400, "InvalidRequest", "Not like that")),
            Then::Nothing,
            ("failed", "Change the post"),
        ),
        case(
            "always busy",
            |server| server.always("repo.putRecord", busy),
            Then::Nothing,
            ("failed", "Schedule the post again"),
        ),
        case(
            "not prepared, the platform always fails",
            |server| server.always("identity.resolveHandle", unavailable),
            Then::Nothing,
            ("failed", "Schedule the post again"),
        ),
        case(
            "busy, and a day passes",
            |server| server.always("repo.putRecord", busy),
            Then::ADayPasses,
            ("failed", "Schedule the post again"),
        ),
        case("claimed, and the service restored", |_| {}, Then::Restore, ("held", LOOK)),
    ]
}

impl Place {
    /// Delivers the newest message, and sweeps a quarter of an hour later.
    async fn move_on(&self) {
        let newest = self.messages().await.pop().unwrap();
        let _comes_back = self.app.deliver(&publish_bluesky::FUNCTION, &[newest]).await;
        self.advance(20 * 60);
        self.server.issue_from(self.app.now());
        self.sweep().await;
    }

    async fn last_delivery(&self, post: &str) -> Value {
        self.deliveries(post).await.swap_remove(0)
    }

    /// Moves on until the newest delivery is settled.
    async fn settled(&self, post: &str) -> Value {
        for _ in 0..100 {
            let delivery = self.last_delivery(post).await;
            if !delivery["settled_at"].is_null() {
                return delivery;
            }
            self.assert_unsettled_remedy(&delivery);
            self.move_on().await;
        }
        panic!("the delivery is never settled");
    }

    fn assert_unsettled_remedy(&self, delivery: &Value) {
        if let Some(remedy) = delivery["last_error"]["remedy"].as_str() {
            let waits = remedy.starts_with("No action is needed") || remedy.ends_with("has the post.");
            assert!(waits && !remedy.contains("chedule the post"), "{}: {remedy}", delivery["state"]);
        }
    }

    /// The post and its only delivery, as they are stored.
    async fn stored(&self, post: &str) -> (Post, Delivery) {
        let scope = self.app.scope(self.owner.workspace);
        let delivery_id = self.last_delivery(post).await["id"].as_str().unwrap().parse().unwrap();
        let post_id = post.parse().unwrap();
        let delivery = scope.get::<Delivery>(&DeliveryKey { post_id, delivery_id }).await.unwrap().into_inner();
        (scope.get::<Post>(&post_id).await.unwrap().into_inner(), delivery)
    }

    async fn restore(&self, (post, delivery): (Post, Delivery)) {
        let scope = self.app.scope(self.owner.workspace);
        let mut now = scope.get::<Delivery>(&DeliveryKey { post_id: post.id, delivery_id: delivery.id }).await.unwrap();
        let mut post_now = scope.get::<Post>(&post.id).await.unwrap();
        (*now, *post_now) = (delivery, post);
        scope.commit(Changes::default().replace(&now).replace(&post_now).unaudited("a fixture")).await.unwrap();
    }

    async fn as_admin(&self, request: Request) -> Value {
        let admin = self.app.join(self.owner.workspace, Role::Admin).await.unwrap();
        let answer = self.app.call(request.by(&admin)).await;
        assert!(answer.status < 300, "{}", answer.text);
        answer.body
    }

    async fn meet(&mut self, post: &str, case: &Case) -> Value {
        self.sweep().await;
        let (claimed_at, before) = (self.app.now(), self.stored(post).await);
        self.advance(30);
        (case.breaks)(&self.server);
        match case.then {
            Then::Restore => {
                self.deliver().await;
                // The backup is from before the message arrived: the post and its delivery are as they were claimed.
                self.restore(before).await;
                self.advance(3600);
                let resumed_at = self.app.now();
                self.app.configure(|config| config.sending = Sending::Resumed { restored_to: claimed_at, resumed_at });
                self.sweep().await;
            }
            Then::Disconnect => {
                self.deliver().await;
                let request = Request::to(&disconnect_channel::FUNCTION).path("channel_id", &self.channel);
                self.as_admin(request).await;
            }
            Then::ADayPasses => {
                self.deliver().await;
                self.advance(25 * 60 * 60);
                self.sweep().await;
            }
            Then::Nothing => {}
        }
        self.settled(post).await
    }

    /// Follows the remedy until the delivery is settled.
    async fn follow(&mut self, post: &str, remedy: &str) {
        if remedy.starts_with("Check the") && !self.server.records().is_empty() {
            return;
        }
        if remedy.to_lowercase().contains("reconnect the channel") {
            self.reconnect().await;
        }
        if remedy.contains("Change the post") {
            self.call(&update_post::FUNCTION, post, json!({ "text": "@bob.test changed" })).await.expect(200);
        }
        self.schedule_again(post).await;
    }

    async fn reconnect(&mut self) {
        let account = json!({ "service": self.server.url, "identifier": "alice.test", "app_password": PASSWORD });
        let connected = self.as_admin(Request::to(&connect_bluesky::FUNCTION).json(account)).await;
        self.channel = connected["id"].as_str().unwrap().to_owned();
    }

    async fn schedule_again(&self, post: &str) {
        self.server.issue_from(self.app.now());
        self.call(&schedule_post::FUNCTION, post, self.in_seconds(30)).await.expect(200);
        self.sweep().await;
        self.advance(30);
        self.settled(post).await;
    }
}

#[tokio::test]
async fn following_a_remedy_leaves_the_post_on_the_platform_once() {
    for case in cases() {
        let mut at = Place::new().await;
        let post = at.scheduled("Hello @bob.test").await;
        let delivery = at.meet(&post, &case).await;
        let remedy = delivery["last_error"]["remedy"].as_str().unwrap();
        assert_eq!(delivery["state"], case.ends.0, "{}: {delivery}", case.name);
        assert!(remedy.starts_with(case.ends.1), "{}: {remedy}", case.name);
        at.server.recover();
        at.follow(&post, remedy).await;
        assert_eq!(at.server.records().len(), 1, "{}: {remedy}", case.name);
    }
}

/// The remedy is ignored.
#[tokio::test]
async fn rescheduling_without_checking_leaves_the_post_on_the_platform_once() {
    for case in cases() {
        let mut at = Place::new().await;
        let post = at.scheduled("Hello @bob.test").await;
        at.meet(&post, &case).await;
        at.server.recover();
        at.reconnect().await;
        at.schedule_again(&post).await;
        assert_eq!(at.last_delivery(&post).await["state"], "published", "{}", case.name);
        assert_eq!(at.server.records().len(), 1, "{}", case.name);
    }
}

#[tokio::test]
async fn a_held_post_edited_on_the_platform_is_held_again() {
    let mut at = Place::new().await;
    let post = at.scheduled("Hello @bob.test").await;
    let lost = &cases()[0];
    at.meet(&post, lost).await;
    at.server.recover();
    let name = at.server.records().into_keys().next().unwrap();
    at.server.edit_record(&name, "Edited there");
    at.schedule_again(&post).await;
    let delivery = at.last_delivery(&post).await;
    assert_eq!((&delivery["state"], &delivery["last_error"]["code"]), (&json!("held"), &json!("record_key_taken")));
    assert!(delivery["last_error"]["remedy"].as_str().unwrap().starts_with(LOOK));
    let records: Vec<_> = at.server.records().into_values().collect();
    assert_eq!((records.len(), &records[0]["text"]), (1, &json!("Edited there")));
}

#[tokio::test]
async fn a_pending_or_past_delivery_asks_for_no_action() {
    let at = Place::new().await;
    let post = at.scheduled("Hello @bob.test").await;
    at.sweep().await;
    at.advance(30);
    at.server.next("repo.putRecord", busy());
    at.deliver().await;
    let remedy = |delivery: &Value| delivery["last_error"]["remedy"].as_str().unwrap().to_owned();
    assert_eq!(remedy(&at.last_delivery(&post).await), "No action is needed: publishing is retried automatically.");
    at.call(&unschedule_post::FUNCTION, &post, json!({})).await.expect(200);
    assert_eq!(remedy(&at.last_delivery(&post).await), "No action is needed: this delivery was cancelled.");

    let post = at.scheduled("Again @bob.test").await;
    at.sweep().await;
    at.advance(30);
    at.server.next("repo.putRecord", refusal(400, "InvalidRequest", "Not like that"));
    at.deliver().await;
    at.call(&schedule_post::FUNCTION, &post, at.in_seconds(30)).await.expect(200);
    let replaced = at.deliveries(&post).await.into_iter().find(|delivery| delivery["state"] == "failed").unwrap();
    assert!(remedy(&replaced).starts_with("No action is needed here: a newer delivery"), "{replaced}");
}
