//! Profiles: what people do with their own account: change it, see who uses it, give programs access, delete it.

pub mod access_token;
mod email_change;
pub mod jobs;
pub mod problems;
pub mod routes;
mod scopes;
