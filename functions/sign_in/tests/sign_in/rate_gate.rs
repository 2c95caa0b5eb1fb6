//! The rate limit on every route that takes credentials: one IP address gets five failed attempts in five minutes, even
//! in parallel and across routes.

use accounts::routes::{register, request_password_reset, resend_verification, verify_email};
use futures::future::join_all;
use serde_json::{Value, json};
use shared::function::Function;
use shared::kernel::time::SignedDuration;
use shared::testing::{Request, TestApp};
use sign_in::routes::{login, verify_second_factor};
use test_support::authenticator_app::{Enrolled, enrolled};
use test_support::people::*;

const AT_ONCE: usize = 64;
const ADMITTED: usize = 5;

/// A failing request for every route that takes credentials.
fn attempts(app: &TestApp) -> Vec<(&'static Function, Value)> {
    let email = email(app);
    vec![
        (&login::FUNCTION, json!({ "email": email, "password": PASSWORD })),
        (&register::FUNCTION, json!({ "email": email })),
        (&verify_email::FUNCTION, json!({ "token": "a.b", "password": PASSWORD, "name": "Ada" })),
        (&verify_second_factor::FUNCTION, json!({ "challenge": "a.b", "code": "000000" })),
        (&request_password_reset::FUNCTION, json!({ "email": email })),
        (&resend_verification::FUNCTION, json!({ "email": email })),
        // Invalid input counts, too.
        (&login::FUNCTION, json!({ "email": "ada" })),
        (&register::FUNCTION, json!([])),
    ]
}

/// How many of [`AT_ONCE`] parallel requests the limit admitted, whatever their outcome.
async fn admitted(app: &TestApp, addresses: &[String]) -> usize {
    let attempts = attempts(app);
    let first = usize::from(app.entropy().bytes::<1>()[0]);
    let calls = (0..AT_ONCE).map(|n| {
        let (route, body) = &attempts[(first + n) % attempts.len()];
        app.call(Request::to(route).ip(&addresses[n % addresses.len()]).json(body.clone()))
    });
    let answers = join_all(calls).await;
    for answer in &answers {
        assert!(answer.status < 500, "{}", answer.text);
        if answer.status == 429 {
            assert_eq!(answer.code(), "too_many_requests");
            assert!(answer.header("retry-after").parse::<u32>().unwrap() <= 300);
        }
    }
    answers.iter().filter(|answer| answer.status != 429).count()
}

#[tokio::test]
async fn a_sixth_parallel_attempt_from_one_address_is_refused() {
    let app = TestApp::new();
    let address = [app.address()];
    for round in 0..5 {
        assert_eq!(admitted(&app, &address).await, ADMITTED, "in round {round}");
        // The window slides: it does not reset early, not even one second.
        app.advance(SignedDuration::from_secs(299));
        assert_eq!(admitted(&app, &address).await, 0, "a second too early, in round {round}");
        app.advance(SignedDuration::from_secs(1));
    }
}

#[tokio::test]
async fn sequential_and_parallel_attempts_share_one_count() {
    let app = TestApp::new();
    let address = [app.address()];
    let wrong = || Request::to(&login::FUNCTION).ip(&address[0]).json(json!({ "email": email(&app), "password": "x" }));
    for minute in 0..3 {
        assert_ne!(app.call(wrong()).await.status, 429, "in minute {minute}");
        app.advance(SignedDuration::from_mins(1));
    }
    assert_eq!(admitted(&app, &address).await, 2);
    // The first attempt is five minutes old, so one of the 64 is admitted.
    app.advance(SignedDuration::from_mins(2));
    assert_eq!(admitted(&app, &address).await, 1);
}

#[tokio::test]
async fn a_cold_start_keeps_the_count() {
    let app = TestApp::new();
    let address = [app.address()];
    assert_eq!(admitted(&app, &address).await, ADMITTED);
    app.forget_warm();
    assert_eq!(admitted(&app, &address).await, 0);
}

