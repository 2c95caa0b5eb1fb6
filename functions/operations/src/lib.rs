//! Operations: the deployment's own jobs, and the routes that belong to no other domain.

mod documents;
pub mod jobs;
mod known_paths;
pub mod routes;
mod routing;
