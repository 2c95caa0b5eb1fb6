//! S3: objects of one workspace, and their signed uploads.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::{SignedDuration, Timestamp};

use super::{Aws, failed};
use crate::kernel::problems::Problem;
use crate::kernel::time::after;

/// How long an upload may take to start. The session that signs it lives longer (`sessions`).
const UPLOAD_LIFETIME: Duration = Duration::from_secs(15 * 60);

/// A request that its holder may make repeatedly until it expires, with exactly these headers.
#[derive(Clone, Debug)]
pub struct SignedUpload {
    pub url: String,
    pub headers: BTreeMap<String, String>,
    pub expires_at: Timestamp,
}

/// One version of an object.
pub struct Object {
    pub bytes: Vec<u8>,
    pub version: String,
}

fn acting(credentials: &Credentials) -> aws_sdk_s3::config::Builder {
    aws_sdk_s3::Config::builder().credentials_provider(credentials.clone())
}

impl Aws {
    /// Signs a PUT of exactly `size_bytes` bytes with exactly this SHA-256 (base64) to one key.
    pub(crate) async fn sign_upload(
        &self,
        credentials: &Credentials,
        key: &str,
        size_bytes: u64,
        sha256: &str,
    ) -> Result<SignedUpload, Problem> {
        let lifetime = PresigningConfig::expires_in(UPLOAD_LIFETIME).map_err(Problem::internal)?;
        let size = i64::try_from(size_bytes).map_err(Problem::internal)?;
        let signed = self
            .s3()
            .put_object()
            .bucket(&self.config.media_bucket)
            .key(key)
            .content_length(size)
            .checksum_sha256(sha256)
            .customize()
            .config_override(acting(credentials))
            .presigned(lifetime)
            .await
            .map_err(|error| failed("s3:PutObject (sign)", error))?;
        let headers = signed.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let lifetime = SignedDuration::try_from(UPLOAD_LIFETIME).map_err(Problem::internal)?;
        Ok(SignedUpload { url: signed.uri().to_owned(), headers, expires_at: after(self.clock.now(), lifetime) })
    }

    /// Reads the newest or the given version of an object; none if it does not exist. An object over `limit_bytes` is
    /// refused before it is read.
    pub(crate) async fn read_object(
        &self,
        credentials: &Credentials,
        key: &str,
        version: Option<&str>,
        limit_bytes: u64,
    ) -> Result<Option<Object>, Problem> {
        let answer = self
            .s3()
            .get_object()
            .bucket(&self.config.media_bucket)
            .key(key)
            .set_version_id(version.map(str::to_owned))
            .customize()
            .config_override(acting(credentials))
            .send()
            .await;
        let answer = match answer {
            Ok(answer) => answer,
            // Without the right to list, S3 answers AccessDenied for a missing object.
            Err(error) if matches!(error.code(), Some("NoSuchKey" | "NoSuchVersion" | "NotFound" | "AccessDenied")) => {
                return Ok(None);
            }
            Err(error) => return Err(failed("s3:GetObject", error)),
        };
        let size = answer.content_length().ok_or_else(|| Problem::internal("an object without a length"))?;
        if u64::try_from(size).unwrap_or(u64::MAX) > limit_bytes {
            return Err(Problem::internal(format!("an object of {size} bytes exceeds the limit of {limit_bytes}")));
        }
        let version = answer.version_id().ok_or_else(unversioned)?.to_owned();
        let bytes = answer.body.collect().await.map_err(Problem::unavailable)?;
        Ok(Some(Object { bytes: bytes.into_bytes().to_vec(), version }))
    }

    /// Writes an object and returns its version.
    pub(crate) async fn write_object(
        &self,
        credentials: &Credentials,
        key: &str,
        content_type: &str,
        bytes: Vec<u8>,
    ) -> Result<String, Problem> {
        let answer = self
            .s3()
            .put_object()
            .bucket(&self.config.media_bucket)
            .key(key)
            .content_type(content_type)
            .body(ByteStream::from(bytes))
            .customize()
            .config_override(acting(credentials))
            .send()
            .await
            .map_err(|error| failed("s3:PutObject", error))?;
        answer.version_id.ok_or_else(unversioned)
    }
}

/// The bucket is versioned, and items record a version: without one, a later write would change the displayed object.
fn unversioned() -> Problem {
    Problem::internal("an object without a version")
}
