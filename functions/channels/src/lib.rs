//! Channels: the accounts on social platforms that a workspace publishes to.

pub mod audit_actions;
mod bluesky;
pub mod channel;
pub mod jobs;
pub mod permissions;
pub mod platform;
pub mod problems;
pub mod publishing;
pub mod routes;
mod session;

pub use channel::{Channel, ChannelId, ChannelView, Connection};
pub use platform::{Guarantee, Limits, OverLimit, Platform, count_graphemes};
