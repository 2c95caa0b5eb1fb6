//! Long work in steps: each step is one transaction with the state that it leaves and the message for the next one.
//!
//! A run can be cancelled, shows its progress under a public id, is started at most once for a key where it has one, and
//! is undone in reverse where its work declares how. Nothing runs longer than one function; whatever is lost comes up again
//! by the due index. The decision record is `docs/decisions/0022-work-in-steps.md`.

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

/// Writes that a step's own changes may have: a transaction takes 100, with those of the run, its message, its key and the
/// audit entries.
pub const ROOM: u32 = 90;
