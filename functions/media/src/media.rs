//! A picture of a workspace: declared, then uploaded, then ready to be published.
//!
//! A picture is `awaiting_upload` for at most a day, and is then deleted. Once ready it never changes, so a post shows
//! exactly the picture that was checked.

use std::borrow::Borrow;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use shared::crypto::digest::{base64, from_base64, sha256};
use shared::http::UserLimit;
use shared::kernel::author::Author;
use shared::kernel::ids::{Id, Identified};
use shared::kernel::problems::{Problem, ProblemCode, Refusal};
use shared::kernel::time::after;
use shared::kernel::visible_text::{Unreadable, lines, without_unseen_ends};
use shared::kernel::whole_number::WholeNumber;
use shared::table::Entity;
use shared::tenancy::{Limit, Scope};
use utoipa::ToSchema;

use crate::problems;
use crate::rendition::{Format, Rendition};

/// The maximum size of an upload.
///
/// The product's limit of 50 MB is for video. A whole picture is held in memory together with its pixels, and no camera
/// writes a larger JPEG of 50 megapixels (the maximum that is decoded).
pub const MAX_UPLOAD_BYTES: u64 = 20_000_000;
/// The largest file that a plan allows.
pub const UPLOAD_BYTES: Limit = Limit::named("upload_bytes");
/// The bytes of all stored renditions. A file in quarantine, which expires in a day, does not count.
pub const STORAGE_BYTES: Limit = Limit::named("storage_bytes");

/// Counts the bytes of the stored renditions.
pub async fn count_stored_bytes(workspace: &Scope) -> Result<u64, Problem> {
    workspace.total::<Media>("", Media::stored_bytes).await
}

/// How many uploads a user may create, and how many they may complete, whether or not the file is accepted (claim 37).
pub const UPLOADS: UserLimit = UserLimit { requests: 30, seconds: 300 };

/// The maximum characters of an alt text: Bluesky's own clients accept no more.
pub const MAX_ALT_TEXT: usize = 2_000;

/// How long a picture may await its upload. Objects in quarantine expire after the same time.
const UPLOAD_WAIT: SignedDuration = SignedDuration::from_hours(24);

pub type MediaId = Id<Media>;

/// One picture.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Media {
    id: MediaId,
    alt_text: Option<AltText>,
    created_by: Author,
    created_at: Timestamp,
    state: State,
}

/// The state of a picture.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Declared, but not checked yet.
    Awaiting { size_bytes: SizeBytes, sha256: Sha256, expires_at: Timestamp },
    /// Checked, re-encoded and stored.
    Ready {
        full: StoredPicture,
        /// Present if `full` has more than 2,000,000 bytes.
        compact: Option<StoredPicture>,
    },
}

/// A rendition in the workspace's storage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredPicture {
    /// The object's name within the workspace, chosen by the server.
    pub name: String,
    /// The one version of the object that was written for this picture.
    pub version: String,
    pub format: Format,
    pub size_bytes: u64,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    pub sha256: Sha256,
}

impl Identified for Media {
    const PREFIX: &'static str = "media";
    const NAME: &'static str = "Media";
}

impl Entity for Media {
    const KIND: &'static str = "MEDIA";
    type Key = MediaId;

    fn key(&self) -> impl Borrow<Self::Key> {
        self.id
    }

    fn expires_at(&self) -> Option<Timestamp> {
        match self.state {
            State::Awaiting { expires_at, .. } => Some(expires_at),
            State::Ready { .. } => None,
        }
    }
}

impl Media {
    /// A declared picture: only its size and checksum are known.
    pub fn announced(
        id: MediaId,
        size_bytes: SizeBytes,
        sha256: Sha256,
        alt_text: Option<AltText>,
        created_by: Author,
        now: Timestamp,
    ) -> Self {
        let state = State::Awaiting { size_bytes, sha256, expires_at: after(now, UPLOAD_WAIT) };
        Self { id, alt_text, created_by, created_at: now, state }
    }

    pub fn id(&self) -> MediaId {
        self.id
    }

    pub fn alt_text(&self) -> Option<&AltText> {
        self.alt_text.as_ref()
    }

    pub fn created_by(&self) -> Author {
        self.created_by
    }

    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    /// The full rendition, if the picture is ready to be used in a post.
    pub fn ready(&self) -> Result<&StoredPicture, MediaError> {
        match &self.state {
            State::Ready { full, .. } => Ok(full),
            State::Awaiting { .. } => Err(MediaError::NotReady(self.id)),
        }
    }

    /// The largest rendition that a platform with this limit accepts.
    pub fn within(&self, max_bytes: u64) -> Result<&StoredPicture, MediaError> {
        let full = self.ready()?;
        let compact = match &self.state {
            State::Ready { compact, .. } => compact.as_ref(),
            State::Awaiting { .. } => None,
        };
        [Some(full), compact]
            .into_iter()
            .flatten()
            .find(|stored| stored.size_bytes <= max_bytes)
            .ok_or(MediaError::TooLarge { id: self.id, max_bytes })
    }

