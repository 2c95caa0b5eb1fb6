//! Every function handles its sample event, and a job that runs twice has one effect.

use serde_json::Value;
use shared::function::{Declared, Function};
use shared::jobs::Trigger;

use crate::domains::{DomainFunction, endpoints, jobs};
use crate::none;
use crate::place::World;
use crate::sample::Sample;

#[tokio::test]
async fn every_route_accepts_its_sample() {
    let world = World::new().await;
    let place = world.place().await;
    let mut faults = Vec::new();
    for endpoint in endpoints() {
        let mut event = Sample::of(endpoint.entry).filled(&world.ready_for(endpoint.name(), &place).await);
        world.app.move_address();
        event["requestContext"]["http"]["sourceIp"] = Value::String(world.app.address());
        let answer = world.app.answer_event(endpoint.entry.function(), &event).await;
        let expected = endpoint.success();
        if answer.status != expected {
            faults.push(format!("{}: {} {}, not {expected}", endpoint.name(), answer.status, answer.text));
        }
        let declared = format!("{} {}", endpoint.route.method.name(), endpoint.route.path);
        if event["routeKey"] != declared && event["routeKey"] != endpoint.route.path {
            faults.push(format!("{}: its sample is for {}, not {declared}", endpoint.name(), event["routeKey"]));
        }
    }
    none(faults);
}

/// The same payload as another event: another message id, another minute, another record of the stream.
fn again(function: &'static Function, event: &Value) -> Value {
    let mut event = event.clone();
    match function.declared() {
        Declared::Job(job) => match job.trigger {
            Trigger::Schedule(_) => event["scheduled_time"] = Value::String("2026-03-01T08:31:00Z".to_owned()),
            Trigger::OutboxStream => event["Records"][0]["eventID"] = Value::String("again".to_owned()),
            // An operator who sends the payload twice requests the same.
            Trigger::Operator => {}
            Trigger::Message(_) => {
                let body = event["Records"][0]["body"].as_str().unwrap();
                let mut body: Value = serde_json::from_str(body).unwrap();
                body["envelope"]["id"] = Value::String("01999999999970008000000000000099".to_owned());
                event["Records"][0]["body"] = Value::String(body.to_string());
            }
        },
        Declared::Route(_) => panic!("{} is no job", function.name()),
    }
    event
}

/// Jobs that are due only later, in chronological order.
const LATE: [&str; 12] = [
    "watch-failed-logins",
    "expire-sessions",
    "purge-unverified-accounts",
    "rotate-signing-keys",
    "purge-deleted-accounts",
    "purge-login-history",
    "purge-workspaces",
    "expire-overrides",
    "recount-usage",
    "report-inactive-members",
    "withdraw-signing-key",
    "import-accounts",
];

/// Every job. Waiting for days ends the sessions of a place, so the late ones are last.
pub fn jobs_in_order() -> Vec<DomainFunction> {
    let mut jobs = jobs();
    jobs.sort_by_key(|entry| LATE.iter().position(|late| *late == entry.name()));
    jobs
}

#[tokio::test]
async fn a_job_that_runs_twice_has_one_effect() {
    let mut world = World::new().await;
    let mut place = world.place().await;
    let mut faults = Vec::new();
    for entry in jobs_in_order() {
        let (function, name) = (entry.function(), entry.name());
        if name == "import-accounts" {
            world.app.configure(|config| config.legacy_bcrypt_cost = Some(12));
        }
        place = world.renewed(place).await;
        let event = Sample::of(entry).filled(&world.ready_for(name, &place).await);
        let begin = world.contents().await;
        let answer = world.app.run(function, event.clone()).await.unwrap();
        if answer["batchItemFailures"].as_array().is_some_and(|failures| !failures.is_empty()) {
            faults.push(format!("{name}: {answer}"));
        }
        let first = world.contents().await;
        let (sent, records) = (world.platform.calls("server.deleteSession").len(), world.platform.records());
        // The effects of a run in the tables; mail and orphan keys are elsewhere, and some jobs only report.
        if begin == first
            && !["send-email", "sweep-orphan-keys", "report-weak-hashes", "watch-failed-logins"].contains(&name)
        {
            faults.push(format!("{name}: its sample has no effect"));
        }
        for (what, event) in [("the same event", event.clone()), ("another event", again(function, &event))] {
            if let Err(problem) = world.app.run(function, event).await
                // A withdrawn key cannot be withdrawn again.
                && problem.code() != "signing_key_unknown"
            {
                faults.push(format!("{name}, {what}: {problem:?}"));
            }
            // Each grant makes a link, which replaces the one before.
            if name != "grant-staff" {
                faults.extend(world.changes_since(&first, &format!("{name}, {what}")).await);
            }
        }
        if (sent, records) != (world.platform.calls("server.deleteSession").len(), world.platform.records()) {
            faults.push(format!("{name}: called the platform twice"));
        }
    }
    none(faults);
}