#[tokio::test]
async fn an_ipv6_customer_network_counts_as_one_address() {
    let app = TestApp::new();
    let [a, b, c, d]: [u8; 4] = app.entropy().bytes();
    let network = format!("2001:db8:{a:x}{b:02x}:{c:x}{d:02x}");
    let hosts: Vec<String> = (0..AT_ONCE).map(|host| format!("{network}:{host:x}::{host:x}")).collect();
    assert_eq!(admitted(&app, &hosts).await, ADMITTED);
}

#[tokio::test]
async fn addresses_have_separate_counts() {
    let app = TestApp::new();
    let mut addresses = Vec::new();
    for _ in 0..4 {
        app.move_address();
        addresses.push(app.address());
    }
    assert_eq!(admitted(&app, &addresses).await, 4 * ADMITTED);
}

/// How many failed attempts the address has left.
async fn left(app: &TestApp, address: &str) -> usize {
    let wrong = json!({ "email": "unknown@example.com", "password": "x" });
    for admitted in 0..=ADMITTED {
        if app.call(Request::to(&login::FUNCTION).ip(address).json(wrong.clone())).await.status == 429 {
            return admitted;
        }
    }
    ADMITTED + 1
}

#[tokio::test]
async fn successful_sign_ins_from_one_address_do_not_count() {
    let app = TestApp::new();
    let (email, _) = user(&app).await;
    app.move_address();
    let address = app.address();
    for _ in 0..3 * ADMITTED {
        let body = json!({ "email": email, "password": PASSWORD });
        app.call(Request::to(&login::FUNCTION).ip(&address).json(body)).await.expect(200);
    }
    assert_eq!(left(&app, &address).await, ADMITTED);
}

#[tokio::test]
async fn a_right_password_without_its_second_factor_counts() {
    let app = TestApp::new();
    let Enrolled { email, recovery_codes, .. } = enrolled(&app).await;
    app.move_address();
    let address = app.address();
    let at_office = async |route, body| app.call(Request::to(route).ip(&address).json(body)).await;
    let body = json!({ "email": email, "password": PASSWORD });
    let asked = at_office(&login::FUNCTION, body.clone()).await.expect(200).body;
    let challenge = &asked["second_factor"]["challenge"];
    let right = json!({ "challenge": challenge, "recovery_code": recovery_codes[0] });
    at_office(&verify_second_factor::FUNCTION, right).await.expect(200);
    // The second factor gives back its own attempt, not the one of the password.
    assert_eq!(left(&app, &address).await, ADMITTED - 1);
}

#[tokio::test]
async fn a_sixth_wrong_attempt_among_right_ones_is_refused() {
    let app = TestApp::new();
    let (email, _) = user(&app).await;
    app.move_address();
    let address = app.address();
    let (mut wrong, mut right) = (Vec::new(), 0);
    for round in 0..8 {
        let first = usize::from(app.entropy().bytes::<1>()[0]);
        let calls = (0..AT_ONCE / 2).map(|n| {
            let is_right = (first + n) % 2 == 0;
            let body = match is_right {
                true => json!({ "email": email, "password": PASSWORD }),
                false => json!({ "email": format!("unknown.{round}.{n}@example.com"), "password": PASSWORD }),
            };
            app.call(Request::to(&login::FUNCTION).ip(&address).json(body))
        });
        for answer in join_all(calls).await {
            match answer.status {
                200 => right += 1,
                401 => wrong.push(app.now()),
                429 => {}
                other => panic!("round {round}: {other} {}", answer.text),
            }
        }
        app.advance(SignedDuration::from_millis(i64::from(u16::from_le_bytes(app.entropy().bytes())) * 3));
    }
    for window in wrong.windows(ADMITTED + 1) {
        assert!(window[ADMITTED].duration_since(window[0]) >= SignedDuration::from_mins(5), "{window:?}");
    }
    assert!(right > 0 && wrong.len() > ADMITTED, "{right} right, {} wrong", wrong.len());
}
