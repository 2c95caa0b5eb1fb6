//! Access tokens: ES256, fifteen minutes, verified offline (RFC 7519, RFC 8725, RFC 9068).

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::crypto::digest::from_base64url;
use crate::kernel::ids::{SessionId, UserId};
use crate::kernel::problems::Problem;
use crate::kernel::secrets::SecretText;
use crate::kernel::time::after;

pub(crate) const LIFETIME: SignedDuration = SignedDuration::from_mins(15);
/// The `typ` of an access token (RFC 9068, section 2.1): no other kind of token passes for one.
const KIND: &str = "at+jwt";
/// No token that we make comes near it; what is longer is not parsed.
const MAX_BYTES: usize = 2048;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claims {
    iss: String,
    aud: String,
    pub(crate) sub: UserId,
    pub(crate) sid: SessionId,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: String,
}

/// What the header may say, and nothing else: `crit`, `jku`, `jwk`, `x5u` and the rest are refused
/// by being unknown, before any signature is looked at.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StrictHeader {
    alg: String,
    typ: String,
    kid: String,
}

/// The public half of a signing key, as the JWK Set shows it (RFC 7517, RFC 7518 section 6.2).
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

/// A token that does not prove anything. Which rule it breaks is logged, not told.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused(pub(crate) &'static str);

/// Whose token it is, before the session is looked at.
pub(crate) fn mint(
    key: &EncodingKey,
    kid: &str,
    issuer: &str,
    (user, session): (UserId, SessionId),
    now: Timestamp,
    jti: String,
) -> Result<SecretText, Problem> {
    let mut header = Header::new(Algorithm::ES256);
    header.typ = Some(KIND.to_owned());
    header.kid = Some(kid.to_owned());
    let claims = Claims {
        iss: issuer.to_owned(),
        aud: issuer.to_owned(),
        sub: user,
        sid: session,
        iat: now.as_second(),
        nbf: now.as_second(),
        exp: after(now, LIFETIME).as_second(),
        jti,
    };
    jsonwebtoken::encode(&header, &claims, key).map(SecretText::new).map_err(Problem::internal)
}

/// The key id that a token names, once its header is known to be one of ours.
pub(crate) fn key_id(token: &str) -> Result<String, Refused> {
    if token.len() > MAX_BYTES {
        return Err(Refused("too long"));
    }
    let (head, _) = token.split_once('.').ok_or(Refused("not a JWT"))?;
    let head = from_base64url(head).ok_or(Refused("header encoding"))?;
    let head: StrictHeader = serde_json::from_slice(&head).map_err(|_| Refused("header"))?;
    if head.alg != "ES256" {
        return Err(Refused("algorithm"));
    }
    if head.typ != KIND {
        return Err(Refused("type"));
    }
    Ok(head.kid)
}

/// The claims of a token signed by this key, issued by and for us, and valid now. No leeway: both
/// clocks are AWS's.
pub(crate) fn verify(token: &str, key: &PublicKey, issuer: &str, now: Timestamp) -> Result<Claims, Refused> {
    let decoding = DecodingKey::from_ec_components(&key.x, &key.y).map_err(|_| Refused("key"))?;
    let mut rules = Validation::new(Algorithm::ES256);
    rules.set_issuer(&[issuer]);
    rules.set_audience(&[issuer]);
    rules.set_required_spec_claims(&["iss", "aud", "sub", "exp", "nbf"]);
    // Both are checked below, by the injected clock.
    rules.validate_exp = false;
    rules.validate_nbf = false;
    let claims =
        jsonwebtoken::decode::<Claims>(token, &decoding, &rules).map_err(|_| Refused("signature or claims"))?;
    let (claims, now) = (claims.claims, now.as_second());
    if now < claims.nbf {
        return Err(Refused("not yet valid"));
    }
    if claims.exp <= now {
        return Err(Refused("expired"));
    }
    // We sign none for longer, so that what says it lives longer was not signed by this code.
    if claims.exp.saturating_sub(claims.nbf) > LIFETIME.as_secs() {
        return Err(Refused("lifetime"));
    }
    Ok(claims)
}
