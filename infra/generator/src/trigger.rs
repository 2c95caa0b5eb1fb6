//! The triggers of jobs.

use domains::job;
use shared::function::Function;
use shared::jobs::{Declaration, Trigger};

/// The name of the message that starts a job.
pub fn message(function: &Function) -> Option<&'static str> {
    match job(function)?.trigger {
        Trigger::Message(name) => Some(name),
        _ => None,
    }
}

/// The trigger of a job, in words.
pub fn trigger(job: &Declaration) -> String {
    match job.trigger {
        Trigger::Schedule(expression) => format!("schedule `{expression}`"),
        Trigger::Message(name) => format!("message `{name}`"),
        Trigger::OutboxStream => "stream of the outbox".to_owned(),
        Trigger::Operator => "an operator".to_owned(),
    }
}
