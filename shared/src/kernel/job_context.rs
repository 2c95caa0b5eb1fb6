//! What a run of a job knows of itself: which try it is, when it ends, and whether it was ended.

use super::time::{SignedDuration, Timestamp};
use super::worker::Cancellation;

#[derive(Clone, Debug)]
pub struct JobContext {
    attempt: u32,
    deadline: Timestamp,
    cancellation: Cancellation,
}

impl JobContext {
    pub(crate) fn new(attempt: u32, deadline: Timestamp, cancellation: Cancellation) -> Self {
        Self { attempt, deadline, cancellation }
    }

    /// 1 for the first try of a message or schedule; it grows with each that failed, was ended or died.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// When the run is ended. What cannot be finished by then must not be begun.
    pub fn deadline(&self) -> Timestamp {
        self.deadline
    }

    pub fn left(&self, now: Timestamp) -> SignedDuration {
        self.deadline.duration_since(now)
    }

    /// Set once the run was ended at its deadline: for work that goes on in a thread or task of its own.
    pub fn cancellation(&self) -> &Cancellation {
        &self.cancellation
    }
}
