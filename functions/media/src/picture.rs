//! The picture pipeline: turns the bytes of an untrusted file into a picture that can be shown and published.
//!
//! A picture is recognised by its first bytes, decoded under limits, rotated upright, converted to sRGB and re-encoded.
//! Only the pixels of the file survive: no EXIF (GPS, serial numbers), no XMP, no comments, no colour profile, no
//! second image, no trailing data. A polyglot (a file that is both a picture and something else) comes out as the
//! picture alone.
//!
//! - **Types**: PNG, JPEG, GIF and WebP are accepted; JPEG stays JPEG, the others become PNG.
//! - **Animations** (GIF, APNG, WebP) are refused: publishing only the first frame would be a silent loss.
//! - **Size**: pictures come out with at most 4,096 pixels a side and 8,000,000 bytes, and with a compact rendition too
//!   if that exceeds 2,000,000 bytes (see [`crate::rendition`]).
//!
//! The pipeline is CPU work without `await`, on its own thread. Every step is bounded by the accepted number of pixels,
//! and between steps it checks whether the request was cancelled.

use std::io::Cursor;

use image::codecs::{gif::GifDecoder, jpeg::JpegDecoder, png::PngDecoder, webp::WebPDecoder};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, Limits, Rgb, RgbImage, Rgba};
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};
use shared::kernel::problems::{Problem, ProblemCode, Refusal};
use shared::kernel::worker::Cancellation;

use crate::problems;
pub use crate::rendition::Prepared;
use crate::rendition::{Format, Rendition};

/// The longest side of a file that is decoded, in pixels.
pub const MAX_SIDE: u32 = 12_000;

/// Width times height of a file that is decoded, in pixels. Only the rarest cameras exceed it.
pub const MAX_PIXELS: u64 = 50_000_000;

/// The maximum memory for decoded pixels, in bytes.
///
/// Decoding is the peak. A progressive JPEG also holds its coefficients (6 bytes a pixel, 300 MB at
/// the cap), the file is up to 20 MB, and the shrunken copy 67 MB: together under 700 MB, which the
/// function's memory must exceed.
pub const MAX_DECODED_BYTES: u64 = 256 * 1024 * 1024;

/// The longest side of a prepared picture, in pixels: the maximum that any platform shows (X, 4,096).
pub const MAX_PREPARED_SIDE: u32 = 4_096;

/// Why a file is refused as a picture.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PictureError {
    #[error(
        "The file is not a PNG, JPEG, GIF or WebP picture: its first bytes indicate {found}. Upload one of these \
         types."
    )]
    NotAPicture { found: &'static str },
    #[error(
        "The picture has {width} x {height} pixels. Scale it down to at most {} a side, {} in total and {} MiB in memory.",
        MAX_SIDE, MAX_PIXELS, MAX_DECODED_BYTES / 1_048_576
    )]
    TooManyPixels { width: u32, height: u32 },
    #[error("The picture is animated, and animations are not supported. Upload one frame of it as PNG or JPEG.")]
    Animated,
    #[error(
        "The picture is truncated, damaged, or of an unsupported variant. Save it again as PNG or JPEG and upload \
         that."
    )]
    Damaged,
}

impl Refusal for PictureError {
    fn problem(&self) -> ProblemCode {
        match self {
            Self::NotAPicture { .. } => problems::NOT_A_PICTURE,
            Self::TooManyPixels { .. } => problems::PICTURE_TOO_MANY_PIXELS,
            Self::Animated => problems::PICTURE_ANIMATED,
            Self::Damaged => problems::PICTURE_DAMAGED,
        }
    }
}

/// Converts a file to a picture, or returns why it cannot.
///
/// The same file always produces the same bytes, so that two completions of one upload agree.
pub fn prepare(file: &[u8], cancellation: &Cancellation) -> Result<Prepared, Problem> {
    let source = sniff(file)?;
    let image = decode(file, source)?;
    let format = if source == Source::Jpeg { Format::Jpeg } else { Format::Png };
    crate::rendition::render(image, format, cancellation)
}

