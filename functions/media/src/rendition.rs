//! Renditions: a picture encoded within a byte limit.
//!
//! The full rendition has at most 8,000,000 bytes. If it exceeds 2,000,000, a compact one is made as well, for
//! platforms that accept no more (Bluesky). An oversized rendition becomes JPEG if it is opaque, because PNG compresses
//! photographs badly; then it is scaled down until it fits, because a smaller picture looks better than one with
//! visible blocks. A transparent picture stays PNG and is only scaled down.
//!
//! A platform that takes JPEG alone (Instagram) gets a PNG as a flat rendition, which is made when it is published.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{DynamicImage, ImageEncoder};
use serde::{Deserialize, Serialize};
use shared::kernel::problems::Problem;
use shared::kernel::worker::Cancellation;
use utoipa::ToSchema;

/// The maximum bytes of a full rendition: Instagram accepts no more.
pub const FULL_MAX_BYTES: usize = 8_000_000;

/// The maximum bytes of a compact rendition: Bluesky accepts no more (`app.bsky.embed.images`, `maxSize`).
pub const COMPACT_MAX_BYTES: usize = 2_000_000;

/// Of 100. Above it, files grow without a visible difference.
const JPEG_QUALITY: u8 = 88;

/// A picture ready to be stored.
#[derive(Debug)]
pub struct Prepared {
    /// At most 8,000,000 bytes (Instagram's limit, the next above Bluesky's).
    pub full: Rendition,
    /// At most 2,000,000 bytes (`app.bsky.embed.images`, lexicon field `maxSize`); only present if `full` is larger
    /// than that.
    pub compact: Option<Rendition>,
}

/// An encoded picture.
pub struct Rendition {
    pub bytes: Vec<u8>,
    pub format: Format,
    /// In pixels, from 1.
    pub width: u32,
    /// In pixels, from 1.
    pub height: u32,
}

/// The two types that a stored picture can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PictureFormat)]
pub enum Format {
    #[serde(rename = "image/jpeg")]
    Jpeg,
    #[serde(rename = "image/png")]
    Png,
}

impl Format {
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }

    /// The extension of the object's name, chosen by the server.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }
}

/// Encodes a picture with 8 bits a channel in the given format, or in one that fits.
pub(crate) fn render(image: DynamicImage, format: Format, cancellation: &Cancellation) -> Result<Prepared, Problem> {
    let encode = |image: &DynamicImage, format| cancellation.check().and_then(|()| encode(image, format));
    let full = fit(&image, format, FULL_MAX_BYTES, encode)?;
    let compact = match full.bytes.len() > COMPACT_MAX_BYTES {
        true => Some(fit(&image, format, COMPACT_MAX_BYTES, encode)?),
        false => None,
    };
    Ok(Prepared { full, compact })
}

/// Encodes an opaque picture as JPEG within a limit.
pub(crate) fn jpeg(image: DynamicImage, max_bytes: usize, cancellation: &Cancellation) -> Result<Rendition, Problem> {
    fit(&image, Format::Jpeg, max_bytes, |image, format| cancellation.check().and_then(|()| encode(image, format)))
}

fn fit(
    image: &DynamicImage,
    format: Format,
    max_bytes: usize,
    encode: impl Fn(&DynamicImage, Format) -> Result<Rendition, Problem>,
) -> Result<Rendition, Problem> {
    let mut rendition = encode(image, format)?;
    if rendition.bytes.len() > max_bytes && format == Format::Png && !image.color().has_alpha() {
        rendition = encode(image, Format::Jpeg)?;
    }
    while rendition.bytes.len() > max_bytes {
        // Bytes grow roughly with the area, so the square root of the ratio is the next guess for the side. It shrinks
        // by at least a tenth, so the loop ends after a few iterations, at one pixel at the latest.
        let ratio = (max_bytes as f64 / rendition.bytes.len() as f64).sqrt() * 0.97;
        let side = f64::from(rendition.width.max(rendition.height)) * ratio.min(0.9);
        let side = (side as u32).max(1);
        rendition = encode(&image.thumbnail(side, side), rendition.format)?;
    }
    Ok(rendition)
}

fn encode(image: &DynamicImage, format: Format) -> Result<Rendition, Problem> {
    let mut bytes = Vec::new();
    let (width, height, color) = (image.width(), image.height(), image.color().into());
    match format {
        Format::Jpeg => {
            JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY).write_image(image.as_bytes(), width, height, color)
        }
        Format::Png => PngEncoder::new_with_quality(&mut bytes, CompressionType::Default, FilterType::Adaptive)
            .write_image(image.as_bytes(), width, height, color),
    }
    .map_err(Problem::internal)?;
    Ok(Rendition { bytes, format, width, height })
}

/// Without the bytes.
impl std::fmt::Debug for Rendition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { bytes, format, width, height } = self;
        write!(f, "{width} x {height} {} in {} bytes", format.content_type(), bytes.len())
    }
}
