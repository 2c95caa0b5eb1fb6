//! The Bluesky adapter: signing in and publishing over the AT Protocol.

mod answers;
pub(crate) mod client;
mod handle;
mod identifiers;
pub(crate) mod publish;
mod record;
mod record_key;
mod rich_text;
pub(crate) mod service;
pub(crate) mod sign_in;
pub(crate) mod tokens;
