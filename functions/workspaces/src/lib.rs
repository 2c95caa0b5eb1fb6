//! Workspaces: the tenants, their creation and their members.

pub mod audit_actions;
pub mod invitation;
mod inviting;
pub mod jobs;
mod joining;
pub mod letters;
pub mod member;
pub mod ownership;
pub mod permissions;
pub mod problems;
pub mod routes;
pub mod security;
pub mod settings;
pub mod workspace;
mod workspace_name;

pub use workspace_name::WorkspaceName;
