//! Channels: the accounts on social platforms that a workspace publishes to.

pub mod adapter;
pub mod audit_actions;
pub mod bluesky;
pub mod call;
pub mod channel;
mod connecting;
mod connection_problem;
mod disconnection;
pub mod jobs;
pub mod letters;
pub mod limits;
pub mod mastodon;
mod meta;
pub mod operator_app;
pub mod pending_connection;
pub mod permissions;
pub mod platform;
pub mod problems;
pub mod publishing;
pub mod renewal;
pub mod routes;
pub mod server_address;
pub mod session;
pub mod threads;
pub mod x;

pub use adapter::Adapter;
pub use channel::{Channel, ChannelId, ChannelView, Connection};
pub use limits::{Limits, OverLimit, TextMeasure};
pub use platform::{Guarantee, Platform};
