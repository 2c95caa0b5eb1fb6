//! Long work in steps: each step is one transaction with its new state and the message for the next step.
//!
//! A run can be cancelled, shows its progress under a public id, is started at most once per key if it has one, and is
//! undone in reverse if its work declares how. No step runs longer than one function; the due index recovers lost
//! messages. The decision record is `docs/decisions/0022-work-in-steps.md`.

mod contend;
mod lease;
mod run;
mod steps;
mod sweep;

pub use contend::contend;
pub use lease::{LEASE, OUTBOX_DELAY_S, backoff};
pub use run::{Next, Run, RunId, RunState, RunView, WorkError, cancel};
pub use steps::{NoUndo, Step, StepDue, Stepped, Work};
pub use sweep::{each_due, sweep};

/// The maximum number of a step's own writes: a transaction allows 100, including those of the run, its message, its
/// key and the audit entries.
pub const ROOM: u32 = 90;
