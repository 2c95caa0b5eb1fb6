//! A passkey's public key: parsed from COSE (RFC 9053), stored, and used to verify signatures.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::{Deserialize, Serialize};
use shared::crypto::digest::hex;

use crate::webauthn::cbor::Value;
use crate::webauthn::octets::Octets;

/// The supported algorithms by their numbers in the IANA registry "COSE Algorithms", in order of preference.
pub const ALGORITHMS: [i64; 3] = [EDDSA, ES256, RS256];
const EDDSA: i64 = -8;
const ES256: i64 = -7;
const RS256: i64 = -257;

/// The only public exponent in use; any other suggests a broken authenticator.
const EXPONENT: [u8; 3] = [1, 0, 1];
/// 2,048 to 4,096 bits.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=512;
/// Bytes of a coordinate of P-256, leading zeros included (RFC 9053, section 7.1.1).
const COORDINATE_BYTES: usize = 32;
/// The y coordinates of the eight points of edwards25519 whose order divides the cofactor, 8 (RFC 8032, section 5.1). With
/// such a key, a signature made without any private key is valid for every message, or for every second, fourth or eighth.
/// RFC 8032 does not require a verifier to refuse them, and aws-lc accepts them.
const SMALL_ORDER: [&str; 5] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

/// A public key of one of the algorithms that we offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "algorithm")]
pub enum PasskeyKey {
    EdDSA {
        point: Octets<32>,
    },
    ES256 {
        /// Uncompressed: 4, x, y (SEC 1, section 2.3.3).
        point: Octets<65>,
    },
    RS256 {
        modulus: Octets<512>,
    },
}

impl PasskeyKey {
    /// Parses a COSE key. `None` for an unsupported algorithm or curve, or an invalid key.
    pub fn read(cose: &Value<'_>) -> Option<Self> {
        let integer = |label| match cose.numbered(label) {
            Some(Value::Integer(integer)) => Some(*integer),
            _ => None,
        };
        let bytes = |label| cose.numbered(label).and_then(Value::bytes);
        match (integer(1)?, integer(3)?) {
            (1, EDDSA) if integer(-1)? == 6 => {
                let point = bytes(-2)?.try_into().ok()?;
                is_sound_ed25519(point).then_some(Self::EdDSA { point: Octets::from(point) })
            }
            (2, ES256) if integer(-1)? == 1 => {
                let coordinate = |label| bytes(label).filter(|bytes| bytes.len() == COORDINATE_BYTES);
                let point = [&[4], coordinate(-2)?, coordinate(-3)?].concat();
                let is_on_curve = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &point).parse().is_ok();
                is_on_curve.then_some(Self::ES256 { point: Octets::of(&point)? })
            }
            (3, RS256) if bytes(-2)? == EXPONENT => {
                let modulus = bytes(-1)?;
                let is_sound = MODULUS_BYTES.contains(&modulus.len())
                    && modulus.first().is_some_and(|first| modulus.len() > *MODULUS_BYTES.start() || *first >= 0x80)
                    && modulus.first() != Some(&0)
                    && modulus.last().is_some_and(|last| last % 2 == 1);
                is_sound.then_some(Self::RS256 { modulus: Octets::of(modulus)? })
            }
            _ => None,
        }
    }

    /// A key to verify with if there is no passkey, so that verification takes equally long: the base point of P-256
    /// (SEC 2, section
    /// 2.4.2), because most passkeys are ES256. Its private key is 1, so a signature that it verifies proves nothing.
    pub fn stand_in() -> Self {
        const BASE_POINT: &[u8; 65] = b"\x04\
            \x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2\
            \x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96\
            \x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16\
            \x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5";
        Self::ES256 { point: Octets::from(BASE_POINT) }
    }

    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let verified = match self {
            Self::EdDSA { point } => UnparsedPublicKey::new(&ED25519, point.as_slice()).verify(message, signature),
            Self::ES256 { point } => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point.as_slice()).verify(message, signature)
            }
            Self::RS256 { modulus } => RsaPublicKeyComponents { n: modulus.as_slice(), e: &EXPONENT[..] }.verify(
                &RSA_PKCS1_2048_8192_SHA256,
                message,
                signature,
            ),
        };
        verified.is_ok()
    }
}

