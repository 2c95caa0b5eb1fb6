//! Mailed links: claims with a MAC, so that no secret is stored, queued or logged.
//!
//! A message has the claims of a link; only the job that writes the mail creates the token.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::digest::{base64url, from_base64url, hex, hmac_sha256, is_hmac_sha256};
use crate::kernel::ids::UserId;
use crate::kernel::problems::Problem;
use crate::kernel::secrets::{SecretBytes, SecretText};

/// The claims of a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkClaims {
    /// The single purpose of the link: `verify-email`.
    pub purpose: String,
    pub user: UserId,
    /// Binds the link to a state, so that it works once: the address to verify, or the number of a reset.
    pub binding: String,
    pub expires_at: Timestamp,
}

/// The version of the format below.
const FORM: u8 = 2;
const USER_BYTES: usize = 16;
/// Hexadecimal digits of a SHA-256, with which most bindings begin.
const DIGEST_DIGITS: usize = 64;

/// `base64url(claims) . base64url(HMAC-SHA-256)`. A link is shown as text in mails, so the claims are packed: it takes
/// two lines instead of six.
///
/// Packed: the version, the length of the purpose and the purpose, the user's 16 bytes, the expiry in milliseconds as 8
/// bytes, then 1 and the 32 bytes of a digest or 0, then the rest of the binding.
pub(crate) fn sign(key: &SecretBytes, claims: &LinkClaims) -> Result<SecretText, Problem> {
    Ok(sign_packed(key, &packed(claims)?))
}

/// The same for another kind of claims, under a separate key.
pub(crate) fn sign_packed(key: &SecretBytes, packed: &[u8]) -> SecretText {
    let body = base64url(packed);
    let mac = base64url(&hmac_sha256(key.expose(), body.as_bytes()));
    SecretText::new(format!("{body}.{mac}"))
}

/// The claims of a genuine token for this purpose that has not expired.
pub(crate) fn verify(key: &SecretBytes, token: &str, purpose: &str, now: Timestamp) -> Option<LinkClaims> {
    let claims = unpacked(&verify_packed(key, token)?)?;
    (claims.purpose == purpose && now < claims.expires_at).then_some(claims)
}

/// The packed claims of a token with a valid signature.
pub(crate) fn verify_packed(key: &SecretBytes, token: &str) -> Option<Vec<u8>> {
    let (body, mac) = token.split_once('.')?;
    let is_genuine = is_hmac_sha256(key.expose(), body.as_bytes(), &from_base64url(mac)?);
    if is_genuine { from_base64url(body) } else { None }
}

fn packed(claims: &LinkClaims) -> Result<Vec<u8>, Problem> {
    let LinkClaims { purpose, user, binding, expires_at } = claims;
    let length = u8::try_from(purpose.len()).map_err(Problem::internal)?;
    let mut bytes = vec![FORM, length];
    bytes.extend(purpose.as_bytes());
    bytes.extend(user.as_bytes());
    bytes.extend(expires_at.as_millisecond().to_be_bytes());
    let digest = binding.get(..DIGEST_DIGITS).and_then(from_hex);
    let rest = digest.as_ref().map_or(binding.as_str(), |_| &binding[DIGEST_DIGITS..]);
    bytes.push(digest.is_some().into());
    bytes.extend(digest.into_iter().flatten());
    bytes.extend(rest.as_bytes());
    Ok(bytes)
}

fn unpacked(bytes: &[u8]) -> Option<LinkClaims> {
    let ([FORM, length], bytes) = bytes.split_first_chunk::<2>()? else { return None };
    let (purpose, bytes) = bytes.split_at_checked(usize::from(*length))?;
    let (user, bytes) = bytes.split_first_chunk::<USER_BYTES>()?;
    let (expires_ms, bytes) = bytes.split_first_chunk::<8>()?;
    let (has_digest, bytes) = bytes.split_first()?;
    let (digest, rest) = if *has_digest == 1 { bytes.split_at_checked(DIGEST_DIGITS / 2)? } else { (&[][..], bytes) };
    Some(LinkClaims {
        purpose: std::str::from_utf8(purpose).ok()?.to_owned(),
        user: UserId::from_bytes(*user),
        binding: format!("{}{}", hex(digest), std::str::from_utf8(rest).ok()?),
        expires_at: Timestamp::from_millisecond(i64::from_be_bytes(*expires_ms)).ok()?,
    })
}

/// The bytes of lower-case hexadecimal digits.
pub(crate) fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    digits.as_bytes().chunks(2).map(|pair| Some(value(pair[0])? << 4 | value(*pair.get(1)?)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::entropy::Entropy;
    use crate::kernel::time::Clock;

    #[test]
    fn a_link_is_valid_for_one_purpose_until_it_expires() {
        let key = SecretBytes::new(vec![1; 32]);
        let now = Timestamp::UNIX_EPOCH;
        let claims = LinkClaims {
            purpose: "verify-email".to_owned(),
            user: UserId::new(&Clock::system(), &Entropy::system()),
            binding: "a@example.com".to_owned(),
            expires_at: Timestamp::from_second(60).unwrap_or_default(),
        };
        let Ok(token) = sign(&key, &claims) else { unreachable!("the purpose is short") };
        assert_eq!(verify(&key, token.expose(), "verify-email", now), Some(claims.clone()));
        assert_eq!(verify(&key, token.expose(), "reset-password", now), None);
        assert_eq!(verify(&key, token.expose(), "verify-email", claims.expires_at), None);
        assert_eq!(verify(&SecretBytes::new(vec![2; 32]), token.expose(), "verify-email", now), None);
        assert_eq!(verify(&key, &token.expose().replace('.', "A."), "verify-email", now), None);
    }

    #[test]
    fn a_link_fits_into_two_lines_of_a_mail() {
        let key = SecretBytes::new(vec![1; 32]);
        let digest = "0123456789abcdef".repeat(4);
        for binding in [digest.clone(), format!("{digest}.12"), "2026-03-01T12:00:00.5Z".to_owned(), String::new()] {
            let claims = LinkClaims {
                purpose: "reset-password".to_owned(),
                user: UserId::new(&Clock::system(), &Entropy::system()),
                binding,
                expires_at: Timestamp::from_millisecond(1_800_000_000_123).unwrap_or_default(),
            };
            let Ok(token) = sign(&key, &claims) else { unreachable!("the purpose is short") };
            assert!(token.expose().len() <= 2 * 78, "{}", token.expose().len());
            assert_eq!(verify(&key, token.expose(), "reset-password", Timestamp::UNIX_EPOCH), Some(claims));
        }
    }

    #[test]
    fn truncated_claims_are_refused() {
        let claims = LinkClaims {
            purpose: "verify-email".to_owned(),
            user: UserId::new(&Clock::system(), &Entropy::system()),
            binding: "0123456789abcdef".repeat(4),
            expires_at: Timestamp::UNIX_EPOCH,
        };
        let Ok(whole) = packed(&claims) else { unreachable!("the purpose is short") };
        assert_eq!(unpacked(&whole), Some(claims));
        assert!((0..whole.len()).all(|length| unpacked(&whole[..length]).is_none()));
    }
}
