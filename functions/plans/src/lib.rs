//! Plans: what a workspace may do and how much of it, its use, and exceptions from its plan.

pub mod audit_actions;
pub mod counted;
pub mod jobs;
pub mod read_only;
pub mod routes;
pub mod setting_override;
pub mod view;
