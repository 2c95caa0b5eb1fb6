//! Posts: content, schedules, and the delivery to each channel.

pub mod audit_actions;
mod bounds;
pub mod content;
pub mod delivery;
pub mod jobs;
pub mod lease;
pub mod permissions;
pub mod post;
pub mod post_error;
pub mod post_text;
pub mod preview;
pub mod problems;
pub mod routes;
pub mod schedule;
pub mod trash;
pub mod view;
pub mod wall_time;

mod attempt;
mod limits;
#[cfg(feature = "measuring")]
pub mod measuring;
mod pictures;
mod progress;
pub mod publish_on;
mod verdict;

#[cfg(test)]
mod tests;
