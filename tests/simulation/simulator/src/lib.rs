//! The simulator: whole functions in a world of faults, repeated exactly by its seed.
//!
//! A world has a cloud in process, every event source, a platform, and stories that run at the same time: clients
//! who sign up, publish, refresh. Every call and event is a site where the plan may let something go wrong. When the
//! stories have ended, the faults end, the world comes to rest, and the judge compares what was promised with what
//! happened. See `docs/how-to/simulate.md`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::must_use_candidate
)]

pub mod campaign;
mod client;
pub mod deployment;
mod freezable;
mod judge;
pub mod mutants;
pub mod plan;
mod platforms;
mod process_network;
pub mod region;
pub mod shrinking;
mod simulated;
mod sources;
pub mod stack;
mod stories;
mod trace;
pub mod verdicts;
pub mod world;

use std::sync::{Mutex, MutexGuard, PoisonError};

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does the same work on every core, until each has ended.
fn on_every_core(work: impl Fn() + Sync) {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| (0..cores).for_each(|_| drop(scope.spawn(&work))));
}

/// What `work` makes of each of these, on every core; as each is ready.
fn each_on_every_core<T: Send, R: Send>(
    of: impl IntoIterator<Item = T, IntoIter: Send>,
    work: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    let (waiting, ready) = (Mutex::new(of.into_iter()), Mutex::new(Vec::new()));
    // The lock must end before the work.
    let next = || lock(&waiting).next();
    on_every_core(|| {
        while let Some(one) = next() {
            let result = work(one);
            lock(&ready).push(result);
        }
    });
    ready.into_inner().unwrap_or_else(PoisonError::into_inner)
}
