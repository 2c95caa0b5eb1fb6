//! Signing keys: generated once and sealed under the system key. Their public halves are stored in Proofs, for all
//! functions to verify tokens.

use std::collections::BTreeMap;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::EncodingKey;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::certificates;
use super::proofs::row;
use super::token::{self, Bearer, Claims, PublicKey, Refused};
use crate::aws::Aws;
use crate::aws::grants::Table;
use crate::crypto::digest::{base64, base64url, from_base64, sha256};
use crate::kernel::ids::{Id, SessionId, new_uuid};
use crate::kernel::problems::Problem;
use crate::kernel::secrets::{SecretBytes, SecretText};
use crate::kernel::time::after;
use crate::table::commit::{Expected, Plan, Uncommitted, commit};
use crate::table::item::{Item, body};
use crate::table::read::Reader;

/// A withdrawn key is refused within this time (DESIGN, API edge).
const FRESH_FOR: SignedDuration = SignedDuration::from_secs(60);
/// An unknown key id makes a process read the keys again, at most this often.
const LOOKED_AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(1);

pub(super) const SIGNING: (&str, &str) = ("KEY#signing", "CURRENT");
pub(super) const PUBLIC: (&str, &str) = ("J#keys", "CURRENT");
pub(super) const PURPOSE: &str = "signing-key";

/// The key that signs now, sealed.
#[derive(Serialize, Deserialize)]
pub(super) struct SealedKey {
    pub(super) kid: String,
    sealed: String,
    pub(super) made_at: Timestamp,
}

impl SealedKey {
    pub(super) fn sealed(&self) -> Result<Vec<u8>, Problem> {
        from_base64(&self.sealed).ok_or_else(|| Problem::internal("a sealed signing key"))
    }
}

/// All keys whose tokens are accepted.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct KeySet {
    pub(super) keys: Vec<PublicKey>,
    /// Keys that no longer sign, and when the last token that they signed has expired.
    #[serde(default)]
    pub(super) retiring: BTreeMap<String, Timestamp>,
}

/// The public keys that this process has read.
#[derive(Default)]
pub(crate) struct VerifyingKeys {
    kept: Mutex<Option<(Timestamp, KeySet)>>,
    /// Those of deletion certificates, which verify no token.
    of_certificates: Mutex<Option<(Timestamp, Vec<PublicKey>)>>,
}

impl VerifyingKeys {
    /// The claims of a valid access token. Fails only if the keys cannot be read.
    pub(crate) async fn verify<K: Bearer>(
        &self,
        aws: &Aws,
        token: &str,
    ) -> Result<Result<Claims<K>, Refused>, Problem> {
        let kid = match token::key_id::<K>(token) {
            Ok(kid) => kid,
            Err(refused) => return Ok(Err(refused)),
        };
        let Some(key) = self.key(aws, &kid).await? else { return Ok(Err(Refused("unknown key"))) };
        Ok(token::verify(token, &key, issuer::<K>(aws)?, aws.clock.now()))
    }

    async fn key(&self, aws: &Aws, kid: &str) -> Result<Option<PublicKey>, Problem> {
        let now = aws.clock.now();
        let mut kept = self.kept.lock().await;
        if let Some((read_at, set)) = kept.as_ref() {
            let found = set.keys.iter().find(|key| key.kid == kid);
            let fresh_for = if found.is_some() { FRESH_FOR } else { LOOKED_AGAIN_AFTER };
            if now < after(*read_at, fresh_for) {
                return Ok(found.cloned());
            }
        }
        let set = read_set(aws).await?;
        let found = set.keys.iter().find(|key| key.kid == kid).cloned();
        *kept = Some((now, set));
        Ok(found)
    }

    /// The JWK Set, as current as the keys that verify tokens, with the keys of deletion certificates.
    pub(crate) async fn all(&self, aws: &Aws) -> Result<Vec<PublicKey>, Problem> {
        let mut keys = self.of_tokens(aws).await?;
        let now = aws.clock.now();
        let mut kept = self.of_certificates.lock().await;
        match kept.as_ref().filter(|(read_at, _)| now < after(*read_at, FRESH_FOR)) {
            Some((_, known)) => keys.extend(known.iter().cloned()),
            None => {
                let read = certificates::public_keys(aws).await?;
                keys.extend(read.iter().cloned());
                *kept = Some((now, read));
            }
        }
        Ok(keys)
    }

    async fn of_tokens(&self, aws: &Aws) -> Result<Vec<PublicKey>, Problem> {
        let now = aws.clock.now();
        let mut kept = self.kept.lock().await;
        if let Some((_, set)) = kept.as_ref().filter(|(read_at, _)| now < after(*read_at, FRESH_FOR)) {
            return Ok(set.keys.clone());
        }
        let set = read_set(aws).await?;
        *kept = Some((now, set.clone()));
        Ok(set.keys)
    }
}

