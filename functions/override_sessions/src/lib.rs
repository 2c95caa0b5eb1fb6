//! Override sessions: a member of the operator's staff enters one workspace, for a reason and for minutes, and its owners see
//! all of it.

pub mod audit_actions;
pub mod jobs;
pub mod letters;
pub mod opening;
pub mod problems;
pub mod routes;
pub mod view;
