//! A ready picture with its bytes, for publishing.

use shared::kernel::problems::Problem;
use shared::kernel::worker::Worker;
use shared::tenancy::{Presentation, Scope, SignedDownload};

use crate::media::{Media, MediaId, RenditionRole, Sha256, StoredPicture};
use crate::picture;
use crate::rendition::{Format, Rendition};

/// At most one picture is in memory at a time.
static WORKER: Worker = Worker::new();

/// What a platform takes.
#[derive(Clone, Debug)]
pub struct Accepted {
    pub max_bytes: u64,
    pub formats: Vec<Format>,
}

impl Accepted {
    /// The format in which the platform gets a picture that is stored in this one.
    pub fn format_of(&self, stored: Format) -> Format {
        if !self.formats.contains(&stored) && self.formats.contains(&Format::Jpeg) { Format::Jpeg } else { stored }
    }
}

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

/// Reads the largest rendition that a platform takes, in the version that was recorded. A PNG is stored as JPEG first, if the platform
/// takes only that.
///
/// If that version is gone, the current one is used if it has the recorded SHA-256: a restored bucket has other
/// versions, and of two concurrent completions the first writer may have been recorded, whose version is noncurrent and
/// expires.
///
/// Needs `Grant::ReadItems` and `Grant::ReadRenditions`, and `Grant::WriteObjects` if the platform does not take PNG. 404 if the
/// picture does not exist; `media_not_ready` and `media_too_large` as documented by [`crate::media::MediaError`].
pub async fn read(scope: &Scope, id: &MediaId, accepted: &Accepted) -> Result<Publishable, Problem> {
    let media = scope.get::<Media>(id).await?;
    let stored = media.within(accepted.max_bytes)?;
    let (bytes, version) = read_recorded(scope, (id, stored), accepted.max_bytes).await?;
    let alt_text = media.alt_text().map(|text| text.as_str().to_owned());
    if accepted.format_of(stored.format) != stored.format {
        let most = usize::try_from(accepted.max_bytes).map_err(Problem::internal)?;
        let flat = WORKER.run(move |cancellation| picture::as_jpeg(&bytes, most, cancellation)).await?;
        let name = media.object_name(&flat, RenditionRole::Flat);
        let Rendition { bytes, format, width, height } = flat;
        let content_type = format.content_type();
        // Written each time: the bytes are the same, and what was written before is not trusted without a recorded digest.
        let version = scope.write_object(&name, content_type, bytes.clone()).await?;
        return Ok(Publishable { object: (name, version), bytes, content_type, alt_text, width, height });
    }
    Ok(Publishable {
        object: (stored.name.clone(), version),
        bytes,
        content_type: stored.format.content_type(),
        alt_text,
        width: stored.width,
        height: stored.height,
    })
}

/// The bytes of a rendition, and the version that has them.
async fn read_recorded(
    scope: &Scope,
    (id, stored): (&MediaId, &StoredPicture),
    max_bytes: u64,
) -> Result<(Vec<u8>, String), Problem> {
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
    Ok((object.bytes, object.version))
}
