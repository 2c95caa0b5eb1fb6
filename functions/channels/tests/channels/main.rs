//! The domain through its boundaries: one binary, because each binary costs a link.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use channels::adapter::Prepared;
use channels::publishing::{Draft, Intent, Picture, PublishError};
use channels::{Adapter, Channel};
use shared::tenancy::Scope;

mod connecting;
mod containers;
mod hostile_answers;
mod instagram;
mod mastodon;
mod oauth;
mod operator_app;
mod publishing;
mod real_server;
mod renewal_races;
mod renewing;
mod threads;
mod x;

/// Prepares a post on a platform that prepares it in one step.
async fn prepared<A: Adapter<Picture = Picture>>(
    scope: &Scope,
    channel: &Channel,
    draft: Draft,
) -> Result<Intent, PublishError> {
    match channels::publishing::prepare::<A>(scope, channel, draft).await? {
        Prepared::Ready(intent) => Ok(intent),
        Prepared::Staged { staged, .. } => panic!("not ready: {staged:?}"),
    }
}
