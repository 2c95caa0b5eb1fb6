//! The audit log, as the members of a workspace read it. It is written by `shared::audit`, with every change.

pub mod permissions;
pub mod routes;
