//! What is known about a platform, as data for clients: where each limit is from, and when it was checked.

use serde::Serialize;
use utoipa::ToSchema;

use crate::limits::Limits;
use crate::platform::{Guarantee, Platform};

/// What an adapter states about its platform.
#[derive(Clone, Copy, Debug)]
pub struct PlatformFacts {
    pub connected_by: ConnectionMethod,
    /// The version of the platform's API that the adapter was written for.
    pub api_version: &'static str,
    /// Where its limits are from.
    pub limits_source: &'static str,
    /// When they were checked last: `2026-11-27`.
    pub limits_checked_on: &'static str,
    /// Whether each server states limits of its own.
    pub limits_differ: bool,
}

/// How an account is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionMethod {
    /// With a password that the account's owner makes for this product: `connect-bluesky`.
    AppPassword,
    /// By agreeing on the platform: `start-connection`.
    Oauth,
}

/// A platform that posts can be published on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlatformInfoView)]
pub struct PlatformView {
    pub platform: Platform,
    pub connected_by: ConnectionMethod,
    /// What is guaranteed for a post if the connection breaks during the send.
    pub guarantee: Guarantee,
    /// The limits of the platform. Those of a channel can differ, and hold.
    pub limits: Limits,
    /// Whether each server states limits of its own, which are read when an account is connected.
    pub limits_differ: bool,
    /// Where the limits are from.
    #[schema(example = "the lexicons app.bsky.feed.post and app.bsky.embed.images")]
    pub limits_source: String,
    /// When they were checked last.
    #[schema(format = Date, example = "2026-11-27")]
    pub limits_checked_on: String,
    /// The version of the platform's API that is used.
    #[schema(example = "@atproto/api 0.20.44")]
    pub api_version: String,
}

impl From<Platform> for PlatformView {
    fn from(platform: Platform) -> Self {
        let PlatformFacts { connected_by, api_version, limits_source, limits_checked_on, limits_differ } =
            platform.facts();
        Self {
            platform,
            connected_by,
            guarantee: platform.guarantee(),
            limits: platform.limits(),
            limits_differ,
            limits_source: limits_source.to_owned(),
            limits_checked_on: limits_checked_on.to_owned(),
            api_version: api_version.to_owned(),
        }
    }
}
