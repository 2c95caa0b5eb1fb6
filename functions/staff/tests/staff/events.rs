//! The timeline of system events, their acknowledgements, and the runs of jobs.

use futures::future::join_all;
use serde_json::{Value, json};
use shared::function::Function;
use shared::identity::StaffRole::{self, Security, Support};
use shared::kernel::time::{SignedDuration, Timestamp, after};
use shared::system_events::{EventKind, Occurrence, Severity};
use shared::testing::{Request, Response, TestApp};
use staff::jobs::revoke_staff;
use staff::routes::{acknowledge_system_event, get_system_event, list_job_runs, list_system_events};
use test_support::staff_member::call;

static GRAVE: EventKind = EventKind::security("grave", Severity::Critical);
static PASSING: EventKind = EventKind::operational("passing", Severity::Info);

struct At {
    app: TestApp,
}

impl At {
    fn new() -> Self {
        Self { app: TestApp::new() }
    }

    /// Records an event a minute after the previous one.
    async fn happens(&self, kind: &'static EventKind, subject: &str) {
        self.app.advance(SignedDuration::from_mins(1));
        self.app.accounts().emit(Occurrence::of(kind, subject)).await.unwrap();
    }

    async fn send(&self, role: StaffRole, request: Request) -> Response {
        let member = self.app.staff(&[role], Some(self.app.now())).await.unwrap();
        call(&self.app, &member.token, request).await
    }

    async fn list(&self, query: &[(&str, &str)]) -> Value {
        let request = Request::to(&list_system_events::FUNCTION);
        let request = query.iter().fold(request, |request, (name, value)| request.query(name, value));
        self.send(Security, request).await.expect(200).body
    }

    /// The subjects of every page, and how many pages there are.
    async fn walk(&self, query: &[(&str, &str)]) -> (Vec<String>, usize) {
        let member = self.app.staff(&[Security], Some(self.app.now())).await.unwrap();
        let (mut all, mut pages, mut cursor) = (Vec::new(), 0, None::<String>);
        loop {
            let request = Request::to(&list_system_events::FUNCTION);
            let request = query.iter().fold(request, |request, (name, value)| request.query(name, value));
            let request = cursor.iter().fold(request, |request, cursor| request.query("cursor", cursor));
            self.app.wire(&list_system_events::FUNCTION).take();
            let body = call(&self.app, &member.token, request).await.expect(200).body;
            let calls = self.app.wire(&list_system_events::FUNCTION).take();
            let queries = calls.iter().filter(|call| *call == "DynamoDB.Query").count();
            assert!(queries <= 96, "{queries} queries");
            all.extend(subjects(&body));
            pages += 1;
            match body["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return (all, pages),
            }
        }
    }

    async fn acknowledge(&self, id: &Value, note: &str) -> Response {
        let request = Request::to(&acknowledge_system_event::FUNCTION).path("event_id", id.as_str().unwrap());
        self.send(Security, request.json(json!({ "note": note }))).await
    }
}

