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
pub mod language;
pub mod letters;
pub mod limits;
mod listed;
pub mod mastodon;
mod meta;
pub mod operator_app;
pub mod options;
pub mod pending_connection;
pub mod permissions;
pub mod platform;
pub mod platform_facts;
pub mod problems;
pub mod publishing;
pub mod rendering;
pub mod renewal;
pub mod routes;
pub mod server_address;
pub mod session;
pub mod threads;
pub mod x;

pub use adapter::Adapter;
pub use channel::{Channel, ChannelId, ChannelView, Connection};
pub use limits::{Limits, OverLimit, TextMeasure};
pub use options::PlatformOptions;
pub use platform::{Guarantee, Platform};