/// Whether an encoded point is a safe public key: its y is below 2^255 - 19, so the encoding is canonical (RFC 8032,
/// section 5.1.3), and its order is not small, so only the holder of the private key can sign.
fn is_sound_ed25519(point: &[u8; 32]) -> bool {
    let mut y = *point;
    // The highest bit is the sign of x.
    y[31] &= 0x7f;
    let is_canonical = y[0] < 0xed || y[1..31].iter().any(|byte| *byte != 0xff) || y[31] != 0x7f;
    is_canonical && !SMALL_ORDER.contains(&hex(&y).as_str())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};

    use super::*;
    use crate::webauthn::octets::from_hex;

    fn key(members: Vec<(i64, Value<'_>)>) -> Option<PasskeyKey> {
        PasskeyKey::read(&Value::Map(
            members.into_iter().map(|(label, value)| (Value::Integer(label), value)).collect(),
        ))
    }

    fn rsa(modulus: &[u8], exponent: &[u8]) -> Option<PasskeyKey> {
        use Value::{Bytes, Integer};
        key(vec![(1, Integer(3)), (3, Integer(RS256)), (-1, Bytes(modulus)), (-2, Bytes(exponent))])
    }

    #[test]
    fn an_invalid_or_unsupported_key_is_refused() {
        use Value::{Bytes, Integer};
        let pair = Ed25519KeyPair::generate().unwrap();
        let point = pair.public_key().as_ref();
        let ed25519 = |algorithm, curve, point| {
            key(vec![(1, Integer(1)), (3, Integer(algorithm)), (-1, Integer(curve)), (-2, Bytes(point))])
        };
        let read = ed25519(EDDSA, 6, point).unwrap();
        let signature = pair.sign(b"message");
        assert!(read.verifies(b"message", signature.as_ref()) && !read.verifies(b"massage", signature.as_ref()));
        for wrong in [ed25519(ES256, 6, point), ed25519(EDDSA, 7, point), ed25519(EDDSA, 6, &point[1..])] {
            assert_eq!(wrong, None);
        }
        // A point that is not on the curve, and compressed points.
        let p256 =
            |y| key(vec![(1, Integer(2)), (3, Integer(ES256)), (-1, Integer(1)), (-2, Bytes(&[7; 32])), (-3, y)]);
        assert_eq!((p256(Bytes(&[7; 32])), p256(Value::Other), p256(Bytes(&[]))), (None, None, None));

        assert!(rsa(&[0xff; 256], &EXPONENT).is_some() && rsa(&[0xff; 512], &EXPONENT).is_some());
        for (modulus, exponent) in [
            (&[0xff; 255][..], &EXPONENT[..]),
            (&[0x7f; 256], &EXPONENT),
            (&[0xff; 513], &EXPONENT),
            (&[0xfe; 256], &EXPONENT),
            (&[&[0][..], &[0xff; 256]].concat(), &EXPONENT),
            (&[0xff; 256], &[3]),
        ] {
            assert_eq!(rsa(modulus, exponent), None, "{} bytes", modulus.len());
        }
        assert_eq!(key(vec![(1, Integer(1))]), None);
        assert_eq!(PasskeyKey::read(&Integer(1)), None);
    }

    fn ed25519(point: &[u8]) -> Option<PasskeyKey> {
        use Value::{Bytes, Integer};
        key(vec![(1, Integer(1)), (3, Integer(EDDSA)), (-1, Integer(6)), (-2, Bytes(point))])
    }

    /// A point by its y, with either sign of x.
    fn with_both_signs(y: [u8; 32]) -> [[u8; 32]; 2] {
        let mut other = y;
        other[31] |= 0x80;
        [y, other]
    }

    #[test]
    fn an_ed25519_point_of_small_order_is_refused() {
        // R is the identity and S is 0: valid if the digest of R, key and message is a multiple of the key's order.
        let mut forged = [0; 64];
        forged[0] = 1;
        for y in SMALL_ORDER.map(|y| from_hex(y).try_into().unwrap()) {
            for point in with_both_signs(y) {
                assert_eq!(ed25519(&point), None, "{}", hex(&point));
            }
            let unchecked = PasskeyKey::EdDSA { point: Octets::from(&y) };
            let accepted = (0..200_u8).filter(|message| unchecked.verifies(&[*message], &forged)).count();
            assert!(accepted > 0, "{} has a large order", hex(&y));
        }
    }

    #[test]
    fn an_ed25519_point_with_a_non_canonical_y_is_refused() {
        for low in 0xed..=0xff {
            let mut y = [0xff; 32];
            (y[0], y[31]) = (low, 0x7f);
            for point in with_both_signs(y) {
                assert_eq!(ed25519(&point), None, "{}", hex(&point));
            }
            // The same low byte with a smaller y.
            y[16] = 0xfe;
            assert!(ed25519(&y).is_some());
        }
    }

    #[test]
    fn a_p256_point_off_the_curve_or_not_canonical_is_refused() {
        use Value::{Bytes, Integer};
        let p256 =
            |x, y| key(vec![(1, Integer(2)), (3, Integer(ES256)), (-1, Integer(1)), (-2, Bytes(x)), (-3, Bytes(y))]);
        // The base point (SEC 2, section 2.4.2), and the field's prime.
        let x = from_hex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296");
        let y = from_hex("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
        let prime = from_hex("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
        // For x = 0, which p also encodes, y is the square root of the curve's b.
        let root = from_hex("66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4");
        assert!(p256(&x, &y).is_some() && p256(&[0; 32], &root).is_some());
        assert_eq!(p256(&prime, &root), None, "x is not below the prime");
        assert_eq!(p256(&[0; 32], &[0; 32]), None, "the point at infinity, as some libraries encode it");
        assert_eq!(p256(&x, &x), None, "not on the curve");
        let joined = [&x[..], &y].concat();
        for at in [0, 1, 31, 33, 64] {
            assert_eq!(p256(&joined[..at], &joined[at..]), None, "x has {at} bytes");
        }
        assert_eq!(p256(&[&[0][..], &x].concat(), &y), None, "a zero in front");
    }

    #[test]
    fn a_stored_key_round_trips() {
        let key = rsa(&[0xff; 256], &EXPONENT).unwrap();
        let stored = serde_json::to_string(&key).unwrap();
        assert!(stored.starts_with(r#"{"algorithm":"RS256","modulus":"__"#), "{stored}");
        assert_eq!(serde_json::from_str::<PasskeyKey>(&stored).unwrap(), key);
    }
}
