//! Channels: the accounts on social platforms that a workspace publishes to.

pub mod adapter;
pub mod audit_actions;
pub mod bluesky;
pub mod channel;
pub mod jobs;
pub mod limits;
pub mod permissions;
pub mod platform;
pub mod problems;
pub mod publishing;
pub mod routes;
pub mod session;

pub use adapter::Adapter;
pub use channel::{Channel, ChannelId, ChannelView, Connection};
pub use limits::{Limits, OverLimit, TextMeasure};
pub use platform::{Guarantee, Platform};
