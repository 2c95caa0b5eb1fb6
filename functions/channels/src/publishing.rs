//! Publishing to a channel: prepare, send once, and find out what happened if that stays open.
//!
//! The caller stores the [`Intent`] before [`send`], because from then on the post may be visible:
//! what is repeated or reconciled later is that very intent, byte for byte. [`prepare`] makes nothing
//! visible and may be repeated freely, until an intent is stored.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::aws::grants::Grant;
use shared::kernel::problems::Problem;
use shared::kernel::time::Timestamp;
use shared::tenancy::Scope;

use crate::bluesky;
use crate::channel::Channel;
use crate::platform::Platform;

/// What a function must hold to call this module: it reads and renews tokens.
pub const GRANTS: &[Grant] =
    &[Grant::ReadItems, Grant::WriteItems, Grant::OpenSecrets, Grant::SealSecrets, Grant::CallPlatforms];

/// What shall be published.
pub struct Draft {
    pub text: String,
    pub pictures: Vec<Picture>,
    /// What the platform shows as the time of writing: the time it was due.
    pub created_at: Timestamp,
    /// The bytes of the post's id, from which the record's key follows: an account has the post at most once, however
    /// often it is scheduled.
    pub post: [u8; 16],
}

pub struct Picture {
    pub bytes: Vec<u8>,
    /// As sniffed and re-encoded: `image/png`.
    pub content_type: String,
    pub alt_text: String,
    pub width: u32,
    pub height: u32,
}

/// What will be sent: complete, fixed, and free of secrets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// The key that makes a repeat recognisable.
    pub record_key: String,
    /// The account that it goes to. A channel that was connected anew to another one gets nothing.
    pub account_id: String,
    pub record: Value,
}

/// A post that is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The platform's name of it: `at://did:plc:…/app.bsky.feed.post/…`.
    pub uri: String,
    /// The hash of its content.
    pub cid: String,
    /// Where a person sees it.
    pub url: String,
}

/// Why a post is not known to be there. Codes and texts are the platform's own where it gave any.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Nothing was published, and the same again will not be either. `remedy` is what to change before another try.
    #[error("refused: {code}: {text}")]
    Refused { code: String, text: String, remedy: String },
    /// The account has a post under this post's key that says something else: most likely this one, edited there.
    #[error("key taken: {code}: {text}")]
    KeyTaken { code: String, text: String },
    /// Nothing was published; the same again may be, after a while.
    #[error("not now: {code}: {text}")]
    NotNow { retry_after_s: u32, code: String, text: String },
    /// It may have been published: reconcile, once the platform has settled.
    #[error("unknown: {code}: {text}")]
    Unknown { code: String, text: String },
    /// Nothing was published, and nothing will be until a person connects the account again.
    #[error("disconnected: {code}: {text}")]
    Disconnected { code: String, text: String },
    /// A fault on our side of the platform. Nothing was published.
    #[error("{0:?}")]
    Internal(Problem),
}

impl From<Problem> for PublishError {
    fn from(problem: Problem) -> Self {
        Self::Internal(problem)
    }
}

/// Uploads pictures, resolves mentions and writes down what will be sent. Nothing is visible after it.
pub async fn prepare(scope: &Scope, channel: &Channel, draft: Draft) -> Result<Intent, PublishError> {
    match channel.platform {
        Platform::Bluesky => Box::pin(bluesky::publish::prepare(scope, channel, draft)).await,
    }
}

/// Sends an intent that is stored: the one visible effect. The same intent may be sent again after any
/// error, and the post is there once (`Guarantee::ExactlyOnce`).
pub async fn send(scope: &Scope, channel: &Channel, intent: &Intent) -> Result<Published, PublishError> {
    match channel.platform {
        Platform::Bluesky => Box::pin(bluesky::publish::send(scope, channel, intent)).await,
    }
}

/// Whether an intent was carried out. None means: not so far, and, past the platform's settle time
/// ([`Platform::settle_time_s`]), not at all.
pub async fn reconcile(scope: &Scope, channel: &Channel, intent: &Intent) -> Result<Option<Published>, PublishError> {
    match channel.platform {
        Platform::Bluesky => Box::pin(bluesky::publish::reconcile(scope, channel, intent)).await,
    }
}
