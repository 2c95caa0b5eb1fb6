//! Pictures as clients see them.

use serde::Serialize;
use shared::kernel::author::Author;
use shared::kernel::time::ApiTimestamp;
use utoipa::ToSchema;

use crate::media::{AltText, Media, MediaId, Sha256, State, StoredPicture};
use crate::rendition::Format;

/// A picture of a workspace.
#[derive(Debug, Serialize, ToSchema)]
pub struct MediaView {
    id: MediaId,
    state: MediaState,
    alt_text: Option<AltText>,
    created_by: Author,
    #[schema(value_type = String, format = DateTime)]
    created_at: ApiTimestamp,
    /// When an incomplete picture expires. Null once it is ready.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<ApiTimestamp>,
    /// The stored picture. Null until it is ready.
    picture: Option<PictureView>,
}

/// Whether the picture awaits its file or can be published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MediaState {
    AwaitingUpload,
    Ready,
}

/// The stored picture: the uploaded file re-encoded, without metadata.
#[derive(Debug, Serialize, ToSchema)]
pub struct PictureView {
    content_type: Format,
    size_bytes: u64,
    /// In pixels.
    width: u32,
    /// In pixels.
    height: u32,
    sha256: Sha256,
}

impl MediaView {
    pub fn id(&self) -> MediaId {
        self.id
    }
}

impl From<&Media> for MediaView {
    fn from(media: &Media) -> Self {
        let (state, expires_at, picture) = match media.state() {
            State::Awaiting { expires_at, .. } => (MediaState::AwaitingUpload, Some((*expires_at).into()), None),
            State::Ready { full, .. } => (MediaState::Ready, None, Some(PictureView::from(full))),
        };
        Self {
            id: media.id(),
            state,
            alt_text: media.alt_text().cloned(),
            created_by: media.created_by(),
            created_at: media.created_at().into(),
            expires_at,
            picture,
        }
    }
}

impl From<&StoredPicture> for PictureView {
    fn from(stored: &StoredPicture) -> Self {
        Self {
            content_type: stored.format,
            size_bytes: stored.size_bytes,
            width: stored.width,
            height: stored.height,
            sha256: stored.sha256.clone(),
        }
    }
}
