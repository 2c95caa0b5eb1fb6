//! What the picture pipeline accepts, refuses and strips.
#![allow(clippy::unwrap_used)]

use image::codecs::gif::GifEncoder;
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, Frame, GenericImageView, ImageEncoder, Rgb, RgbImage, Rgba, RgbaImage};

use super::*;
use crate::rendition::Rendition;
use crate::rendition::{COMPACT_MAX_BYTES, FULL_MAX_BYTES};

const RED: Rgb<u8> = Rgb([200, 30, 40]);
const BLUE: Rgb<u8> = Rgb([20, 60, 210]);

/// Red above, blue below.
fn flag(width: u32, height: u32) -> DynamicImage {
    RgbImage::from_fn(width, height, |_, y| if y < height / 2 { RED } else { BLUE }).into()
}

/// Pixels that no encoder can make smaller.
fn noise(width: u32, height: u32, alpha: Option<u8>) -> DynamicImage {
    let mut state = 7_u32;
    let image = RgbaImage::from_fn(width, height, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [_, red, green, blue] = state.to_le_bytes();
        Rgba([red, green, blue, alpha.unwrap_or(u8::MAX)])
    });
    match alpha {
        Some(_) => image.into(),
        None => DynamicImage::from(image).into_rgb8().into(),
    }
}

fn prepare(file: &[u8]) -> Result<Prepared, Problem> {
    super::prepare(file, &Cancellation::never())
}

fn png(image: &DynamicImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    image.write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png).unwrap();
    bytes
}

fn jpeg(image: &DynamicImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    image.write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Jpeg).unwrap();
    bytes
}

fn webp(image: &DynamicImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    let pixels = image.to_rgb8();
    WebPEncoder::new_lossless(&mut bytes)
        .write_image(&pixels, pixels.width(), pixels.height(), ExtendedColorType::Rgb8)
        .unwrap();
    bytes
}

fn gif(image: &DynamicImage, frames: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new(&mut bytes);
    for _ in 0..frames {
        encoder.encode_frame(Frame::new(image.to_rgba8())).unwrap();
    }
    drop(encoder);
    bytes
}

/// A chunk of a PNG with its checksum (CRC-32, PNG specification, annex D).
fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let body = [kind.as_slice(), data].concat();
    let mut crc = u32::MAX;
    for byte in &body {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    [&u32::try_from(data.len()).unwrap().to_be_bytes(), body.as_slice(), &(!crc).to_be_bytes()].concat()
}

/// A PNG with chunks behind its header.
fn png_with(png: &[u8], chunks: &[u8]) -> Vec<u8> {
    [&png[..33], chunks, &png[33..]].concat()
}

/// A JPEG with a segment behind its start.
fn jpeg_with(jpeg: &[u8], marker: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xFF, marker], &length, data, &jpeg[2..]].concat()
}

/// EXIF with an orientation and a place (Brandenburg Gate, 52.5163 N).
fn exif(orientation: u8) -> Vec<u8> {
    let mut tiff = b"Exif\0\0MM\0\x2A\0\0\0\x08".to_vec();
    tiff.extend([0, 2]);
    tiff.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]);
    tiff.extend([0x88, 0x25, 0, 4, 0, 0, 0, 1, 0, 0, 0, 38]);
    tiff.extend([0, 0, 0, 0]);
    tiff.extend([0, 2]);
    tiff.extend([0, 1, 0, 2, 0, 0, 0, 2, b'N', 0, 0, 0]);
    tiff.extend([0, 2, 0, 5, 0, 0, 0, 3, 0, 0, 0, 68]);
    tiff.extend([0, 0, 0, 0]);
    tiff.extend([0, 0, 0, 52, 0, 0, 0, 1, 0, 0, 0, 30, 0, 0, 0, 1, 0, 0, 58, 0xAC, 0, 0, 3, 0xE8]);
    tiff
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

fn code(file: &[u8]) -> &'static str {
    prepare(file).err().map_or("taken", |problem| problem.code())
}

fn near(left: Rgb<u8>, right: Rgb<u8>) -> bool {
    left.0.iter().zip(right.0).all(|(left, right)| left.abs_diff(right) <= 12)
}

fn pixel(rendition: &Rendition, x: u32, y: u32) -> Rgb<u8> {
    let [red, green, blue, _] = image::load_from_memory(&rendition.bytes).unwrap().get_pixel(x, y).0;
    Rgb([red, green, blue])
}

