//! Recovery: regaining an account after losing the password or the second factor, or after deleting it.

mod factor_removal;
pub mod jobs;
pub mod letters;
mod policy;
pub mod problems;
mod regaining;
pub mod routes;
