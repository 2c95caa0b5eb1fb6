//! Publishing to a channel: prepare, send once, and reconcile if the outcome is unknown.
//!
//! The caller stores the [`Intent`] before [`send`], because from then on the post may be visible: later repeats and
//! reconciliations use exactly this intent, byte for byte. [`prepare`] makes nothing visible and can be repeated freely
//! until an intent is stored.
//!
//! What holds for every platform is checked here, so that no adapter can forget it: the account is connected, the post is
//! within its limits, and an intent is sent only to the account that it was prepared for.

use futures::FutureExt;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::aws::grants::Grant;
use shared::kernel::problems::Problem;
use shared::kernel::secrets::SecretText;
use shared::kernel::time::Timestamp;
use shared::tenancy::Scope;

use crate::adapter::{Adapter, Prepared};
use crate::channel::{Channel, Connection};
use crate::limits::{MeasuredText, OverLimit};
use crate::options::{OtherPlatform, PlatformOptions};
use crate::rendering::{Facet, Rendered};
use crate::with_adapter;

/// The grants that a caller of this module needs: it reads and renews tokens.
pub const GRANTS: &[Grant] =
    &[Grant::ReadItems, Grant::WriteItems, Grant::OpenSecrets, Grant::ResealSecrets, Grant::CallPlatforms];

/// The content to publish, with pictures as the platform takes them ([`Adapter::Picture`]).
pub struct Draft<P = Picture> {
    pub text: String,
    /// Those of the channel's platform.
    pub options: Option<PlatformOptions>,
    pub pictures: Vec<P>,
    /// The creation time that the platform shows: the time at which the post was due.
    pub created_at: Timestamp,
    /// The bytes of the post's id, from which the key of a repeat is derived: an account has the post at most once, even if it
    /// is rescheduled.
    pub post: [u8; 16],
}

/// A draft as its platform's adapter gets it: the text is rendered, and the options are its own.
pub struct Outgoing<O, P = Picture> {
    pub text: String,
    pub facets: Vec<Facet>,
    pub options: O,
    pub pictures: Vec<P>,
    pub created_at: Timestamp,
    pub post: [u8; 16],
}

/// A picture of a draft.
pub trait DraftPicture: Send {
    fn size_bytes(&self) -> u64;
    fn alt_text(&self) -> &str;
    /// `image/png`.
    fn content_type(&self) -> &str;
    /// The width and the height, in pixels.
    fn size(&self) -> (u32, u32);
}

/// A picture whose bytes are sent.
pub struct Picture {
    pub bytes: Vec<u8>,
    /// As sniffed and re-encoded: `image/png`.
    pub content_type: String,
    pub alt_text: String,
    pub width: u32,
    pub height: u32,
}

/// A picture that the platform fetches.
pub struct LinkedPicture {
    /// A signed address of ours: everyone who has it can read the picture for a quarter of an hour.
    pub url: SecretText,
    pub size_bytes: u64,
    pub content_type: String,
    pub alt_text: String,
    pub width: u32,
    pub height: u32,
}

impl DraftPicture for Picture {
    fn size_bytes(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn alt_text(&self) -> &str {
        &self.alt_text
    }

    fn content_type(&self) -> &str {
        &self.content_type
    }

    fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }
}

impl DraftPicture for LinkedPicture {
    fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    fn alt_text(&self) -> &str {
        &self.alt_text
    }

    fn content_type(&self) -> &str {
        &self.content_type
    }

    fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }
}

/// What will be sent: complete, fixed, and free of secrets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "StoredIntent")]
pub struct Intent {
    /// The target account. A channel that was reconnected to another account gets nothing.
    pub account_id: String,
    /// The platform's request ([`Adapter::Request`]), which only its adapter reads.
    pub request: Value,
}

/// An intent as this release stores it, or as releases stored it while Bluesky was the only platform.
#[derive(Deserialize)]
#[serde(untagged)]
enum StoredIntent {
    Current { account_id: String, request: Value },
    OfBluesky { account_id: String, record_key: String, record: Value },
}

impl From<StoredIntent> for Intent {
    fn from(stored: StoredIntent) -> Self {
        match stored {
            StoredIntent::Current { account_id, request } => Self { account_id, request },
            StoredIntent::OfBluesky { account_id, record_key, record } => {
                let request = serde_json::json!({ "version": "v1", "record_key": record_key, "record": record });
                Self { account_id, request }
            }
        }
    }
}