#[test]
fn the_four_accepted_types_become_jpeg_or_png() {
    let image = flag(32, 16);
    let cases = [
        (png(&image), Format::Png),
        (jpeg(&image), Format::Jpeg),
        (gif(&image, 1), Format::Png),
        (webp(&image), Format::Png),
    ];
    for (file, format) in cases {
        let prepared = prepare(&file).unwrap();
        assert_eq!((prepared.full.format, prepared.full.width, prepared.full.height), (format, 32, 16));
        assert_eq!(infer::get(&prepared.full.bytes).unwrap().mime_type(), format.content_type());
        assert!(near(pixel(&prepared.full, 16, 2), RED) && near(pixel(&prepared.full, 16, 13), BLUE));
        assert!(prepared.compact.is_none());
    }
}

#[test]
fn the_same_file_produces_the_same_bytes() {
    let file = jpeg(&noise(64, 64, None));
    assert_eq!(prepare(&file).unwrap().full.bytes, prepare(&file).unwrap().full.bytes);
}

#[test]
fn a_photograph_loses_its_location_and_is_rotated_upright() {
    // Orientation 6: the camera was held on its side, and the right side of the scene is above.
    let file = jpeg_with(&jpeg(&flag(64, 32)), 0xE1, &exif(6));
    assert!(contains(&file, b"Exif"));
    let full = prepare(&file).unwrap().full;
    assert_eq!((full.width, full.height), (32, 64));
    assert!(near(pixel(&full, 28, 32), RED) && near(pixel(&full, 3, 32), BLUE));
    assert!(!contains(&full.bytes, b"Exif"));
    assert!(!contains(&full.bytes, &exif(6)[60..]));
}

#[test]
fn metadata_and_trailing_data_are_stripped() {
    let note = b"note\0the author's home address";
    let png_file = [png_with(&png(&flag(8, 8)), &chunk(b"tEXt", note)), b"<script>alert(1)</script>".to_vec()].concat();
    let comment = jpeg_with(&jpeg(&flag(8, 8)), 0xFE, b"the author's home address");
    let jpeg_file = [comment, b"PK\x03\x04 an archive".to_vec()].concat();
    for file in [png_file, jpeg_file] {
        let bytes = prepare(&file).unwrap().full.bytes;
        for leftover in [b"home address".as_slice(), b"<script>", b"PK\x03\x04"] {
            assert!(!contains(&bytes, leftover));
        }
    }
}

#[test]
fn a_colour_profile_is_applied_and_dropped() {
    let profile = ColorProfile::new_display_p3().encode().unwrap();
    let mut file = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut file);
    encoder.set_icc_profile(profile).unwrap();
    let green = RgbImage::from_pixel(8, 8, Rgb([100, 200, 100]));
    encoder.write_image(&green, 8, 8, ExtendedColorType::Rgb8).unwrap();

    let full = prepare(&file).unwrap().full;
    assert!(contains(&file, b"iCCP") && !contains(&full.bytes, b"iCCP"));
    // The same colour has less red in sRGB, whose green is paler than that of Display P3.
    let [red, green, _] = pixel(&full, 4, 4).0;
    assert!(red < 70 && green > 200, "red {red}, green {green}");

    let broken = jpeg_with(&jpeg(&flag(8, 8)), 0xE2, b"ICC_PROFILE\0\x01\x01not a profile");
    assert_eq!(code(&broken), "taken");
}

#[test]
fn an_alpha_channel_is_kept_only_if_used() {
    let clear = DynamicImage::from(RgbaImage::from_pixel(4, 4, Rgba([9, 9, 9, 120])));
    let opaque = DynamicImage::from(RgbaImage::from_pixel(4, 4, Rgba([9, 9, 9, 255])));
    for (image, has_alpha) in [(clear, true), (opaque, false)] {
        let full = prepare(&png(&image)).unwrap().full;
        assert_eq!(image::load_from_memory(&full.bytes).unwrap().color().has_alpha(), has_alpha);
    }
}

#[test]
fn a_stored_picture_becomes_jpeg_on_white_within_a_limit() {
    let as_jpeg = |image: &DynamicImage, most| super::as_jpeg(&png(image), most, &Cancellation::never()).unwrap();
    let half = DynamicImage::from(RgbaImage::from_pixel(16, 16, Rgba([200, 0, 100, 128])));
    let flat = as_jpeg(&half, 2_000_000);
    assert_eq!((flat.format, flat.width, flat.height), (Format::Jpeg, 16, 16));
    assert!(near(pixel(&flat, 8, 8), Rgb([227, 127, 177])), "{:?}", pixel(&flat, 8, 8));
    assert!(near(pixel(&as_jpeg(&flag(32, 16), 2_000_000), 16, 2), RED));
    let large = as_jpeg(&noise(600, 400, Some(200)), 60_000);
    assert!(large.bytes.len() <= 60_000 && large.width < 600);
    assert_eq!((over_white(9, 255), over_white(9, 0), over_white(0, 128)), (9, 255, 127));
}

