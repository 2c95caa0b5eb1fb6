//! The people of a workspace: members, their roles and who removes them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod inactivity;
mod interleavings;
mod invitations;
mod machine;
mod members;
mod ownership;
mod policies;
mod team;
mod token_jobs;
mod token_logs;
mod token_rotation;
mod trash;
mod workspace_tokens;
