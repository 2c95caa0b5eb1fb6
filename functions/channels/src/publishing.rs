//! Publishing to a channel: prepare, send once, and reconcile if the outcome is unknown.
//!
//! The caller stores the [`Intent`] before [`send`], because from then on the post may be visible: later repeats and
//! reconciliations use exactly this intent, byte for byte. [`prepare`] makes nothing visible and can be repeated freely
//! until an intent is stored.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::aws::grants::Grant;
use shared::kernel::problems::Problem;
use shared::kernel::time::Timestamp;
use shared::tenancy::Scope;

use crate::bluesky;
use crate::channel::Channel;
use crate::platform::Platform;

/// The grants that a caller of this module needs: it reads and renews tokens.
pub const GRANTS: &[Grant] =
    &[Grant::ReadItems, Grant::WriteItems, Grant::OpenSecrets, Grant::ResealSecrets, Grant::CallPlatforms];

/// The content to publish.
pub struct Draft {
    pub text: String,
    pub pictures: Vec<Picture>,
    /// The creation time that the platform shows: the time at which the post was due.
    pub created_at: Timestamp,
    /// The bytes of the post's id, from which the record key is derived: an account has the post at most once, even if
    /// it is rescheduled.
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
    /// The key by which the platform recognises a repeat.
    pub record_key: String,
    /// The target account. A channel that was reconnected to another account gets nothing.
    pub account_id: String,
    pub record: Value,
}

/// A published post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The platform's identifier of the post: `at://did:plc:…/app.bsky.feed.post/…`.
    pub uri: String,
    /// The hash of its content.
    pub cid: String,
    /// The address of its web page.
    pub url: String,
}

/// Why a post is not known to be published. Codes and texts are the platform's own, if it gave any.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Nothing was published, and a repeat would fail again. `remedy` says what to change first.
    #[error("refused: {code}: {text}")]
    Refused { code: String, text: String, remedy: String },
    /// The account has a post with different content under this post's key: most likely this post, edited on the
    /// platform.
    #[error("key taken: {code}: {text}")]
    KeyTaken { code: String, text: String },
    /// Nothing was published; a later repeat may succeed.
    #[error("not now: {code}: {text}")]
    NotNow { retry_after_s: u32, code: String, text: String },
    /// It may have been published: reconcile, once the platform has settled.
    #[error("unknown: {code}: {text}")]
    Unknown { code: String, text: String },
    /// Nothing was published, and nothing will be until a person reconnects the account.
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

/// Uploads pictures, resolves mentions and builds the intent. Makes nothing visible.
pub async fn prepare(scope: &Scope, channel: &Channel, draft: Draft) -> Result<Intent, PublishError> {
    match channel.platform {
        Platform::Bluesky => Box::pin(bluesky::publish::prepare(scope, channel, draft)).await,
    }
}

/// Sends a stored intent: the one visible effect. The same intent can be sent again after any error, and the post is
/// published once (`Guarantee::ExactlyOnce`).
pub async fn send(scope: &Scope, channel: &Channel, intent: &Intent) -> Result<Published, PublishError> {
    match channel.platform {
        Platform::Bluesky => Box::pin(bluesky::publish::send(scope, channel, intent)).await,
    }
}

/// Finds the publication of an intent. None means: not yet, or, after the platform's settle time
/// ([`Platform::settle_time_s`]), never.
pub async fn reconcile(scope: &Scope, channel: &Channel, intent: &Intent) -> Result<Option<Published>, PublishError> {
    match channel.platform {
        Platform::Bluesky => Box::pin(bluesky::publish::reconcile(scope, channel, intent)).await,
    }
}