#[test]
fn a_file_of_another_type_is_refused_by_its_first_bytes() {
    let files: [&[u8]; 7] = [
        b"",
        b"PK\x03\x04\x14\0\0\0\x08\0 picture.png",
        b"%PDF-1.7",
        b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>",
        b"<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"/>",
        b"<!DOCTYPE html><img src=x onerror=alert(1)>",
        b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0",
    ];
    for file in files {
        assert_eq!(code(file), "not_a_picture", "{}", String::from_utf8_lossy(file));
    }
    let detail = prepare(files[1]).unwrap_err().detail().to_owned();
    assert!(detail.contains("application/zip"), "{detail}");
}

#[test]
fn a_script_behind_a_picture_signature_is_refused() {
    for file in [b"GIF89a=1;alert(document.domain)//".as_slice(), b"\xFF\xD8\xFF<html>", b"\x89PNG\r\n\x1A\n<svg/>"] {
        assert_eq!(code(file), "picture_damaged");
    }
    assert_eq!(code(b"RIFF\x10\0\0\0WEBPVP8 <script>"), "picture_damaged");
}

#[test]
fn a_truncated_file_is_refused() {
    let image = noise(64, 64, None);
    for file in [png(&image), jpeg(&image), webp(&image), gif(&image, 1)] {
        assert_eq!(code(&file), "taken");
        assert_eq!(code(&file[..file.len() / 2]), "picture_damaged");
        assert_eq!(code(&file[..20]), "picture_damaged");
    }
}

#[test]
fn an_oversized_picture_is_refused_by_its_header() {
    let header = |width: u32, height: u32, depth: u8, colour: u8| {
        let data = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[depth, colour, 0, 0, 0]].concat();
        [b"\x89PNG\r\n\x1A\n".to_vec(), chunk(b"IHDR", &data), chunk(b"IDAT", b""), chunk(b"IEND", b"")].concat()
    };
    // Too wide; too many pixels; too many bytes.
    for file in
        [header(60_000, 60_000, 8, 6), header(12_001, 1, 8, 2), header(9_000, 9_000, 1, 0), header(7_000, 7_000, 16, 6)]
    {
        assert_eq!(code(&file), "picture_too_many_pixels");
    }
    let mut file = jpeg(&flag(16, 16));
    let frame = file.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    file[frame + 5..frame + 9].copy_from_slice(&[0xFF, 0xFF, 0xFF, 0xFF]);
    assert_eq!(code(&file), "picture_too_many_pixels");

    let mut file = gif(&flag(16, 16), 1);
    file[6..10].copy_from_slice(&[0xFF, 0xFF, 0xFF, 0xFF]);
    assert_eq!(code(&file), "picture_too_many_pixels");

    // VP8L: 14 bits of width less one, then of height.
    let mut file = webp(&flag(16, 16));
    file[21..24].copy_from_slice(&[0xFE, 0xFF, 0xFF]);
    assert_eq!(code(&file), "picture_too_many_pixels");
}

