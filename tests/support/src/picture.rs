//! A picture to upload.

use shared::crypto::digest::from_base64;

/// A PNG of eight by eight pixels.
const DOT: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mM4YSOCFTEMLQkAh11GAShFWoUAAAAASUVORK5CYII=";

pub fn dot() -> Vec<u8> {
    from_base64(DOT).unwrap()
}
