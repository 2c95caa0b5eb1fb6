//! Mailed links: claims and a MAC over them, so that no secret is stored, queued or logged.
//!
//! A message says for whom and for what a link is; only the job that writes the mail makes the token.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::digest::{base64url, equal, from_base64url, hmac_sha256};
use crate::kernel::ids::UserId;
use crate::kernel::secrets::{SecretBytes, SecretText};

/// What a link entitles its holder to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkClaims {
    /// The one thing that the link is for: `verify-email`.
    pub purpose: String,
    pub user: UserId,
    /// Ties the link to a state, so that it works once: the address to verify, a reset's number.
    pub binding: String,
    pub expires_at: Timestamp,
}

/// `base64url(claims) . base64url(HMAC-SHA-256)`.
pub(crate) fn sign(key: &SecretBytes, claims: &LinkClaims) -> Result<SecretText, serde_json::Error> {
    let body = base64url(&serde_json::to_vec(claims)?);
    let mac = base64url(&hmac_sha256(key.expose(), body.as_bytes()));
    Ok(SecretText::new(format!("{body}.{mac}")))
}

/// The claims of a genuine token for this purpose that has not expired.
pub(crate) fn verify(key: &SecretBytes, token: &str, purpose: &str, now: Timestamp) -> Option<LinkClaims> {
    let (body, mac) = token.split_once('.')?;
    let expected = hmac_sha256(key.expose(), body.as_bytes());
    if !equal(&expected, &from_base64url(mac)?) {
        return None;
    }
    let claims: LinkClaims = serde_json::from_slice(&from_base64url(body)?).ok()?;
    (claims.purpose == purpose && now < claims.expires_at).then_some(claims)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::entropy::Entropy;
    use crate::kernel::time::Clock;

    #[test]
    fn a_link_is_for_one_purpose_until_it_expires() {
        let key = SecretBytes::new(vec![1; 32]);
        let now = Timestamp::UNIX_EPOCH;
        let claims = LinkClaims {
            purpose: "verify-email".to_owned(),
            user: UserId::new(&Clock::system(), &Entropy::system()),
            binding: "a@example.com".to_owned(),
            expires_at: Timestamp::from_second(60).unwrap_or_default(),
        };
        let Ok(token) = sign(&key, &claims) else { unreachable!("claims are JSON") };
        assert_eq!(verify(&key, token.expose(), "verify-email", now), Some(claims.clone()));
        assert_eq!(verify(&key, token.expose(), "reset-password", now), None);
        assert_eq!(verify(&key, token.expose(), "verify-email", claims.expires_at), None);
        assert_eq!(verify(&SecretBytes::new(vec![2; 32]), token.expose(), "verify-email", now), None);
        assert_eq!(verify(&key, &token.expose().replace('.', "A."), "verify-email", now), None);
    }
}
