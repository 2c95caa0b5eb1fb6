//! Tests of every function of every domain, in process, generated from declarations and samples.
//!
//! A new route or job is covered by its file and its sample event. `World::ready_for` (`ready/`) prepares its
//! preconditions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod busy;
mod changes;
mod cloud;
mod coverage;
mod domains;
mod erasure;
mod events;
mod instants;
mod isolation;
mod ledger;
mod machines;
mod matrix;
mod overrides;
mod person;
mod place;
mod policies;
mod ready;
mod repeats;
mod same_cloud;
mod sample;
mod still_admitted;
mod strangers_cost;
mod versions;

/// Fails with all faults at once.
#[track_caller]
fn none(faults: Vec<String>) {
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}
