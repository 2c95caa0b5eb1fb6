//! Contention: reading, changing and committing until no other commit was quicker.

use std::future::Future;

use crate::kernel::problems::Problem;

/// Rounds in which one of those that meet at an entity gets through.
const MAX_ROUNDS: usize = 30;

/// Repeats a round that is refused with this code, by which its commit says that what it had read was changed since. 503
/// after 30 rounds.
pub async fn contend<T, F: Future<Output = Result<T, Problem>> + Send>(
    moved: &'static str,
    round: impl Fn() -> F + Send,
) -> Result<T, Problem> {
    for _ in 0..MAX_ROUNDS {
        match round().await {
            Err(problem) if problem.code() == moved => {}
            result => return result,
        }
    }
    Err(Problem::unavailable(format!("{moved}, in each of {MAX_ROUNDS} rounds")))
}