fn subjects(body: &Value) -> Vec<String> {
    let items = body["items"].as_array().unwrap().iter();
    items.map(|item| item["subject"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn events_are_listed_newest_first_by_each_filter() {
    let at = At::new();
    at.happens(&GRAVE, "one").await;
    let between = after(at.app.now(), SignedDuration::from_secs(30)).to_string();
    at.happens(&PASSING, "two").await;
    at.happens(&GRAVE, "three").await;
    assert_eq!(subjects(&at.list(&[]).await), ["three", "two", "one"]);
    for (name, value, expected) in [
        ("kind", "passing", vec!["two"]),
        ("severity", "critical", vec!["three", "one"]),
        ("class", "operational", vec!["two"]),
        ("class", "security", vec!["three", "one"]),
        ("subject", "one", vec!["one"]),
        ("from", between.as_str(), vec!["three", "two"]),
        ("to", between.as_str(), vec!["one"]),
        ("network", "198.51.100.99", vec![]),
    ] {
        assert_eq!(subjects(&at.list(&[(name, value)]).await), expected, "{name}={value}");
    }
    let shown = &at.list(&[("subject", "two")]).await["items"][0];
    assert_eq!(
        (&shown["kind"], &shown["severity"], &shown["class"]),
        (&json!("passing"), &json!("info"), &json!("operational"))
    );
    let id = shown["id"].as_str().unwrap();
    let one = at.send(Security, Request::to(&get_system_event::FUNCTION).path("event_id", id)).await.expect(200).body;
    assert_eq!(&one, shown);
    for field in ["ip", "user_agent"] {
        assert_eq!(shown.get(field), None);
    }
}

/// By the network of the caller, and by the one that the details name.
#[tokio::test]
async fn events_are_found_by_the_network_that_they_came_from() {
    let at = At::new();
    let outside = Request::to(&list_system_events::FUNCTION).ip("2001:db8:1:2::7");
    at.app.call(outside).await.expect(404);
    let found = at.list(&[("network", "2001:db8:1:2:ffff::1")]).await;
    assert_eq!(found["items"].as_array().unwrap().len(), 1, "{found}");
    let attempted = &found["items"][0];
    assert_eq!(
        (&attempted["kind"], &attempted["network"]),
        (&json!("staff_route_attempted"), &json!("2001:db8:1:2::/64"))
    );
    assert!(!attempted.to_string().contains("2001:db8:1:2::7"), "the address itself is not shown");
    assert_eq!(at.list(&[("network", "2001:db8:1:3::7")]).await["items"], json!([]));
}

#[tokio::test]
async fn a_walk_over_hours_finds_every_event_once_in_order_with_bounded_calls() {
    let at = At::new();
    let began = at.app.now();
    let mut expected = Vec::new();
    for number in 0..60 {
        // Several in an hour, and gaps of more than a page's hours.
        at.app.advance(SignedDuration::from_mins(if number % 20 == 0 { 15 * 60 } else { 7 }));
        at.happens(if number % 3 == 0 { &GRAVE } else { &PASSING }, &format!("{number:03}")).await;
        expected.insert(0, format!("{number:03}"));
    }
    let from = began.to_string();
    for limit in ["1", "7", "100"] {
        let (found, _) = at.walk(&[("from", &from), ("limit", limit)]).await;
        assert_eq!(found, expected, "{limit} at a time");
    }
    let graves: Vec<_> = expected.iter().filter(|subject| subject.parse::<u32>().unwrap() % 3 == 0).collect();
    let (found, pages) = at.walk(&[("from", &from), ("kind", "grave")]).await;
    assert_eq!(found.iter().collect::<Vec<_>>(), graves);
    assert!(pages > 2, "a page that matches little ends, and the next one continues");
}

/// More in one hour than a round reads of its shards.
#[tokio::test]
async fn an_hour_with_many_events_is_walked_to_its_end() {
    let at = At::new();
    // The beginning of an hour.
    let into = at.app.now().as_millisecond() % 3_600_000;
    at.app.advance(SignedDuration::from_millis(3_600_000 - into));
    let (mut grave, mut passing) = (Vec::new(), Vec::new());
    for number in 0..1500 {
        at.app.advance(SignedDuration::from_millis(1));
        let (kind, expected) = if number % 20 == 0 { (&PASSING, &mut passing) } else { (&GRAVE, &mut grave) };
        at.app.accounts().emit(Occurrence::of(kind, format!("{number:04}"))).await.unwrap();
        expected.insert(0, format!("{number:04}"));
    }
    // What matches often fills a page from a part of a round; what matches seldom takes several rounds.
    assert_eq!(at.walk(&[("kind", "grave"), ("limit", "100")]).await.0, grave);
    assert_eq!(at.walk(&[("kind", "passing"), ("limit", "100")]).await.0, passing);
}

/// Each at most once an hour, and listed like any other.
#[tokio::test]
async fn a_deduplicated_event_is_listed_once_an_hour() {
    let at = At::new();
    let again = async || {
        at.app.advance(SignedDuration::from_millis(1));
        at.app.accounts().emit(Occurrence::of(&GRAVE, "same").once("same")).await.unwrap();
    };
    let into = at.app.now().as_millisecond() % 3_600_000;
    at.app.advance(SignedDuration::from_millis(3_600_000 - into));
    for _ in 0..3 {
        again().await;
    }
    at.app.advance(SignedDuration::from_hours(1));
    again().await;
    assert_eq!(subjects(&at.list(&[("kind", "grave")]).await), ["same", "same"]);
}

#[tokio::test]
async fn an_acknowledgement_is_kept_and_a_second_one_keeps_the_first() {
    let at = At::new();
    at.happens(&GRAVE, "one").await;
    let listed = at.list(&[("kind", "grave")]).await;
    let id = &listed["items"][0]["id"];
    assert_eq!(listed["items"][0]["acknowledged"], Value::Null);
    let first = at.acknowledge(id, "A drill").await.expect(200).body;
    assert_eq!(first["acknowledged"]["note"], "A drill");
    let again = at.acknowledge(id, "Something else").await.expect(200).body;
    assert_eq!(again, first);
    let listed = at.list(&[("kind", "grave")]).await;
    assert_eq!(listed["items"][0], first);
    let refused = at.send(Support, Request::to(&list_system_events::FUNCTION)).await.expect(403);
    assert_eq!(refused.code(), "permission_missing");
    let missing = json!("event_0190b1c8d2f37c1fa1b2c3d4e5f60718");
    at.acknowledge(&missing, "x").await.expect(404);
    let request = Request::to(&get_system_event::FUNCTION).path("event_id", missing.as_str().unwrap());
    at.send(Security, request).await.expect(404);
}

#[tokio::test]
async fn of_32_parallel_acknowledgements_one_is_kept() {
    let at = At::new();
    at.happens(&GRAVE, "one").await;
    let id = at.list(&[("kind", "grave")]).await["items"][0]["id"].as_str().unwrap().to_owned();
    let member = at.app.staff(&[Security], Some(at.app.now())).await.unwrap();
    let answers = join_all((0..32).map(|number| {
        let request = Request::to(&acknowledge_system_event::FUNCTION).path("event_id", &id).bearer(&member.token);
        at.app.call(request.json(json!({ "note": format!("{number}") })))
    }));
    let kept: Vec<_> =
        answers.await.into_iter().map(|answer| answer.expect(200).body["acknowledged"].clone()).collect();
    assert!(kept.iter().all(|one| *one == kept[0] && !one.is_null()), "{kept:?}");
}

/// An operational event expires after a year, and its acknowledgement with it.
#[tokio::test]
async fn an_acknowledgement_expires_with_its_event() {
    let at = At::new();
    at.happens(&PASSING, "one").await;
    let id = at.list(&[("kind", "passing")]).await["items"][0]["id"].clone();
    at.acknowledge(&id, "Seen").await.expect(200);
    let items = at.app.cloud().items(&at.app.tables().system).unwrap();
    let items = serde_json::to_value(items).unwrap();
    let expiries: Vec<&Value> = items
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| item["sk"]["S"].as_str().unwrap().ends_with(&id.as_str().unwrap()[6..]))
        .map(|item| &item["ttl"]["N"])
        .collect();
    assert_eq!(expiries.len(), 2);
    assert!(expiries[0] == expiries[1] && expiries[0].is_string());
}

#[tokio::test]
async fn a_cursor_is_valid_for_its_own_filter_and_member() {
    let at = At::new();
    at.happens(&GRAVE, "one").await;
    at.happens(&GRAVE, "two").await;
    let member = at.app.staff(&[Security], Some(at.app.now())).await.unwrap();
    let list = |query: &[(&str, &str)]| {
        let request = Request::to(&list_system_events::FUNCTION).query("limit", "1").bearer(&member.token);
        query.iter().fold(request, |request, (name, value)| request.query(name, value))
    };
    let first = at.app.call(list(&[("kind", "grave")])).await.expect(200).body;
    let cursor = first["next_cursor"].as_str().unwrap();
    at.app.call(list(&[("kind", "grave"), ("cursor", cursor)])).await.expect(200);
    for wrong in [list(&[("kind", "passing"), ("cursor", cursor)]), list(&[("cursor", cursor)])] {
        assert_eq!(at.app.call(wrong).await.expect(422).fields(), ["cursor"]);
    }
    let other = at.app.staff(&[Security], Some(at.app.now())).await.unwrap();
    let theirs = list(&[("kind", "grave"), ("cursor", cursor)]).bearer(&other.token);
    assert_eq!(at.app.call(theirs).await.expect(422).fields(), ["cursor"]);
}

#[tokio::test]
async fn the_runs_of_a_job_are_listed_with_their_outcome_newest_first() {
    let at = At::new();
    let run = async |function: &'static Function, payload: Value| {
        at.app.advance(SignedDuration::from_secs(1));
        at.app.run(function, payload).await.is_ok()
    };
    let began = at.app.now();
    for _ in 0..5 {
        assert!(!run(&revoke_staff::FUNCTION, json!({ "email": "unknown@example.com" })).await);
    }
    let to = |query: &[(&str, &str)]| {
        let request = Request::to(&list_job_runs::FUNCTION).path("job", "revoke-staff");
        query.iter().fold(request, |request, (name, value)| request.query(name, value))
    };
    let member = at.app.staff(&[Security], Some(at.app.now())).await.unwrap();
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let request =
            if cursor.is_empty() { to(&[("limit", "2")]) } else { to(&[("limit", "2"), ("cursor", &cursor)]) };
        let body = call(&at.app, &member.token, request).await.expect(200).body;
        all.extend(body["items"].as_array().unwrap().clone());
        match body["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(all.len(), 5);
    let instants: Vec<Timestamp> = all.iter().map(|run| run["began_at"].as_str().unwrap().parse().unwrap()).collect();
    assert!(instants.windows(2).all(|pair| pair[0] > pair[1]), "{instants:?}");
    assert!(instants.iter().all(|instant| *instant >= after(began, SignedDuration::from_millis(-1))));
    for run in &all {
        assert_eq!((&run["state"], &run["code"]), (&json!("gave_up"), &json!("staff_unknown")));
    }
    let none = at.send(Security, Request::to(&list_job_runs::FUNCTION).path("job", "no-such-job")).await.expect(200);
    assert_eq!(none.body["items"], json!([]));
    at.send(Support, to(&[])).await.expect(403);
}