/// The issuer and audience of the tokens of these bearers.
fn issuer<K: Bearer>(aws: &Aws) -> Result<&str, Problem> {
    aws.config.planes.url(K::PLANE)
}

async fn read_set(aws: &Aws) -> Result<KeySet, Problem> {
    let item = Reader { aws, session: None }.get(Table::Proofs, PUBLIC.0, PUBLIC.1).await?;
    item.as_ref().map(body).transpose().map(Option::unwrap_or_default)
}

/// The private key of this process, for the functions that sign.
#[derive(Default)]
pub(crate) struct SigningKey {
    kept: Mutex<Option<Kept>>,
}

struct Kept {
    kid: String,
    key: EncodingKey,
    read_at: Timestamp,
}

impl SigningKey {
    /// Signs an access token. Generates the deployment's first key if there is none yet.
    pub(crate) async fn mint<K: Bearer>(
        &self,
        aws: &Aws,
        bearer: Id<K>,
        session: SessionId,
    ) -> Result<SecretText, Problem> {
        let mut kept = self.kept.lock().await;
        let now = aws.clock.now();
        let fresh = kept.as_ref().is_some_and(|kept| now < after(kept.read_at, FRESH_FOR));
        if !fresh {
            let current = match read_sealed(aws).await? {
                Some(current) => current,
                None => make_first(aws).await?,
            };
            match kept.as_mut().filter(|kept| kept.kid == current.kid) {
                Some(kept) => kept.read_at = now,
                None => {
                    let document = aws.decrypt_for_system(PURPOSE, &current.sealed()?).await?;
                    let key = EncodingKey::from_ec_der(document.expose());
                    *kept = Some(Kept { kid: current.kid, key, read_at: now });
                }
            }
        }
        let kept = kept.as_ref().ok_or_else(|| Problem::internal("no signing key"))?;
        let jti = new_uuid(&aws.clock, &aws.entropy).simple().to_string();
        token::mint(&kept.key, &kept.kid, issuer::<K>(aws)?, (bearer, session), now, jti)
    }
}

pub(super) async fn read_sealed(aws: &Aws) -> Result<Option<SealedKey>, Problem> {
    let item: Option<Item> = Reader { aws, session: None }.get(Table::System, SIGNING.0, SIGNING.1).await?;
    item.as_ref().map(body).transpose()
}

/// A new key pair, with the private half sealed for a purpose.
pub(super) async fn make_key(aws: &Aws, purpose: &str) -> Result<(SealedKey, PublicKey), Problem> {
    let (private, public) = new_pair()?;
    let sealed = base64(&aws.encrypt_for_system(purpose, &private).await?);
    Ok((SealedKey { kid: public.kid.clone(), sealed, made_at: aws.clock.now() }, public))
}

/// A new key pair, the private half in PKCS #8.
pub(crate) fn new_pair() -> Result<(SecretBytes, PublicKey), Problem> {
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
        .map_err(|_| Problem::internal("a key pair could not be made"))?;
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref())
        .map_err(|_| Problem::internal("a key pair could not be read"))?;
    // An uncompressed point: 0x04, then x and y of 32 bytes each (SEC 1, section 2.3.3).
    let point = pair.public_key().as_ref();
    let coordinates = point.strip_prefix(&[4]).filter(|coordinates| coordinates.len() == 64);
    let (x, y) = coordinates.ok_or_else(|| Problem::internal("a public key of another form"))?.split_at(32);
    let public = PublicKey {
        kty: "EC".to_owned(),
        crv: "P-256".to_owned(),
        alg: "ES256".to_owned(),
        usage: "sig".to_owned(),
        kid: base64url(&sha256(point)[..16]),
        x: base64url(x),
        y: base64url(y),
    };
    Ok((SecretBytes::new(document.as_ref().to_vec()), public))
}

/// Generates the first key. Of several functions that try in parallel, one wins, and the others use its key.
async fn make_first(aws: &Aws) -> Result<SealedKey, Problem> {
    let (key, public) = make_key(aws, PURPOSE).await?;
    let mut plan = Plan::default();
    plan.put(Table::System, Some(SIGNING.0.to_owned()), row(SIGNING.1, &key, None)?, Expected::Absent);
    let set = KeySet { keys: vec![public], ..KeySet::default() };
    plan.put(Table::Proofs, Some(PUBLIC.0.to_owned()), row(PUBLIC.1, &set, None)?, Expected::Absent);
    match commit(aws, None, SIGNING.0, plan).await {
        Ok(()) => Ok(key),
        Err(Uncommitted::Refused { .. }) => {
            read_sealed(aws).await?.ok_or_else(|| Problem::internal("a signing key is half made"))
        }
        Err(uncommitted) => Err(uncommitted.into()),
    }
}
