//! Erasure: destroys everything that a workspace consists of, in steps that resume after any crash.
//!
//! A step deletes a page of items and counts them in one transaction, so that a repeated step counts nothing twice. The
//! effects outside the tables (versions of objects, the KMS key) have an intent before them and an outcome after them. A
//! workspace is erased once a whole pass, begun after every run that could still write has ended, finds nothing.

mod passes;
mod state;
mod steps;

pub use state::{DestroyedKey, Destruction, Erasure, Tally};
pub use steps::Advanced;
