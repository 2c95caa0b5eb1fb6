//! The people of a workspace: members, their roles and who removes them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod invitations;
mod members;
mod ownership;
mod team;
