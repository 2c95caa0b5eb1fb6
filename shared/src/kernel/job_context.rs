//! The context of a job's run: its attempt, deadline and cancellation.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

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

    /// 1 for the first attempt of a message or schedule; incremented after each that failed, was aborted or crashed.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// When the run is aborted. Work that cannot be finished by then must not be started.
    pub fn deadline(&self) -> Timestamp {
        self.deadline
    }

    pub fn left(&self, now: Timestamp) -> SignedDuration {
        self.deadline.duration_since(now)
    }

    /// Set once the run was aborted at its deadline, for work that continues in its own thread or task.
    pub fn cancellation(&self) -> &Cancellation {
        &self.cancellation
    }
}

/// What a job replies to the operator who started it; null if it sets nothing.
#[derive(Clone, Default)]
pub(crate) struct OperatorReply(Arc<Mutex<Value>>);

impl OperatorReply {
    pub(crate) fn set(&self, value: Value) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = value;
    }

    pub(crate) fn take(&self) -> Value {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
