//! Posts: what a workspace says, when, and what became of it on each channel.

pub mod post_text;
pub mod schedule;
pub mod wall_time;
