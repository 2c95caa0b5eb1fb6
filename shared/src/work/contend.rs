//! Contention: reads, changes and commits again until no other commit comes first.

use std::future::Future;

use crate::kernel::problems::Problem;

/// The maximum number of rounds. In each, one of the contending commits succeeds.
const MAX_ROUNDS: usize = 30;

/// Repeats a round that fails with this code, which means that an item has changed since the round read it. 503 after
/// 30 rounds.
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
