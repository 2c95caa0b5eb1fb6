//! Posts and deliveries as clients see them.

use channels::publishing::Published;
use channels::{ChannelId, Guarantee, Platform, PlatformOptions};
use media::MediaId;
use serde::Serialize;
use shared::http::Located;
use shared::kernel::author::Author;
use shared::kernel::time::ApiTimestamp;
use utoipa::ToSchema;

use crate::content::Variant;
use crate::delivery::{Confirmation, Delivery, DeliveryError, DeliveryId, State};
use crate::post::{Post, PostId, PostState, Progress};
use crate::schedule::ScheduleView;

/// A post with its schedule and its progress.
#[derive(Debug, Serialize, ToSchema)]
pub struct PostView {
    pub id: PostId,
    pub state: PostState,
    pub text: String,
    pub media_ids: Vec<MediaId>,
    /// The selected channels. The text is checked against their limits.
    pub channel_ids: Vec<ChannelId>,
    /// What single channels get instead of the text and the pictures.
    pub variants: Vec<VariantView>,
    /// When it is published: a wall time, and the instant derived from it.
    pub schedule: Option<ScheduleView>,
    /// Its progress on each channel.
    pub deliveries: Vec<Progress>,
    pub created_by: Author,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: ApiTimestamp,
    /// When its content or schedule last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: ApiTimestamp,
}

impl Located for PostView {
    const PATH: &'static str = "/workspaces/{workspace_id}/posts/{post_id}";

    fn id(&self) -> String {
        self.id.to_string()
    }
}

impl From<&Post> for PostView {
    fn from(post: &Post) -> Self {
        Self {
            id: post.id,
            state: post.state(),
            text: post.text.as_str().to_owned(),
            media_ids: post.media_ids.clone(),
            channel_ids: post.channel_ids.clone(),
            variants: post.variants.iter().map(VariantView::from).collect(),
            schedule: post.schedule.as_ref().map(crate::schedule::Schedule::view),
            deliveries: post.deliveries.clone(),
            created_by: post.created_by,
            created_at: post.created_at.into(),
            updated_at: post.updated_at.into(),
        }
    }
}

/// What one channel gets instead of the post's own content.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PostVariantView)]
pub struct VariantView {
    pub channel_id: ChannelId,
    /// Null: the post's text.
    pub text: Option<String>,
    /// Null: the post's pictures.
    pub media_ids: Option<Vec<MediaId>>,
    /// Null: the defaults of the account.
    pub options: Option<PlatformOptions>,
}

impl From<&Variant> for VariantView {
    fn from(variant: &Variant) -> Self {
        Self {
            channel_id: variant.channel_id,
            text: variant.text.as_ref().map(|text| text.as_str().to_owned()),
            media_ids: variant.media_ids.clone(),
            options: variant.options.clone(),
        }
    }
}

/// A post on one channel.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryView {
    pub id: DeliveryId,
    pub post_id: PostId,
    pub channel_id: ChannelId,
    pub platform: Platform,
    pub state: DeliveryState,
    /// When it is due.
    #[schema(value_type = String, format = DateTime)]
    pub due_at: ApiTimestamp,
    /// When the next attempt is made, if the last one was postponed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub retry_at: Option<ApiTimestamp>,
    pub attempts: u32,
    /// What is guaranteed if the connection breaks during the send.
    pub guarantee: Guarantee,
    /// When it was first sent: from then on it may be visible. Null as long as nothing was sent, and after a send that
    /// certainly published nothing.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub sent_at: Option<ApiTimestamp>,
    pub published: Option<PublishedView>,
    /// What went wrong last, and what to do about it.
    pub last_error: Option<DeliveryErrorView>,
    /// When it was published, failed, was held or was cancelled.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub settled_at: Option<ApiTimestamp>,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: ApiTimestamp,
}

/// The state of a post on one channel: a `failed` delivery was not published and will not be; a `held` one may have
/// been published, and a person must check the channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Waiting for its due time, or for the next attempt.
    Scheduled,
    /// In progress. Nothing has been sent.
    Claimed,
    /// The platform is preparing it, such as its pictures. Nothing is visible.
    Staging,
    /// Being sent, or being reconciled with the platform.
    Sending,
    Published,
    /// Nothing was published, and nothing will be: see `last_error`.
    Failed,
    /// It may have been published: a person must check, see `last_error`.
    Held,
    Cancelled,
}

/// A published post on its platform.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublishedView {
    /// The platform's identifier of the post. Bluesky: its AT URI.
    #[schema(example = "at://did:plc:ewvi7nxzyoun6zhxrhs64oiz/app.bsky.feed.post/3mfzvxlxxbc2a")]
    pub id: String,
    /// The address of the post's web page.
    pub url: String,
    pub confirmed_by: Confirmation,
}

/// What went wrong last, and what to do about it.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryErrorView {
    /// The platform's own error code, if it gave one.
    pub code: String,
    /// The platform's own error text, if it gave one.
    pub text: String,
    /// What to do about it, given the delivery's current state.
    pub remedy: String,
    #[schema(value_type = String, format = DateTime)]
    pub at: ApiTimestamp,
}

impl From<&Delivery> for DeliveryView {
    fn from(delivery: &Delivery) -> Self {
        let (state, settled_at) = match delivery.state() {
            State::Scheduled { .. } => (DeliveryState::Scheduled, None),
            State::Claimed { .. } if delivery.is_staging() => (DeliveryState::Staging, None),
            State::Claimed { .. } => (DeliveryState::Claimed, None),
            State::Sending { .. } => (DeliveryState::Sending, None),
            State::Published { at, .. } => (DeliveryState::Published, Some(*at)),
            State::Failed { at } => (DeliveryState::Failed, Some(*at)),
            State::Held { at } => (DeliveryState::Held, Some(*at)),
            State::Cancelled { at } => (DeliveryState::Cancelled, Some(*at)),
        };
        let published = match delivery.state() {
            State::Published { published, by, .. } => {
                let Published { id, url, .. } = published.clone();
                Some(PublishedView { id, url, confirmed_by: *by })
            }
            _ => None,
        };
        let retry_at = match delivery.state() {
            State::Scheduled { not_before } => Some(*not_before).filter(|at| *at != delivery.due_at()),
            _ => None,
        };
        Self {
            id: delivery.id,
            post_id: delivery.post_id,
            channel_id: delivery.channel_id,
            platform: delivery.platform,
            state,
            due_at: delivery.due_at().into(),
            retry_at: retry_at.map(Into::into),
            attempts: delivery.attempts(),
            guarantee: delivery.platform.guarantee(),
            sent_at: delivery.first_sent_at.map(Into::into),
            published,
            last_error: last_error(delivery),
            settled_at: settled_at.map(Into::into),
            created_at: delivery.created_at.into(),
        }
    }
}

fn last_error(delivery: &Delivery) -> Option<DeliveryErrorView> {
    let (error, remedy) = (delivery.last_error()?, delivery.remedy()?);
    let DeliveryError { code, text, at, .. } = error.clone();
    Some(DeliveryErrorView { code, text, remedy: remedy.to_owned(), at: at.into() })
}
