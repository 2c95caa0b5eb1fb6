//! After a restore: nothing is sent while sending is off, and a post that may have been sent is held.

use posts::routes::{schedule_post, update_post};
use serde_json::json;
use shared::config::Sending;
use shared::kernel::time::{SignedDuration, after};

use crate::place::Place;

#[tokio::test]
async fn posts_due_since_the_restore_point_are_held_and_none_is_published_twice() {
    let mut at = Place::new().await;
    let restored_to = at.app.now();
    let (due, claimed) = (at.draft("due").await, at.scheduled("claimed").await);
    at.call(&schedule_post::FUNCTION, &due, at.in_seconds(300)).await.expect(200);
    let later = at.draft("later").await;
    at.call(&schedule_post::FUNCTION, &later, at.in_seconds(7200)).await.expect(200);
    // One was claimed before the service was lost; the other was only scheduled.
    at.sweep().await;
    at.app.configure(|config| config.sending = Sending::Off);
    at.advance(3600);
    at.sweep().await;
    at.deliver().await;
    assert!(at.server.records().is_empty(), "something was sent while sending was off");
    let resumed_at = at.app.now();
    at.app.configure(|config| config.sending = Sending::Resumed { restored_to, resumed_at });
    at.deliver().await;
    at.sweep().await;
    for post in [&due, &claimed] {
        assert_eq!(at.states(post).await, ("held".to_owned(), "held".to_owned()));
        let error = &at.deliveries(post).await[0]["last_error"];
        assert_eq!(error["code"], "service_restored");
        assert!(error["remedy"].as_str().unwrap().starts_with("Check the channel first"));
    }
    let edited = at.call(&update_post::FUNCTION, &due, json!({ "text": "another" })).await.expect(409);
    assert_eq!(edited.code(), "post_held");
    assert_eq!(at.states(&later).await.1, "scheduled");
    at.app.advance(after(resumed_at, SignedDuration::from_secs(3600)).duration_since(at.app.now()));
    at.server.issue_from(at.app.now());
    at.sweep().await;
    at.deliver().await;
    assert_eq!(at.states(&later).await.1, "published");
    assert_eq!(at.server.records().len(), 1);
    // A person has checked: it is not there.
    at.call(&schedule_post::FUNCTION, &due, at.in_seconds(30)).await.expect(200);
    at.sweep().await;
    at.advance(30);
    at.deliver().await;
    assert_eq!(at.post(&due).await["state"], json!("published"));
    assert_eq!(at.server.records().len(), 2);
}
