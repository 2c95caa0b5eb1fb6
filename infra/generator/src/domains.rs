//! The domains, and every function that they declare.

use shared::function::{Declared, Function, Listed};
use shared::http::Route;
use shared::jobs::{Declaration, Trigger};

/// A crate under `functions/`.
pub struct Domain {
    pub name: &'static str,
    pub functions: &'static [Listed],
}

/// Every domain, lowest first: the order in which they may depend on each other.
pub static DOMAINS: &[Domain] = &[
    Domain { name: "mail", functions: mail::FUNCTIONS },
    Domain { name: "accounts", functions: accounts::FUNCTIONS },
    Domain { name: "passkeys", functions: passkeys::FUNCTIONS },
    Domain { name: "recovery", functions: recovery::FUNCTIONS },
    Domain { name: "profiles", functions: profiles::FUNCTIONS },
    Domain { name: "workspaces", functions: workspaces::FUNCTIONS },
    Domain { name: "media", functions: media::FUNCTIONS },
    Domain { name: "channels", functions: channels::FUNCTIONS },
    Domain { name: "posts", functions: posts::FUNCTIONS },
    Domain { name: "audit_log", functions: audit_log::FUNCTIONS },
    Domain { name: "operations", functions: operations::FUNCTIONS },
];

/// Every function with its domain.
pub fn all() -> impl Iterator<Item = (&'static Domain, &'static Listed)> {
    DOMAINS.iter().flat_map(|domain| domain.functions.iter().map(move |listed| (domain, listed)))
}

/// The route, where a function is one.
pub fn route(function: &Function) -> Option<Route> {
    match function.declared() {
        Declared::Route { route, .. } => Some(route),
        Declared::Job(_) => None,
    }
}

/// The job, where a function is one.
pub fn job(function: &Function) -> Option<Declaration> {
    match function.declared() {
        Declared::Route { .. } => None,
        Declared::Job(job) => Some(job),
    }
}

/// The name of the message that starts a job.
pub fn message(function: &Function) -> Option<&'static str> {
    match job(function)?.trigger {
        Trigger::Message(name) => Some(name),
        _ => None,
    }
}

/// What starts a job, in words.
pub fn trigger(job: &Declaration) -> String {
    match job.trigger {
        Trigger::Schedule(expression) => format!("schedule `{expression}`"),
        Trigger::Message(name) => format!("message `{name}`"),
        Trigger::OutboxStream => "stream of the outbox".to_owned(),
        Trigger::Operator => "an operator".to_owned(),
    }
}
