//! Posts on X, which recognises no repeats: after a lost answer, a post is sent again only once the platform does not show it.

use posts::jobs::publish_x::{self, PublishX};
use serde_json::{Value, json};
use test_support::scripted_http::Scripted;
use test_support::scripted_x::{HOST, ScriptedX, problem};

use crate::place::{Place, connected_by_oauth};

const POSTS: &str = "POST /2/tweets";

/// A workspace whose channel is on X.
struct OnX {
    place: Place,
    server: ScriptedX,
}

impl OnX {
    async fn new() -> Self {
        let mut place = Place::new().await;
        let server = ScriptedX::start(place.app.now());
        server.register("one", "secret");
        place.app.simulate_host(HOST, server.url.clone());
        place.app.put_platform_app("x", "one", "secret").unwrap();
        let agree = |url: &str| server.authorize("alice", url).unwrap();
        place.channel = connected_by_oauth(&place.app, &place.owner, "x", agree).await;
        Self { place, server }
    }

    fn advance(&self, seconds: i64) {
        self.place.advance(seconds);
        self.server.move_to(self.place.app.now());
    }

    /// Sweeps, and delivers every message that is due by then.
    async fn sweep_and_deliver(&self) {
        self.place.sweep().await;
        // The window in which a call without an answer may still take effect is waited for.
        self.advance(150);
        self.deliver().await;
    }

    async fn deliver(&self) {
        let messages = self.place.app.outbox::<PublishX>(&self.place.owner.outbox()).await.unwrap();
        self.place.app.deliver(&publish_x::FUNCTION, &messages).await.unwrap();
    }

    /// A post that is due, and whose first send has this outcome.
    async fn sent(&self, outcome: Option<Scripted>) -> String {
        let post = self.place.scheduled("Hello").await;
        self.place.sweep().await;
        self.advance(30);
        if let Some(outcome) = outcome {
            self.server.next(POSTS, outcome);
        }
        self.deliver().await;
        post
    }

    async fn states(&self, post: &str) -> (String, String) {
        self.place.states(post).await
    }

    async fn delivery(&self, post: &str) -> Value {
        self.place.deliveries(post).await.remove(0)
    }

    /// How many posts there are, and how many calls were made to write one.
    fn written(&self) -> (usize, usize) {
        (self.server.posts().len(), self.server.calls(POSTS).len())
    }
}

fn both(state: &str) -> (String, String) {
    (state.to_owned(), state.to_owned())
}

#[tokio::test]
async fn a_due_post_is_published_once_also_if_its_message_arrives_again() {
    let at = OnX::new().await;
    let post = at.sent(None).await;
    at.deliver().await;
    at.place.sweep().await;
    assert_eq!((at.states(&post).await, at.written()), (both("published"), (1, 1)));
    assert_eq!(at.delivery(&post).await["published"]["confirmed_by"], "answer");
}

#[tokio::test]
async fn a_post_whose_answer_was_lost_is_found_and_one_that_did_not_arrive_is_sent_again() {
    for (lost, calls, known_by) in [(Scripted::DoAndBreak, 1, "observation"), (Scripted::Break, 2, "answer")] {
        let at = OnX::new().await;
        let post = at.sent(Some(lost)).await;
        assert_eq!(at.states(&post).await, ("publishing".to_owned(), "sending".to_owned()));
        at.sweep_and_deliver().await;
        assert_eq!((at.states(&post).await, at.written()), (both("published"), (1, calls)));
        assert_eq!(at.delivery(&post).await["published"]["confirmed_by"], known_by);
    }
}

/// The refusal of a repeat may mean that the first call arrived after all.
#[tokio::test]
async fn a_repeat_that_is_refused_as_a_duplicate_is_held_for_a_person() {
    let at = OnX::new().await;
    let post = at.sent(Some(Scripted::Break)).await;
    let detail = "You are not allowed to create a Tweet with duplicate content.";
    at.server.next(POSTS, problem(403, "Forbidden", detail));
    at.sweep_and_deliver().await;
    let delivery = at.delivery(&post).await;
    assert_eq!((&delivery["state"], &delivery["last_error"]["text"]), (&json!("held"), &json!(detail)));
    assert_eq!(at.written(), (0, 2));
}