/// What a platform has of a post that it prepares in steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Staged {
    /// The account that it was prepared for.
    pub account_id: String,
    /// The platform's own state ([`Adapter::Staged`]), which only its adapter reads.
    pub state: Value,
}

/// A published post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The platform's identifier of the post: `at://did:plc:…/app.bsky.feed.post/…`.
    #[serde(alias = "uri")]
    pub id: String,
    /// What the adapter needs to refer to the post or to change it: Bluesky's hash of the content.
    #[serde(default, alias = "cid")]
    pub receipt: Value,
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
    /// What the platform had of the post is lost. Nothing was published, and the preparation starts over.
    #[error("unstaged: {code}: {text}")]
    Unstaged { code: String, text: String },
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

/// Uploads pictures, resolves mentions and builds the intent, or takes the first step to it. Makes nothing visible.
pub async fn prepare<A: Adapter>(
    scope: &Scope,
    channel: &Channel,
    draft: Draft<A::Picture>,
) -> Result<Prepared<Intent, Staged>, PublishError> {
    require_connected(channel)?;
    let Draft { text, options, pictures, created_at, post } = draft;
    let (options, rendered) = render::<A>(&text, options.as_ref()).map_err(of_another_platform)?;
    require_limits(channel, &rendered, &pictures)?;
    let Rendered { text, facets, .. } = rendered;
    let outgoing = Outgoing { text, facets, options, pictures, created_at, post };
    stored::<A>(channel, A::prepare(scope, channel, outgoing).boxed().await?)
}

/// Takes the next step of a preparation. Makes nothing visible.
pub async fn advance<A: Adapter>(
    scope: &Scope,
    channel: &Channel,
    staged: &Staged,
) -> Result<Prepared<Intent, Staged>, PublishError> {
    require_connected(channel)?;
    let state = own::<A, A::Staged>(channel, &staged.account_id, &staged.state)?;
    stored::<A>(channel, A::advance(scope, channel, state).boxed().await?)
}

/// How far a post is prepared, as the caller stores it.
fn stored<A: Adapter>(
    channel: &Channel,
    prepared: Prepared<A::Request, A::Staged>,
) -> Result<Prepared<Intent, Staged>, PublishError> {
    let account_id = channel.account_id.clone();
    Ok(match prepared {
        Prepared::Ready(request) => {
            let request = serde_json::to_value(request).map_err(Problem::internal)?;
            Prepared::Ready(Intent { account_id, request })
        }
        Prepared::Staged { staged, wait_s } => {
            let state = serde_json::to_value(staged).map_err(Problem::internal)?;
            Prepared::Staged { staged: Staged { account_id, state }, wait_s }
        }
    })
}

/// How a text is sent to a channel, and its length there. Makes no call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    pub rendered: Rendered,
    pub measured: Vec<MeasuredText>,
    /// Every limit that the text exceeds.
    pub over: Vec<OverLimit>,
}

/// Renders a text as [`prepare`] does, and measures it. Options of another platform are returned as an error, and the text is
/// rendered without them.
pub fn preview(channel: &Channel, text: &str, options: Option<&PlatformOptions>) -> (Preview, Option<OtherPlatform>) {
    let (rendered, refused) = with_adapter!(channel.platform, A => match render::<A>(text, options) {
        Ok((_, rendered)) => (rendered, None),
        Err(other) => (A::render(text, &<A as Adapter>::Options::default()), Some(other)),
    });
    let measured = channel.limits().measure(&rendered);
    let over = measured.iter().filter_map(MeasuredText::over).collect();
    (Preview { rendered, measured, over }, refused)
}

/// The one rendering of a text: for previews, for the check of limits, and for the request.
fn render<A: Adapter>(text: &str, options: Option<&PlatformOptions>) -> Result<(A::Options, Rendered), OtherPlatform> {
    let options = PlatformOptions::of::<A>(options)?;
    let rendered = A::render(text, &options);
    Ok((options, rendered))
}

fn of_another_platform(error: OtherPlatform) -> PublishError {
    PublishError::Refused {
        code: "options_of_another_platform".to_owned(),
        text: format!("options: {error}"),
        remedy: "Change the options of the post for this channel, then schedule it again.".to_owned(),
    }
}

