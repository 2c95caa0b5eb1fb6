//! The checksum of secrets that people paste: secret scanners recognise it, and a mistyped secret is refused without a
//! read. It protects nothing.

use super::digest::{base64url, from_base64url};
use crate::kernel::secrets::SecretText;

/// The digits of a checksum. The largest CRC-32 has 6 in base 62.
pub const CHECKSUM_DIGITS: usize = 6;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// The reversed polynomial of CRC-32/ISO-HDLC, which zip, PNG and Ethernet use.
const POLYNOMIAL: u32 = 0xEDB8_8320;

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ POLYNOMIAL } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

/// CRC-32 in 6 digits of base 62, with leading zeros, as at the end of the tokens of GitHub.
pub fn checksum(text: &str) -> String {
    let mut left = crc32(text.as_bytes());
    let mut digits = [b'0'; CHECKSUM_DIGITS];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET.get((left % 62) as usize).copied().unwrap_or(b'0');
        left /= 62;
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

/// The text before its checksum; None if the checksum is another one.
pub fn checked(text: &str) -> Option<&str> {
    let at = text.len().checked_sub(CHECKSUM_DIGITS)?;
    let (payload, digits) = (text.get(..at)?, text.get(at..)?);
    (checksum(payload) == digits).then_some(payload)
}

/// A secret with these bytes: a prefix, the bytes in base64url, and the checksum of those letters.
pub fn secret_of(prefix: &str, bytes: &[u8]) -> SecretText {
    let payload = base64url(bytes);
    SecretText::new(format!("{prefix}{payload}{}", checksum(&payload)))
}

/// The bytes of such a text; None if the prefix or the checksum is another one.
pub fn bytes_of(prefix: &str, text: &str) -> Option<Vec<u8>> {
    from_base64url(checked(text.strip_prefix(prefix)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check value of the catalogue of CRC algorithms, and the one of the empty text.
    #[test]
    fn a_checksum_is_the_crc_that_others_compute() {
        assert_eq!((crc32(b"123456789"), crc32(b"")), (0xCBF4_3926, 0));
        assert_eq!((checksum(""), checksum("123456789")), ("000000".to_owned(), "3jZRME".to_owned()));
    }

    #[test]
    fn a_text_with_another_checksum_is_refused() {
        let good = format!("a-secret{}", checksum("a-secret"));
        assert_eq!(checked(&good), Some("a-secret"));
        for wrong in ["", "00000", &good[1..], &good.replace('a', "b"), &good.to_uppercase(), &format!("{good}0")] {
            assert_eq!(checked(wrong), None, "{wrong}");
        }
        assert_eq!(checked("000000"), Some(""));
    }
}
