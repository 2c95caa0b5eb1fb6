//! A ready picture with its bytes, for publishing.

use shared::kernel::problems::Problem;
use shared::tenancy::{Presentation, Scope, SignedDownload};

use crate::media::{Media, MediaId, Sha256};

/// A picture to be sent to a platform.
pub struct Publishable {
    pub bytes: Vec<u8>,
    /// `image/jpeg` or `image/png`.
    pub content_type: &'static str,
    /// None if the picture has no alt text.
    pub alt_text: Option<String>,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// The object that the bytes were read from, and its version.
    object: (String, String),
}

impl Publishable {
    /// An address from which a platform can fetch exactly these bytes, for 15 minutes. Needs `Grant::SignDownloads`.
    pub async fn signed(&self, scope: &Scope) -> Result<SignedDownload, Problem> {
        let (name, version) = &self.object;
        scope.sign_download(name, version, &Presentation::inline(self.content_type)).await
    }
}

/// Reads the largest rendition of at most `max_bytes` bytes, in the version that was recorded.
///
/// If that version is gone, the current one is used if it has the recorded SHA-256: a restored bucket has other
/// versions, and of two concurrent completions the first writer may have been recorded, whose version is noncurrent and
/// expires.
///
/// Needs `Grant::ReadItems` and `Grant::ReadObjects`. 404 if the picture does not exist; `media_not_ready` and
/// `media_too_large` as documented by [`crate::media::MediaError`].
pub async fn read(scope: &Scope, id: &MediaId, max_bytes: u64) -> Result<Publishable, Problem> {
    let media = scope.get::<Media>(id).await?;
    let stored = media.within(max_bytes)?;
    let object = match scope.read_object(&stored.name, Some(&stored.version), max_bytes).await? {
        Some(object) => Some(object),
        None => scope.read_object(&stored.name, None, max_bytes).await?,
    };
    let object = object.ok_or_else(|| Problem::internal(format!("{id} has no object {}", stored.name)))?;
    if Sha256::of(&object.bytes) != stored.sha256 {
        return Err(Problem::internal(format!(
            "{id}: the object {} differs from the one that was written",
            stored.name
        )));
    }
    Ok(Publishable {
        object: (stored.name.clone(), object.version),
        bytes: object.bytes,
        content_type: stored.format.content_type(),
        alt_text: media.alt_text().map(|text| text.as_str().to_owned()),
        width: stored.width,
        height: stored.height,
    })
}