    /// Checks the uploaded bytes against the declared size and checksum.
    pub fn verify(&self, bytes: &[u8]) -> Result<(), MediaError> {
        match &self.state {
            State::Awaiting { size_bytes, sha256, .. }
                if size_bytes.0 != bytes.len() as u64 || *sha256 != Sha256::of(bytes) =>
            {
                Err(MediaError::UploadDiffers)
            }
            _ => Ok(()),
        }
    }

    /// Records the stored renditions. A picture that is already ready stays unchanged.
    pub fn complete(&mut self, full: StoredPicture, compact: Option<StoredPicture>) {
        if let State::Awaiting { .. } = self.state {
            self.state = State::Ready { full, compact };
        }
    }

    /// The bytes that it takes in storage: none before it is ready.
    pub fn stored_bytes(&self) -> u64 {
        match &self.state {
            State::Awaiting { .. } => 0,
            State::Ready { full, compact } => {
                full.size_bytes + compact.as_ref().map_or(0, |compact| compact.size_bytes)
            }
        }
    }

    /// The name of a rendition's object. The client's file name is never used.
    pub fn object_name(&self, rendition: &Rendition, role: RenditionRole) -> String {
        let extension = rendition.format.extension();
        match role {
            RenditionRole::Full => format!("{}.{extension}", self.id),
            RenditionRole::Compact => format!("{}.compact.{extension}", self.id),
            RenditionRole::Flat => format!("{}.flat.{extension}", self.id),
        }
    }
}

/// The role of a rendition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenditionRole {
    Full,
    Compact,
    /// JPEG of a picture that is stored as PNG. It is not recorded, because it can be made again.
    Flat,
}

/// A number of bytes, from 1 to 20,000,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(from = "UploadSize")]
#[schema(value_type = u64, minimum = 1, maximum = 20_000_000)]
pub struct SizeBytes(u64);

impl SizeBytes {
    pub fn get(self) -> u64 {
        self.0
    }
}

type UploadSize = WholeNumber<1, { MAX_UPLOAD_BYTES as u32 }>;

impl From<UploadSize> for SizeBytes {
    fn from(size_bytes: UploadSize) -> Self {
        Self(size_bytes.get().into())
    }
}

/// A SHA-256 in base64, in the format of S3: 44 characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, pattern = "^[A-Za-z0-9+/]{43}=$")]
pub struct Sha256(String);

impl Sha256 {
    pub fn of(bytes: &[u8]) -> Self {
        Self(base64(&sha256(bytes)))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Sha256 {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match from_base64(&text) {
            Some(digest) if digest.len() == 32 => Ok(Self(text)),
            _ => Err("must be the file's SHA-256 in base64, 44 characters"),
        }
    }
}

/// The alt text: a description of the picture for people who cannot see it. 1 to 2,000 characters, at least one of them
/// visible.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, min_length = 1, max_length = 2_000)]
pub struct AltText(String);

impl AltText {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is not a valid description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAltText {
    #[error("must have 1 to 2,000 characters")]
    WrongLength,
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
}

impl TryFrom<String> for AltText {
    type Error = NotAnAltText;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text = lines(&without_unseen_ends(&text))?;
        if text.chars().count() > MAX_ALT_TEXT { Err(NotAnAltText::WrongLength) } else { Ok(Self(text)) }
    }
}

/// Why an operation on a picture is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MediaError {
    #[error("No file was uploaded. PUT it to the signed URL first, with the headers of that response.")]
    NotUploaded,
    #[error("The uploaded file does not match the declared size or SHA-256. Create a new upload for it.")]
    UploadDiffers,
    #[error("Another request completed this upload at the same time. Read the picture.")]
    AlreadyCompleted,
    #[error("The picture {0} is not ready: upload its file and complete the upload.")]
    NotReady(MediaId),
    #[error("The picture {id} has no rendition of at most {max_bytes} bytes. Upload a smaller picture.")]
    TooLarge { id: MediaId, max_bytes: u64 },
    #[error(
        "The workspace's plan allows files of up to {max_bytes} bytes. Upload a smaller file, or upgrade the \
         plan."
    )]
    OverPlanLimit { max_bytes: u64 },
    #[error("The workspace's plan allows {limit} bytes of stored files, and this one does not fit. Upgrade the plan.")]
    StorageFull { limit: u64 },
}

impl Refusal for MediaError {
    fn problem(&self) -> ProblemCode {
        match self {
            Self::NotUploaded => problems::MEDIA_NOT_UPLOADED,
            Self::UploadDiffers => problems::MEDIA_UPLOAD_DIFFERS,
            Self::AlreadyCompleted => problems::MEDIA_ALREADY_COMPLETED,
            Self::NotReady(_) => problems::MEDIA_NOT_READY,
            Self::TooLarge { .. } => problems::MEDIA_TOO_LARGE,
            Self::OverPlanLimit { .. } => problems::MEDIA_OVER_PLAN_LIMIT,
            Self::StorageFull { .. } => problems::STORAGE_FULL,
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::NotReady(_) | Self::TooLarge { .. } => Some("media_ids"),
            Self::OverPlanLimit { .. } => Some("size_bytes"),
            Self::NotUploaded | Self::UploadDiffers | Self::AlreadyCompleted | Self::StorageFull { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests;
