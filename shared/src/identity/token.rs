//! Access tokens: ES256, fifteen minutes for users and an hour for staff, verified offline (RFC 7519, RFC 8725, RFC 9068).

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::crypto::digest::from_base64url;
use crate::kernel::ids::{Id, Identified, SessionId, StaffKind, UserKind};
use crate::kernel::plane::Plane;
use crate::kernel::problems::Problem;
use crate::kernel::secrets::SecretText;
use crate::kernel::time::{CLOCKS_DIFFER_BY, after};

/// The longest lifetime of a token of any bearer.
pub(crate) const LONGEST_LIFETIME: SignedDuration = StaffKind::LIFETIME;
/// A genuine token that is no longer valid.
pub(crate) const EXPIRED: Refused = Refused("expired");

/// The bearers of access tokens. Tokens of one kind are never accepted as another (RFC 8725, section 3.11): they differ
/// in `typ`, in issuer and audience, and in the prefix of `sub`.
pub(crate) trait Bearer: Identified + 'static {
    /// The `typ` of their tokens.
    const TYPE: &'static str;
    /// The plane that accepts them. Its address is their `iss` and `aud`.
    const PLANE: Plane;
    /// How long their tokens are valid.
    const LIFETIME: SignedDuration;
}

impl Bearer for UserKind {
    /// RFC 9068, section 2.1.
    const TYPE: &'static str = "at+jwt";
    const PLANE: Plane = Plane::PRODUCT;
    const LIFETIME: SignedDuration = SignedDuration::from_mins(15);
}

impl Bearer for StaffKind {
    const TYPE: &'static str = "staff-at+jwt";
    const PLANE: Plane = Plane::STAFF;
    // As long as their session, which has no refresh token.
    const LIFETIME: SignedDuration = SignedDuration::from_mins(60);
}

/// All tokens that we issue are much shorter; longer ones are not parsed.
const MAX_BYTES: usize = 2048;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound = "K: Identified")]
pub(crate) struct Claims<K> {
    iss: String,
    aud: String,
    pub(crate) sub: Id<K>,
    pub(crate) sid: SessionId,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: String,
}

/// The only members that a header may have: `crit`, `jku`, `jwk`, `x5u` and the rest are refused as unknown, before any
/// signature is checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StrictHeader {
    alg: String,
    typ: String,
    kid: String,
}

/// The public half of a signing key, as in the JWK Set (RFC 7517, RFC 7518 section 6.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PublicKey {
    pub kty: String,
    pub crv: String,
    pub alg: String,
    #[serde(rename = "use")]
    pub usage: String,
    pub kid: String,
    pub x: String,
    pub y: String,
}

/// An invalid token. The broken rule is logged, but not returned.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused(pub(crate) &'static str);

/// Signs a token for a bearer's session.
pub(crate) fn mint<K: Bearer>(
    key: &EncodingKey,
    kid: &str,
    issuer: &str,
    (bearer, session): (Id<K>, SessionId),
    now: Timestamp,
    jti: String,
) -> Result<SecretText, Problem> {
    let mut header = Header::new(Algorithm::ES256);
    header.typ = Some(K::TYPE.to_owned());
    header.kid = Some(kid.to_owned());
    let claims = Claims {
        iss: issuer.to_owned(),
        aud: issuer.to_owned(),
        sub: bearer,
        sid: session,
        iat: now.as_second(),
        nbf: now.as_second(),
        exp: after(now, K::LIFETIME).as_second(),
        jti,
    };
    jsonwebtoken::encode(&header, &claims, key).map(SecretText::new).map_err(Problem::internal)
}

/// The key id that a token names, after its header has been validated.
pub(crate) fn key_id<K: Bearer>(token: &str) -> Result<String, Refused> {
    if token.len() > MAX_BYTES {
        return Err(Refused("too long"));
    }
    let (head, _) = token.split_once('.').ok_or(Refused("not a JWT"))?;
    let head = from_base64url(head).ok_or(Refused("header encoding"))?;
    let head: StrictHeader = serde_json::from_slice(&head).map_err(|_| Refused("header"))?;
    if head.alg != "ES256" {
        return Err(Refused("algorithm"));
    }
    if head.typ != K::TYPE {
        return Err(Refused("type"));
    }
    Ok(head.kid)
}

