//! A post as each channel would get it, without anything being published.

use channels::limits::MeasuredText;
use channels::publishing::Preview;
use channels::rendering::Facet;
use channels::{ChannelId, Platform, PlatformOptions};
use media::MediaId;
use serde::Serialize;
use shared::kernel::problems::{Exceeded, FieldError};
use utoipa::ToSchema;

use crate::limits::Checked;

/// What a channel would get. It is made by the functions that make the request when the post is published.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChannelPreviewView {
    pub channel_id: ChannelId,
    pub platform: Platform,
    /// The text as it will be sent.
    pub text: String,
    /// Its length in each measure that the channel limits, with what counts with it.
    pub lengths: Vec<MeasuredText>,
    /// The pictures, in the order in which they will be sent.
    pub media_ids: Vec<MediaId>,
    /// How many pictures the channel accepts.
    pub picture_limit: u32,
    /// The links, mentions and hashtags that the request will mark. Empty for a platform that finds them itself.
    pub facets: Vec<Facet>,
    /// The options as they will be sent. Null: the defaults of the account.
    pub options: Option<PlatformOptions>,
    /// Every rule of the channel that the post breaks. With none, it can be scheduled once its pictures are uploaded.
    pub violations: Vec<ViolationView>,
}

/// A rule of a channel that the post breaks.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ViolationView {
    /// The field of the request: `variants.0.text`.
    pub field: String,
    pub rule: String,
    /// What is counted, if a limit is exceeded: `graphemes`.
    #[schema(example = "graphemes")]
    pub measure: Option<String>,
    pub count: Option<u64>,
    pub limit: Option<u64>,
}

impl From<Checked<'_>> for ChannelPreviewView {
    fn from(checked: Checked<'_>) -> Self {
        let Checked { channel, content, preview: Preview { rendered, measured, .. }, faults } = checked;
        Self {
            channel_id: channel.id,
            platform: channel.platform,
            text: rendered.text,
            lengths: measured,
            media_ids: content.media_ids.to_vec(),
            picture_limit: channel.limits().pictures,
            facets: rendered.facets,
            options: content.options.cloned(),
            violations: faults.into_iter().map(ViolationView::from).collect(),
        }
    }
}

impl From<FieldError> for ViolationView {
    fn from(error: FieldError) -> Self {
        let FieldError { field, rule, exceeded, .. } = error;
        let (measure, count, limit) = match exceeded {
            Some(Exceeded { measure, count, limit }) => (Some(measure.to_owned()), Some(count), Some(limit)),
            None => (None, None, None),
        };
        Self { field, rule, measure, count, limit }
    }
}
