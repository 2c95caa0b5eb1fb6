//! Recovery: the ways back into an account, for a user who lost a password or a second factor, or deleted it.

mod factor_removal;
pub mod jobs;
mod policy;
pub mod problems;
mod regaining;
pub mod routes;
