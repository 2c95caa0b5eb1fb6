//! Entering and leaving workspaces, with routes that exist only here.

mod joining;
mod last_owner;
mod place;
mod routes;