/// Sends a stored intent: the one visible effect. What a repeat does depends on the platform ([`crate::Guarantee`]).
pub async fn send<A: Adapter>(scope: &Scope, channel: &Channel, intent: &Intent) -> Result<Published, PublishError> {
    require_connected(channel)?;
    let request = own::<A, A::Request>(channel, &intent.account_id, &intent.request)?;
    A::send(scope, channel, &request).boxed().await
}

/// Finds the publication of an intent that was first sent at `since`. None means: not yet, or, after the platform's settle
/// time ([`Adapter::SETTLE_TIME_S`]), never.
pub async fn reconcile<A: Adapter>(
    scope: &Scope,
    channel: &Channel,
    intent: &Intent,
    since: Timestamp,
) -> Result<Option<Published>, PublishError> {
    let request = own::<A, A::Request>(channel, &intent.account_id, &intent.request)?;
    A::reconcile(scope, channel, &request, since).boxed().await
}

/// Reads what was stored for an account. Nothing that was prepared for one account is sent to another.
fn own<A: Adapter, T: DeserializeOwned>(
    channel: &Channel,
    account_id: &str,
    stored: &Value,
) -> Result<T, PublishError> {
    if channel.platform != A::PLATFORM || channel.account_id != account_id {
        return Err(Problem::internal("a request for another account").into());
    }
    Ok(T::deserialize(stored).map_err(Problem::internal)?)
}

fn require_connected(channel: &Channel) -> Result<(), PublishError> {
    match &channel.connection {
        Connection::Connected => Ok(()),
        Connection::NeedsReauthorisation { code, text, .. } => {
            Err(PublishError::Disconnected { code: code.clone(), text: text.clone() })
        }
    }
}

fn require_limits<P: DraftPicture>(channel: &Channel, rendered: &Rendered, pictures: &[P]) -> Result<(), PublishError> {
    let limits = channel.limits();
    let sizes = pictures.iter().map(P::size_bytes);
    if let Some(over) = limits.check_text(rendered).next() {
        return Err(over_limit("text", "Shorten the text, then schedule the post again.", over));
    }
    let change = |over| over_limit("pictures", remedy(&over), over);
    for picture in pictures {
        let (width, height) = picture.size();
        limits.check_alt_text(picture.alt_text()).map_err(change)?;
        limits.check_type(picture.content_type()).map_err(change)?;
        limits.check_shape(width, height).map_err(change)?;
    }
    limits.check_pictures(sizes).map_err(change)
}

/// What to do about pictures.
fn remedy(over: &OverLimit) -> &'static str {
    match over {
        OverLimit::AltText { .. } => "Shorten the description, then schedule the post again.",
        OverLimit::FewPictures { .. } => "Add a picture, then schedule the post again.",
        OverLimit::PictureType | OverLimit::AspectRatio { .. } => {
            "Replace the picture by one that fits, then schedule the post again."
        }
        OverLimit::Pictures { .. } | OverLimit::PictureBytes { .. } | OverLimit::Text { .. } => {
            "Use fewer or smaller pictures, then schedule the post again."
        }
    }
}

fn over_limit(field: &str, remedy: &str, over: OverLimit) -> PublishError {
    PublishError::Refused {
        code: format!("{field}_over_limit"),
        text: format!("{field}: {over}"),
        remedy: remedy.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn an_intent_of_an_earlier_release_is_read() {
        let stored = json!({ "record_key": "3k", "account_id": "did:plc:a", "record": { "text": "a" } });
        let intent: Intent = serde_json::from_value(stored).unwrap();
        assert_eq!(intent.account_id, "did:plc:a");
        assert_eq!(intent.request, json!({ "version": "v1", "record_key": "3k", "record": { "text": "a" } }));
        let again: Intent = serde_json::from_value(serde_json::to_value(&intent).unwrap()).unwrap();
        assert_eq!(again, intent);
        let stored = json!({ "uri": "at://a", "cid": "bafy", "url": "https://bsky.app" });
        let published: Published = serde_json::from_value(stored).unwrap();
        assert_eq!((published.id.as_str(), published.receipt), ("at://a", json!("bafy")));
    }
}
