//! The monitor of failed sign-ins: it reports guessing that is spread over accounts or networks, once an hour.

use serde_json::json;
use shared::kernel::time::SignedDuration;
use shared::system_events::{Severity, SystemEvent};
use shared::testing::{Request, TestApp};
use sign_in::jobs::watch_failed_logins;
use sign_in::routes::login;
use test_support::people::*;

/// A wrong password from an IP address.
async fn fail(app: &TestApp, email: &str, ip: &str) {
    app.advance(SignedDuration::from_millis(1));
    let body = json!({ "email": email, "password": "not the right password" });
    app.call(Request::to(&login::FUNCTION).json(body).ip(ip)).await.expect(401);
}

/// Runs the monitor and returns the events that it raised in the last two hours.
async fn raised(app: &TestApp) -> Vec<SystemEvent> {
    app.advance(SignedDuration::from_millis(1));
    app.tick(&watch_failed_logins::FUNCTION).await.unwrap();
    let events = app.events_since(app.now() - SignedDuration::from_hours(2)).await.unwrap();
    let mut raised: Vec<_> = events.into_iter().filter(|event| event.name.ends_with("_suspected")).collect();
    raised.sort_by(|one, other| one.name.cmp(&other.name));
    raised
}

fn names(raised: &[SystemEvent]) -> Vec<&str> {
    raised.iter().map(|event| event.name.as_str()).collect()
}

/// At the beginning of an hour, so that no run falls into the next one by accident.
async fn app() -> TestApp {
    let app = TestApp::new();
    let into_hour_s = app.now().as_second().rem_euclid(3600);
    app.advance(SignedDuration::from_secs(3600 - into_hour_s));
    app
}

#[tokio::test]
async fn one_network_trying_many_accounts_is_reported_once_an_hour() {
    let app = app().await;
    let (known, _) = user(&app).await;
    fail(&app, &known, "198.51.100.1").await;
    for n in 0..8 {
        fail(&app, &email(&app), &format!("198.51.100.{}", 200 + n)).await;
    }
    assert_eq!(names(&raised(&app).await), Vec::<&str>::new());
    fail(&app, &email(&app), "198.51.100.77").await;
    let seen = raised(&app).await;
    assert_eq!(names(&seen), ["password_spraying_suspected"]);
    assert_eq!(seen[0].severity, Severity::Warning);
    assert_eq!(seen[0].detail, json!({ "network": "198.51.100.0/24", "subjects": 10, "failures": 10 }));
    assert!(!format!("{seen:?}").contains('@') && !seen[0].subject.contains('.'), "{seen:?}");

    // It continues without another event; another network has its own event.
    fail(&app, &email(&app), "198.51.100.78").await;
    for n in 0..10 {
        // The limit on credentials treats an IPv6 network as one address: five attempts in five minutes stay below it.
        app.advance(SignedDuration::from_secs(80));
        fail(&app, &email(&app), &format!("2001:db8:1:2::{n}")).await;
    }
    let seen = raised(&app).await;
    assert_eq!(names(&seen), ["password_spraying_suspected"; 2]);
    assert!(seen.iter().any(|event| event.detail["network"] == "2001:db8:1:2::/64"), "{seen:?}");
    assert_eq!(raised(&app).await.len(), 2);

    // An hour later it is reported again, if it continues.
    app.advance(SignedDuration::from_hours(1));
    assert_eq!(raised(&app).await.len(), 2);
    for n in 0..10 {
        fail(&app, &email(&app), &format!("198.51.100.{n}")).await;
    }
    assert_eq!(raised(&app).await.len(), 3);
}

#[tokio::test]
async fn many_networks_trying_one_account_are_reported() {
    let app = app().await;
    let ((email, _), elsewhere) = (user(&app).await, test_support::people::email(&app));
    for n in 0..9 {
        fail(&app, &email, &format!("198.51.{n}.1")).await;
        fail(&app, &email, &format!("198.51.{n}.2")).await;
        app.advance(SignedDuration::from_mins(5));
    }
    assert_eq!(names(&raised(&app).await), Vec::<&str>::new());
    fail(&app, &elsewhere, "198.51.9.1").await;
    fail(&app, &email, "198.51.9.1").await;
    let seen = raised(&app).await;
    assert_eq!(names(&seen), ["distributed_guessing_suspected"]);
    assert_eq!((seen[0].severity, &seen[0].detail), (Severity::Warning, &json!({ "networks": 10, "failures": 19 })));
    assert!(!format!("{seen:?}").contains(&email), "{seen:?}");
    assert_eq!(raised(&app).await.len(), 1);
}

#[tokio::test]
async fn wrong_second_factors_count_as_failures() {
    let app = app().await;
    let occurrence = |n: u8| {
        shared::system_events::Occurrence::of(&sign_in::second_factor::SECOND_FACTOR_FAILED, format!("user_{n}"))
    };
    for n in 0..100 {
        app.accounts().emit(occurrence(n % 51)).await.unwrap();
    }
    let seen = raised(&app).await;
    assert_eq!(names(&seen), ["credential_stuffing_suspected"]);
    assert_eq!(seen[0].detail, json!({ "failures": 100, "subjects": 51, "networks": 0 }));
}

#[tokio::test]
async fn many_accounts_tried_from_many_networks_raise_a_critical_event() {
    let app = app().await;
    let emails: Vec<_> = (0..51).map(|_| email(&app)).collect();
    for n in 0..99_usize {
        fail(&app, &emails[n % 51], &format!("198.{}.{}.1", n / 50, n % 50)).await;
    }
    assert_eq!(names(&raised(&app).await), Vec::<&str>::new());
    fail(&app, &emails[50], "203.0.113.1").await;
    let seen = raised(&app).await;
    assert_eq!(names(&seen), ["credential_stuffing_suspected"]);
    assert_eq!(seen[0].severity, Severity::Critical);
    assert_eq!(seen[0].detail, json!({ "failures": 100, "subjects": 51, "networks": 100 }));
    assert_eq!((seen[0].subject.as_str(), raised(&app).await.len()), ("accounts", 1));

    // 15 minutes later the attack is over.
    app.advance(SignedDuration::from_mins(15));
    assert_eq!(raised(&app).await.len(), 1);
}
