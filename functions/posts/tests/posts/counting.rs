//! Scheduled posts count against the plan: exactly, even under races, and while a delivery is open.

use futures::future::join_all;
use posts::jobs::publish_bluesky;
use posts::post::SCHEDULED_POSTS;
use posts::routes::{delete_post, schedule_post, unschedule_post};
use serde_json::{Value, json};
use shared::config::Sending;
use shared::kernel::problems::Problem;
use shared::tenancy::Changes;
use shared::testing::TestApp;

use crate::place::Place;
use test_support::scripted_server::{Scripted, refusal};

/// The limit of the plan `free`.
const LIMIT: u64 = 30;

impl Place {
    async fn used(&self) -> u64 {
        self.app.scope(self.owner.workspace).used(SCHEDULED_POSTS).await.unwrap()
    }

    /// Acts as if this many other posts were scheduled.
    async fn use_up(&self, count: u64) {
        let (scope, plan) = (self.app.scope(self.owner.workspace), TestApp::plan("enterprise"));
        for _ in 0..count {
            let changes = Changes::default().count_up(SCHEDULED_POSTS, &plan, Problem::not_found());
            scope.commit(changes.unaudited("a fixture")).await.unwrap();
        }
    }

    /// Runs the delivery of this post to its end, then repeats the sweep and every message.
    async fn run_out(&self) {
        for _ in 0..40 {
            self.deliver().await;
            self.advance(20 * 60);
            self.server.issue_from(self.app.now());
            self.sweep().await;
        }
    }
}

#[tokio::test]
async fn scheduling_beyond_the_plans_limit_is_refused() {
    let at = Place::on_plan("free").await;
    at.use_up(LIMIT - 1).await;
    let last = at.draft("the last one").await;
    at.call(&schedule_post::FUNCTION, &last, at.in_seconds(7200)).await.expect(200);
    let over = at.draft("one too many").await;
    let refused = at.call(&schedule_post::FUNCTION, &over, at.in_seconds(7200)).await.expect(409);
    assert_eq!(refused.code(), "too_many_scheduled_posts");
    assert!(refused.text.contains("allows 30 scheduled posts"), "{}", refused.text);
    assert_eq!((at.post(&over).await["state"].clone(), at.used().await), (json!("draft"), LIMIT));
    assert_eq!(at.deliveries(&over).await, Vec::<Value>::new());
    // A post that is already counted is not counted twice.
    at.call(&schedule_post::FUNCTION, &last, at.in_seconds(9000)).await.expect(200);
    assert_eq!(at.used().await, LIMIT);
    at.call(&unschedule_post::FUNCTION, &last, json!({})).await.expect(200);
    at.call(&schedule_post::FUNCTION, &over, at.in_seconds(7200)).await.expect(200);
    assert_eq!(at.used().await, LIMIT);
}

#[tokio::test]
async fn posts_scheduled_concurrently_get_exactly_the_remaining_quota() {
    let at = Place::on_plan("free").await;
    at.use_up(LIMIT - 2).await;
    let mut posts = Vec::new();
    for number in 0..6 {
        posts.push(at.draft(&number.to_string()).await);
    }
    let answers = join_all(posts.iter().map(|post| at.call(&schedule_post::FUNCTION, post, at.in_seconds(7200)))).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 409, 409, 409, 409]);
    assert_eq!(at.used().await, LIMIT);
}

#[tokio::test]
async fn a_post_scheduled_twice_concurrently_counts_once() {
    let at = Place::on_plan("free").await;
    let post = at.draft("once").await;
    let schedule = || at.call(&schedule_post::FUNCTION, &post, at.in_seconds(7200));
    let answers = join_all([schedule(), schedule(), schedule(), schedule()]).await;
    assert!(answers.iter().any(|answer| answer.status == 200));
    assert!(answers.iter().all(|answer| [200, 409].contains(&answer.status)));
    assert_eq!(at.used().await, 1);
    let take_back = || at.call(&unschedule_post::FUNCTION, &post, json!({}));
    let answers = join_all([take_back(), take_back(), take_back()]).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(at.used().await, 0);
}

#[tokio::test]
async fn a_post_counts_until_it_is_published_failed_or_held_and_is_released_once() {
    for (state, scripted) in [
        ("published", None),
        ("failed", Some(refusal(400, "InvalidRequest", "Not like that"))),
        ("held", Some(Scripted::Break)),
    ] {
        let at = Place::on_plan("free").await;
        at.use_up(5).await;
        if let Some(scripted) = scripted {
            at.server.next("repo.putRecord", scripted);
            at.server.next("repo.putRecord", refusal(400, "InvalidRequest", "Not like that"));
        }
        let post = at.scheduled("Hello").await;
        assert_eq!(at.used().await, 6);
        at.run_out().await;
        assert_eq!((at.post(&post).await["state"].clone(), at.used().await), (json!(state), 5));
        if state != "published" {
            at.server.recover();
            at.call(&schedule_post::FUNCTION, &post, at.in_seconds(7200)).await.expect(200);
            assert_eq!(at.used().await, 6, "{state}, then scheduled again");
        }
    }
}

#[tokio::test]
async fn a_missed_or_restored_post_is_released_by_the_sweep() {
    let mut at = Place::on_plan("free").await;
    let missed = at.draft("missed").await;
    at.call(&schedule_post::FUNCTION, &missed, at.in_seconds(300)).await.expect(200);
    at.advance(25 * 60 * 60);
    at.sweep().await;
    at.sweep().await;
    assert_eq!((at.post(&missed).await["state"].clone(), at.used().await), (json!("failed"), 0));
    let restored = at.draft("restored").await;
    at.call(&schedule_post::FUNCTION, &restored, at.in_seconds(300)).await.expect(200);
    let restored_to = at.app.now();
    at.advance(600);
    let resumed_at = at.app.now();
    at.app.configure(|config| config.sending = Sending::Resumed { restored_to, resumed_at });
    at.sweep().await;
    at.sweep().await;
    assert_eq!((at.post(&restored).await["state"].clone(), at.used().await), (json!("held"), 0));
}

#[tokio::test]
async fn a_deleted_post_is_released_once_and_only_if_it_counted() {
    let at = Place::on_plan("free").await;
    at.use_up(5).await;
    let (scheduled, draft) = (at.scheduled("scheduled").await, at.draft("draft").await);
    assert_eq!(at.used().await, 6);
    let delete = |post| at.call(&delete_post::FUNCTION, post, Value::Null);
    let answers = join_all([delete(&scheduled), delete(&scheduled)]).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 204).count(), 1);
    assert_eq!(at.used().await, 5);
    at.call(&delete_post::FUNCTION, &draft, Value::Null).await.expect(204);
    at.run_out().await;
    assert_eq!(at.used().await, 5);
}

#[tokio::test]
async fn a_post_on_two_channels_counts_until_both_deliveries_end() {
    let at = Place::on_plan("free").await;
    let second = at.connect("carol.test").await;
    let post = at.draft("Hello").await;
    let mut schedule = at.in_seconds(30);
    schedule["channel_ids"] = json!([at.channel, second]);
    at.call(&schedule_post::FUNCTION, &post, schedule).await.expect(200);
    at.advance(30);
    let messages = at.messages().await;
    at.app.deliver(&publish_bluesky::FUNCTION, &messages[..1]).await.unwrap();
    assert_eq!((at.post(&post).await["state"].clone(), at.used().await), (json!("publishing"), 1));
    at.app.deliver(&publish_bluesky::FUNCTION, &messages).await.unwrap();
    assert_eq!((at.post(&post).await["state"].clone(), at.used().await), (json!("published"), 0));
}
