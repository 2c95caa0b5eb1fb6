//! Which jobs take a message: the generator wrote it from their declarations.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use shared::kernel::problems::Problem;

type Routing = BTreeMap<String, Vec<String>>;

static ROUTING: LazyLock<Result<Routing, String>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../infra/generated/routing.json")).map_err(|error| error.to_string())
});

/// The jobs whose queues a message goes to. A message that no job takes is a fault of the deployment: it stays in the
/// outbox, where the sweep meets it again, until a version comes that takes it or it expires.
pub fn jobs_for(message: &str) -> Result<&'static [String], Problem> {
    let routing = ROUTING.as_ref().map_err(|fault| Problem::internal(fault.clone()))?;
    match routing.get(message) {
        Some(jobs) if !jobs.is_empty() => Ok(jobs),
        _ => Err(Problem::internal(format!("no job takes the message {message}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_goes_to_the_jobs_that_declare_it() {
        assert!(jobs_for("send-email").is_ok_and(|jobs| jobs == ["send-email"]));
        assert!(jobs_for("no-such-message").is_err());
    }
}
