//! Credential attempts: at most five failed ones in five minutes, and any number of successful ones.

use futures::future::join_all;
use serde_json::json;
use shared::aws::wire::Fault;
use shared::kernel::time::{SignedDuration, Timestamp};
use shared::testing::{Request, Response, TestApp};

use super::notes::KNOCK;

const ADMITTED: usize = 5;
const AT_ONCE: usize = 32;
const ROUNDS: usize = 20;

async fn knock(app: &TestApp, word: &str) -> Response {
    app.call(Request::to(&KNOCK).json(json!({ "word": word }))).await
}

/// How many more failed attempts are admitted before the limit.
async fn left(app: &TestApp) -> usize {
    for admitted in 0..=ADMITTED {
        if knock(app, "wrong").await.status == 429 {
            return admitted;
        }
    }
    ADMITTED + 1
}

#[tokio::test]
async fn successful_attempts_do_not_count() {
    let app = TestApp::new();
    for _ in 0..4 * ADMITTED {
        let answer = knock(&app, "open").await.expect(204);
        assert!(answer.header("ratelimit").contains(r#""credentials";r=5;"#), "{}", answer.header("ratelimit"));
    }
    assert_eq!(left(&app).await, ADMITTED);
}

#[tokio::test]
async fn a_success_without_a_proof_and_a_failure_after_a_proof_count() {
    let app = TestApp::new();
    knock(&app, "half").await.expect(204);
    knock(&app, "open, then fail").await.expect(500);
    assert_eq!(left(&app).await, ADMITTED - 2);
}

#[tokio::test]
async fn of_attempts_in_the_same_millisecond_only_the_successful_one_is_returned() {
    let app = TestApp::new();
    for _ in 0..3 {
        knock(&app, "wrong").await.expect(401);
        knock(&app, "open").await.expect(204);
    }
    assert_eq!(left(&app).await, ADMITTED - 3);
}

#[tokio::test]
async fn an_attempt_is_returned_once_when_any_response_is_lost() {
    let app = TestApp::new();
    // The lease of the address, the count, and the returned attempt; each may be tried twice.
    for call in 1..=6 {
        app.move_address();
        knock(&app, "wrong").await.expect(401);
        app.wire(&KNOCK).arm(Fault::LoseAnswer(call));
        knock(&app, "open").await.expect(204);
        app.wire(&KNOCK).disarm();
        assert_eq!(left(&app).await, ADMITTED - 1, "when the response to call {call} was lost");
    }
}

#[tokio::test]
async fn a_request_succeeds_if_its_attempt_cannot_be_returned() {
    let app = TestApp::new();
    knock(&app, "wrong").await.expect(401);
    // From the fifth request on, the function has leases, and the last call is always the same.
    for _ in 0..4 {
        app.wire(&KNOCK).take();
        knock(&app, "open").await.expect(204);
    }
    let calls = app.wire(&KNOCK).take().len();
    app.wire(&KNOCK).arm(Fault::Refuse(calls));
    let answer = knock(&app, "open").await.expect(204);
    assert!(answer.header("ratelimit").contains(r#""credentials";r=3;"#), "{}", answer.header("ratelimit"));
    assert_eq!(left(&app).await, ADMITTED - 2);
}

#[tokio::test]
async fn of_many_concurrent_attempts_at_most_five_fail() {
    let app = TestApp::new();
    let mut unproved: Vec<Timestamp> = Vec::new();
    let mut proved = 0;
    for round in 0..ROUNDS {
        let first = usize::from(app.entropy().bytes::<1>()[0]);
        let knocks = (0..AT_ONCE).map(|n| knock(&app, if (first + n) % 2 == 0 { "open" } else { "wrong" }));
        for answer in join_all(knocks).await {
            match answer.status {
                204 => proved += 1,
                401 => unproved.push(app.now()),
                429 => {}
                other => panic!("round {round}: {other} {}", answer.text),
            }
        }
        app.advance(SignedDuration::from_millis(i64::from(u16::from_le_bytes(app.entropy().bytes())) * 2));
    }
    for window in unproved.windows(ADMITTED + 1) {
        let span = window[ADMITTED].duration_since(window[0]);
        assert!(span >= SignedDuration::from_secs(300), "{} of them within {span}", ADMITTED + 1);
    }
    assert!(proved > ADMITTED && unproved.len() > ADMITTED, "{proved} proved, {} did not", unproved.len());
}
