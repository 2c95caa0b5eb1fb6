//! Which jobs take a message: the generator wrote it from their declarations.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use shared::kernel::problems::Problem;

static ROUTING: LazyLock<BTreeMap<String, Vec<String>>> = LazyLock::new(|| {
    // A table that cannot be read routes nothing, and every message is then reported; a test reads it.
    serde_json::from_str(include_str!("../../../infra/generated/routing.json")).unwrap_or_default()
});

/// The jobs whose queues a message goes to. A message that no job takes is a fault of the deployment: it stays in the
/// outbox, where the sweep meets it again, until a version comes that takes it or it expires.
pub fn jobs_for(message: &str) -> Result<&'static [String], Problem> {
    match ROUTING.get(message) {
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
