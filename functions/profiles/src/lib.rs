//! Profiles: what users do with their own account: update and delete it, list sessions and sign-ins, manage access
//! tokens.

pub mod access_token;
mod email_change;
pub mod jobs;
pub mod letters;
pub mod problems;
pub mod reminded;
pub mod routes;
mod scopes;
