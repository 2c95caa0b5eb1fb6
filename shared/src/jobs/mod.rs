//! Jobs: the declaration of a background job, and the runner that locks, records and limits each run.

pub(crate) mod access;
pub(crate) mod history;
pub mod job;
pub(crate) mod runner;
pub mod runs;

pub use crate::kernel::job_context::JobContext;
pub use access::{JobAccess, Relay};
pub use job::{Declaration, Job, JobError, Trigger};
