//! Operations: what the deployment needs to run, and what no other domain answers.

pub mod jobs;
mod known_paths;
pub mod routes;
mod routing;
