//! The consuming jobs of each message, generated from the jobs' declarations.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use shared::kernel::problems::Problem;

type Routing = BTreeMap<String, Vec<String>>;

static ROUTING: LazyLock<Result<Routing, String>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../infra/generated/routing.json")).map_err(|error| error.to_string())
});

/// The jobs that consume a message. A message without a consumer is a fault of the deployment: it stays in the outbox,
/// where the sweep retries it until a version with a consumer is deployed or the message expires.
pub fn jobs_for(message: &str) -> Result<&'static [String], Problem> {
    let routing = ROUTING.as_ref().map_err(|fault| Problem::internal(fault.clone()))?;
    match routing.get(message) {
        Some(jobs) if !jobs.is_empty() => Ok(jobs),
        _ => Err(Problem::internal(format!("no job consumes the message {message}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_routed_to_the_jobs_that_declare_it() {
        assert!(jobs_for("send-email").is_ok_and(|jobs| jobs == ["send-email"]));
        assert!(jobs_for("no-such-message").is_err());
    }
}