/// The claims of a token signed by this key, issued by and for us, and valid now. A client uses its token at once, perhaps
/// with a machine whose clock is behind that of the machine that signed it; its end has no leeway.
pub(crate) fn verify<K: Bearer>(
    token: &str,
    key: &PublicKey,
    issuer: &str,
    now: Timestamp,
) -> Result<Claims<K>, Refused> {
    let decoding = DecodingKey::from_ec_components(&key.x, &key.y).map_err(|_| Refused("key"))?;
    let mut rules = Validation::new(Algorithm::ES256);
    rules.set_issuer(&[issuer]);
    rules.set_audience(&[issuer]);
    rules.set_required_spec_claims(&["iss", "aud", "sub", "exp", "nbf"]);
    // Both are checked below, by the injected clock.
    rules.validate_exp = false;
    rules.validate_nbf = false;
    let claims =
        jsonwebtoken::decode::<Claims<K>>(token, &decoding, &rules).map_err(|_| Refused("signature or claims"))?;
    let (claims, now) = (claims.claims, now.as_second());
    if now + CLOCKS_DIFFER_BY.as_secs() < claims.nbf {
        return Err(Refused("not yet valid"));
    }
    if claims.exp <= now {
        return Err(EXPIRED);
    }
    // We never sign tokens with a longer lifetime, so this code did not sign one that claims it.
    if claims.exp.saturating_sub(claims.nbf) > K::LIFETIME.as_secs() {
        return Err(Refused("lifetime"));
    }
    Ok(claims)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::identity::signing::new_pair;

    const ISSUER: &str = "https://api.example.com";

    /// A token of a bearer, and the key that verifies it.
    fn minted<K: Bearer>(issuer: &str, now: Timestamp) -> (String, PublicKey) {
        let (private, public) = new_pair().unwrap();
        let private = EncodingKey::from_ec_der(private.expose());
        let whose = (Id::<K>::from_bytes([1; 16]), SessionId::from_bytes([2; 16]));
        let token = mint(&private, &public.kid, issuer, whose, now, "1".to_owned()).unwrap();
        (token.expose().to_owned(), public)
    }

    #[test]
    fn a_users_token_is_refused_as_a_staff_token_and_vice_versa() {
        let now = Timestamp::UNIX_EPOCH;
        let ((user, key), (staff, staff_key)) = (minted::<UserKind>(ISSUER, now), minted::<StaffKind>(ISSUER, now));
        assert!(verify::<UserKind>(&user, &key, ISSUER, now).is_ok());
        assert!(verify::<StaffKind>(&staff, &staff_key, ISSUER, now).is_ok());
        // By its type, by its subject and by its issuer: each would suffice.
        assert_eq!(key_id::<StaffKind>(&user), Err(Refused("type")));
        assert_eq!(key_id::<UserKind>(&staff), Err(Refused("type")));
        assert!(verify::<StaffKind>(&user, &key, ISSUER, now).is_err());
        assert!(verify::<UserKind>(&staff, &staff_key, ISSUER, now).is_err());
        assert!(verify::<UserKind>(&user, &key, "https://staff.example.com", now).is_err());
        assert_ne!(UserKind::PLANE, StaffKind::PLANE);
    }

    #[test]
    fn a_token_is_valid_on_machines_whose_clocks_differ_and_never_after_its_end() {
        let issued = Timestamp::from_second(1_800_000_000).unwrap();
        let (token, key) = minted::<UserKind>(ISSUER, issued);
        let at = |seconds| verify::<UserKind>(&token, &key, ISSUER, after(issued, SignedDuration::from_secs(seconds)));
        let lifetime_s = UserKind::LIFETIME.as_secs();
        for valid_s in [-2, 0, lifetime_s - 1] {
            assert!(at(valid_s).is_ok(), "{valid_s}");
        }
        for invalid_s in [-3, lifetime_s, lifetime_s + 1] {
            assert!(at(invalid_s).is_err(), "{invalid_s}");
        }
    }
}