/// A stored picture as JPEG of at most `max_bytes` bytes, for a platform that takes nothing else. What is transparent becomes white.
///
/// The same picture always produces the same bytes.
pub(crate) fn as_jpeg(stored: &[u8], max_bytes: usize, cancellation: &Cancellation) -> Result<Rendition, Problem> {
    crate::rendition::jpeg(on_white(decode(stored, sniff(stored)?)?), max_bytes, cancellation)
}

/// The picture in front of a white wall.
fn on_white(image: DynamicImage) -> DynamicImage {
    if !image.color().has_alpha() {
        return image;
    }
    let image = image.into_rgba8();
    let flat = RgbImage::from_fn(image.width(), image.height(), |x, y| {
        let Rgba([red, green, blue, alpha]) = *image.get_pixel(x, y);
        Rgb([red, green, blue].map(|colour| over_white(colour, alpha)))
    });
    DynamicImage::ImageRgb8(flat)
}

fn over_white(colour: u8, alpha: u8) -> u8 {
    let (colour, alpha, white) = (u16::from(colour), u16::from(alpha), u16::from(u8::MAX));
    u8::try_from((colour * alpha + white * (white - alpha) + white / 2) / white).unwrap_or(u8::MAX)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Png,
    Jpeg,
    Gif,
    WebP,
}

/// Detects the type from the first bytes alone; the client's claims about its file are never used.
fn sniff(file: &[u8]) -> Result<Source, PictureError> {
    match infer::get(file).map(|kind| kind.mime_type()) {
        Some("image/png") => Ok(Source::Png),
        Some("image/jpeg") => Ok(Source::Jpeg),
        Some("image/gif") => Ok(Source::Gif),
        Some("image/webp") => Ok(Source::WebP),
        found => Err(PictureError::NotAPicture { found: found.unwrap_or("an unknown type") }),
    }
}

/// Pixels with 8 bits a channel, upright, in sRGB, with an alpha channel only if it is used.
fn decode(file: &[u8], source: Source) -> Result<DynamicImage, PictureError> {
    let reader = Cursor::new(file);
    match source {
        Source::Png => {
            let decoder = PngDecoder::with_limits(reader, limits())?;
            if decoder.is_apng()? {
                return Err(PictureError::Animated);
            }
            pixels(decoder)
        }
        Source::Jpeg => {
            if !jpeg_is_whole(file) {
                return Err(PictureError::Damaged);
            }
            pixels(JpegDecoder::new(reader)?)
        }
        Source::Gif => {
            if gif_is_animated(file)? {
                return Err(PictureError::Animated);
            }
            pixels(GifDecoder::new(reader)?)
        }
        Source::WebP => {
            let decoder = WebPDecoder::new(reader)?;
            if decoder.has_animation() {
                return Err(PictureError::Animated);
            }
            pixels(decoder)
        }
    }
}

fn limits() -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    limits
}

fn pixels(mut decoder: impl ImageDecoder) -> Result<DynamicImage, PictureError> {
    let (width, height) = decoder.dimensions();
    // Only a GIF gets this far: its screen may have a size while its frame has none.
    if width == 0 || height == 0 {
        return Err(PictureError::Damaged);
    }
    // The header alone decides, before any memory is allocated for the size that it declares.
    let too_many = u64::from(width) * u64::from(height) > MAX_PIXELS || decoder.total_bytes() > MAX_DECODED_BYTES;
    if too_many || width.max(height) > MAX_SIDE {
        return Err(PictureError::TooManyPixels { width, height });
    }
    decoder.set_limits(limits())?;
    // Both are metadata, and broken metadata is no reason to refuse the picture.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let profile = decoder.icc_profile().ok().flatten();

    let mut image = DynamicImage::from_decoder(decoder).map_err(|error| match error {
        ImageError::Limits(_) => PictureError::TooManyPixels { width, height },
        _ => PictureError::Damaged,
    })?;
    if width.max(height) > MAX_PREPARED_SIDE {
        // A box filter over integers: the better filters of `image` keep the picture in memory as floats.
        image = image.thumbnail(MAX_PREPARED_SIDE, MAX_PREPARED_SIDE);
    }
    let mut image = simplify(image);
    if let Some(profile) = profile {
        image = to_srgb(image, &profile);
    }
    image.apply_orientation(orientation);
    Ok(image)
}

