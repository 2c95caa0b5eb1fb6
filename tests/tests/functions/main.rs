//! Every function of every domain, in process: what is generated from their declarations and samples.
//!
//! A route or job that is added is covered by its file and its sample event.
//! What it must find to succeed is prepared in `place::Place::ready_for`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cloud;
mod coverage;
mod domains;
mod events;
mod instants;
mod isolation;
mod ledger;
mod old_versions;
mod person;
mod place;
mod policies;
mod repeats;
mod sample;
mod still_admitted;
mod strangers_cost;

/// Fails with every fault at once.
#[track_caller]
fn none(faults: Vec<String>) {
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}
