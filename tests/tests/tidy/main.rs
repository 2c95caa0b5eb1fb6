//! House rules that the compiler cannot check. Without network or cloud: `make check` runs them.
#![allow(clippy::unwrap_used, clippy::panic)]

mod asvs;
mod documents;
mod functions;
mod layers;
mod manifests;
mod sources;
mod trust;
mod unique;
mod words;

/// Fails with all faults at once.
#[track_caller]
fn none(faults: Vec<String>) {
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}
