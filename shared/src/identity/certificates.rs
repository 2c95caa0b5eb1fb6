//! Deletion certificates: their key, their signature, and where they are stored.
//!
//! The key signs nothing else and is not rotated, and a public key that has signed stays published for good, so that a
//! certificate can be verified for years. The type of the header keeps a certificate from being used as an access token,
//! and access tokens are never verified by these keys.

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::{Deserialize, Serialize};

use super::proofs::{directory, row};
use super::signing::{KeySet, SealedKey, make_key};
use super::token::PublicKey;
use crate::aws::Aws;
use crate::aws::grants::{CERTIFICATE_KEY, Table};
use crate::kernel::ids::WorkspaceId;
use crate::kernel::problems::Problem;
use crate::table::commit::{Expected, Plan, Uncommitted, commit};
use crate::table::item::{body, integer};
use crate::table::read::Reader;

/// The `typ` of a certificate (RFC 8725, section 3.11).
pub const TYPE: &str = "deletion-certificate+jwt";

const SIGNING: (&str, &str) = ("CERTKEY#signing", "CURRENT");
const PUBLIC: (&str, &str) = ("J#certificates", "CURRENT");

/// A stored certificate.
#[derive(Serialize, Deserialize)]
struct Certificate {
    /// A JWS in compact serialisation.
    certificate: String,
    issued_at: Timestamp,
}

/// Adds the certificate of a workspace to the transaction that ends its erasure. It takes the place of the directory entry.
pub(super) fn store(
    plan: &mut Plan,
    workspace: WorkspaceId,
    issued_at: Timestamp,
    certificate: &str,
) -> Result<(), Problem> {
    let stored = Certificate { certificate: certificate.to_owned(), issued_at };
    let (partition, _) = directory(workspace);
    plan.put(Table::Proofs, Some(partition), row("CERTIFICATE", &stored, None)?, Expected::Absent);
    Ok(())
}

/// Signs a certificate. Generates the deployment's key if there is none yet.
pub(super) async fn sign(aws: &Aws, claims: &serde_json::Value) -> Result<String, Problem> {
    let current = match read_sealed(aws).await? {
        Some(current) => current,
        None => make_first(aws).await?,
    };
    let document = aws.decrypt_for_system(CERTIFICATE_KEY, &current.sealed()?).await?;
    let mut header = Header::new(Algorithm::ES256);
    header.typ = Some(TYPE.to_owned());
    header.kid = Some(current.kid);
    let key = EncodingKey::from_ec_der(document.expose());
    jsonwebtoken::encode(&header, claims, &key).map_err(Problem::internal)
}

/// The public keys that verify certificates.
pub(super) async fn public_keys(aws: &Aws) -> Result<Vec<PublicKey>, Problem> {
    let item = Reader { aws, session: None }.get(Table::Proofs, PUBLIC.0, PUBLIC.1).await?;
    let set: Option<KeySet> = item.as_ref().map(body).transpose()?;
    Ok(set.unwrap_or_default().keys)
}

async fn read_sealed(aws: &Aws) -> Result<Option<SealedKey>, Problem> {
    let item = Reader { aws, session: None }.get(Table::System, SIGNING.0, SIGNING.1).await?;
    item.as_ref().map(body).transpose()
}

/// Of several runs that try in parallel, one wins, and the others use its key.
async fn make_first(aws: &Aws) -> Result<SealedKey, Problem> {
    let (key, public) = make_key(aws, CERTIFICATE_KEY).await?;
    // Public keys of earlier keys stay, also if an operator deleted the sealed one.
    let item = Reader { aws, session: None }.get(Table::Proofs, PUBLIC.0, PUBLIC.1).await?;
    let expected = item.as_ref().and_then(|item| integer(item, "n")).map_or(Expected::Absent, Expected::Revision);
    let mut set: KeySet = item.as_ref().map(body).transpose()?.unwrap_or_default();
    set.keys.push(public);
    let mut plan = Plan::default();
    plan.put(Table::System, Some(SIGNING.0.to_owned()), row(SIGNING.1, &key, None)?, Expected::Absent);
    plan.put(Table::Proofs, Some(PUBLIC.0.to_owned()), row(PUBLIC.1, &set, None)?, expected);
    match commit(aws, None, SIGNING.0, plan).await {
        Ok(()) => Ok(key),
        Err(Uncommitted::Refused { .. }) => {
            read_sealed(aws).await?.ok_or_else(|| Problem::internal("a certificate key is half made"))
        }
        Err(uncommitted) => Err(uncommitted.into()),
    }
}
