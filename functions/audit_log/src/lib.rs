//! The audit log as members of a workspace read it. `shared::audit` writes it with every change.

pub mod permissions;
pub mod routes;
