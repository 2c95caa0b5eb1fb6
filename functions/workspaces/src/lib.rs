//! Workspaces: the tenants, their creation and their members.

pub mod audit_actions;
pub mod inactivity;
pub mod invitation;
pub mod inviting;
pub mod jobs;
mod joining;
pub mod letters;
pub mod member;
pub mod ownership;
pub mod permissions;
pub mod problems;
pub mod routes;
mod scopes;
pub mod security;
pub mod settings;
mod token_scopes;
pub mod workspace;
mod workspace_name;
pub mod workspace_token;

pub use scopes::SCOPES;
pub use workspace_name::WorkspaceName;
