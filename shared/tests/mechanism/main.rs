//! The mechanism, tested with a domain of one entity that exists only here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod attempts;
mod bodies;
mod commits;
mod directory;
mod entering;
mod inbound;
mod limits;
mod logs;
mod notes;
mod objects;
mod pages;
mod platform_apps;
mod problems;
mod repeats;
mod runs;
mod staff;
mod tokens;
mod versions;
mod waits;
mod work;