/// Eight bits a channel, and no alpha channel if every pixel is opaque.
fn simplify(image: DynamicImage) -> DynamicImage {
    if !image.color().has_alpha() {
        return DynamicImage::ImageRgb8(image.into_rgb8());
    }
    let image = image.into_rgba8();
    if image.as_raw().chunks_exact(4).all(|pixel| pixel[3] == u8::MAX) {
        return DynamicImage::ImageRgb8(DynamicImage::ImageRgba8(image).into_rgb8());
    }
    DynamicImage::ImageRgba8(image)
}

/// Applies a colour profile before it is dropped: a phone's wide-gamut picture (Display P3) would look pale without it.
/// A broken or non-RGB profile is ignored.
fn to_srgb(image: DynamicImage, profile: &[u8]) -> DynamicImage {
    let layout = if image.color().has_alpha() { Layout::Rgba } else { Layout::Rgb };
    let transform = ColorProfile::new_from_slice(profile)
        .ok()
        .filter(|profile| profile.color_space == DataColorSpace::Rgb)
        .and_then(|profile| {
            let srgb = ColorProfile::new_srgb();
            profile.create_transform_8bit(layout, &srgb, layout, TransformOptions::default()).ok()
        });
    let Some(transform) = transform else {
        return image;
    };
    let mut converted = image.clone();
    let done = match &mut converted {
        DynamicImage::ImageRgb8(pixels) => transform.transform(image.as_bytes(), pixels),
        DynamicImage::ImageRgba8(pixels) => transform.transform(image.as_bytes(), pixels),
        _ => return image,
    };
    if done.is_ok() { converted } else { image }
}

/// Whether a GIF has a second frame, without decoding any.
fn gif_is_animated(file: &[u8]) -> Result<bool, PictureError> {
    let mut options = gif::DecodeOptions::new();
    options.skip_frame_decoding(true);
    let mut decoder = options.read_info(Cursor::new(file)).map_err(|_| PictureError::Damaged)?;
    if decoder.next_frame_info().map_err(|_| PictureError::Damaged)?.is_none() {
        return Err(PictureError::Damaged);
    }
    // Anything may follow the first frame; only another frame counts.
    Ok(matches!(decoder.next_frame_info(), Ok(Some(_))))
}

/// Whether a JPEG reaches its end-of-image marker. The decoder does not check: it fills the missing part with grey, and
/// that picture would be published.
///
/// Within entropy-coded data a byte 0xFF is always followed by 0x00 or a restart marker (ITU-T T.81,
/// section B.1.1.5), so that any other marker there is a real one.
fn jpeg_is_whole(file: &[u8]) -> bool {
    let mut rest = file.get(2..).unwrap_or_default();
    loop {
        rest = match rest {
            [0xFF, 0xD9, ..] => return true,
            // Fill bytes; then the markers that have no length, and stuffed bytes.
            [0xFF, 0xFF, ..] => &rest[1..],
            [0xFF, 0x00 | 0x01 | 0xD0..=0xD8, ..] => &rest[2..],
            [0xFF, _, high, low, ..] => {
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                rest.get(2 + length..).unwrap_or_default()
            }
            [_, rest @ ..] => rest,
            [] => return false,
        };
    }
}

impl From<ImageError> for PictureError {
    fn from(_: ImageError) -> Self {
        Self::Damaged
    }
}

#[cfg(test)]
mod tests;