/// Every format with a header that states a given size, built byte by byte.
///
/// PNG: `IHDR`, both as 32 bits. GIF: the logical screen at byte 6. JPEG: the frame header, height first. WebP: VP8
/// keeps 14 bits of each; VP8L and VP8X store them minus one, so that neither can be zero.
fn of_size(width: u16, height: u16) -> [(&'static str, Vec<u8>); 4] {
    let image = flag(16, 16);
    let png = {
        let data = [&u32::from(width).to_be_bytes()[..], &u32::from(height).to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
        let whole = png(&image);
        [&whole[..8], &chunk(b"IHDR", &data), &whole[33..]].concat()
    };
    let mut jpeg = jpeg(&image);
    let frame = jpeg.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    jpeg[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    jpeg[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    let mut gif = gif(&image, 1);
    gif[6..8].copy_from_slice(&width.to_le_bytes());
    gif[8..10].copy_from_slice(&height.to_le_bytes());
    let webp = {
        // A key frame, its start code and its size (RFC 6386, section 9.1), and a partition of zeros.
        let size = [width.to_le_bytes(), height.to_le_bytes()].concat();
        let data = [&[0x10, 0x02, 0x00, 0x9D, 0x01, 0x2A][..], &size, &[0; 64]].concat();
        riff(b"RIFF", &[b"WEBP".to_vec(), riff(b"VP8 ", &data)].concat())
    };
    [("png", png), ("jpeg", jpeg), ("gif", gif), ("webp", webp)]
}

/// A chunk of a RIFF file, of an even length.
fn riff(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    [kind.as_slice(), &u32::try_from(data.len()).unwrap().to_le_bytes(), data].concat()
}

#[test]
fn a_picture_without_width_or_height_is_refused_as_damaged() {
    for (width, height) in [(0, 0), (0, 16), (16, 0)] {
        for (format, file) in of_size(width, height) {
            assert_eq!(code(&file), "picture_damaged", "{format} of {width} x {height}");
        }
    }
    // A screen of 16 x 16 whose only frame has no pixels: the frame's descriptor begins with a comma.
    let whole = gif(&flag(16, 16), 1);
    let frame = whole.windows(5).position(|bytes| bytes == [b',', 0, 0, 0, 0]).unwrap();
    for (width, height) in [(0_u16, 0_u16), (0, 16), (16, 0)] {
        let mut file = whole.clone();
        file[frame + 5..frame + 7].copy_from_slice(&width.to_le_bytes());
        file[frame + 7..frame + 9].copy_from_slice(&height.to_le_bytes());
        assert_eq!(code(&file), "picture_damaged", "a frame of {width} x {height}");
    }
}

#[test]
fn a_picture_one_pixel_wide_or_high_is_accepted() {
    for (width, height) in [(1, 1), (1, 16), (16, 1), (1, 5_000), (5_000, 1)] {
        let image = flag(width, height);
        for file in [png(&image), jpeg(&image), gif(&image, 1), webp(&image)] {
            let full = prepare(&file).unwrap().full;
            assert_eq!((full.width, full.height), (width.min(MAX_PREPARED_SIDE), height.min(MAX_PREPARED_SIDE)));
        }
    }
}

#[test]
fn an_animation_is_refused() {
    assert_eq!(code(&gif(&flag(8, 8), 2)), "picture_animated");
    let control = chunk(b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]);
    assert_eq!(code(&png_with(&png(&flag(8, 8)), &control)), "picture_animated");

    let still = webp(&flag(8, 8));
    let frame = riff(b"ANMF", &[&[0, 0, 0, 0, 0, 0, 7, 0, 0, 7, 0, 0, 100, 0, 0, 0], &still[12..]].concat());
    let body = [
        b"WEBP".to_vec(),
        riff(b"VP8X", &[2, 0, 0, 0, 7, 0, 0, 7, 0, 0]),
        riff(b"ANIM", &[0; 6]),
        frame.clone(),
        frame,
    ]
    .concat();
    assert_eq!(code(&riff(b"RIFF", &body)), "picture_animated");
}

#[test]
fn a_long_side_is_scaled_down_to_the_platforms_maximum() {
    let full = prepare(&png(&flag(5_000, 40))).unwrap().full;
    assert_eq!((full.width, full.height), (4_096, 33));
}

#[test]
fn a_picture_over_the_byte_limit_is_scaled_until_it_fits() {
    let photograph = prepare(&png(&noise(1_700, 1_700, None))).unwrap();
    assert_eq!(photograph.full.format, Format::Jpeg);
    let graphic = prepare(&png(&noise(1_500, 1_500, Some(99)))).unwrap();
    assert_eq!(graphic.full.format, Format::Png);
    for prepared in [photograph, graphic] {
        let compact = prepared.compact.unwrap();
        assert!(prepared.full.bytes.len() <= FULL_MAX_BYTES, "{:?}", prepared.full);
        assert!((1_000_000..=COMPACT_MAX_BYTES).contains(&compact.bytes.len()), "{compact:?}");
        assert_eq!(compact.format, prepared.full.format);
        assert_eq!(image::load_from_memory(&compact.bytes).unwrap().dimensions(), (compact.width, compact.height));
    }
}

#[test]
fn a_damaged_file_never_panics() {
    let image = noise(24, 24, None);
    let mut state = 1_u64;
    for file in [png(&image), jpeg(&image), webp(&image), gif(&image, 1)] {
        for _ in 0..400 {
            let mut damaged = file.clone();
            for _ in 0..3 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let at = usize::try_from(state >> 33).unwrap() % damaged.len();
                damaged[at] = state.to_le_bytes()[3];
            }
            // The result is either a picture or a refusal.
            assert!(prepare(&damaged).map_or_else(|problem| problem.status() == 422, |_| true));
        }
    }
}
