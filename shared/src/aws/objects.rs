//! S3: objects of one workspace, their signed uploads and downloads, and reads of a byte range.

use std::collections::BTreeMap;

use aws_credential_types::Credentials;
use aws_sdk_s3::operation::get_object::builders::GetObjectFluentBuilder;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::{SignedDuration, Timestamp};

use super::{Aws, failed};
use crate::kernel::problems::Problem;
use crate::kernel::time::after;

/// How long an upload may take to start. The session that signs it lives longer (`sessions`).
const UPLOAD_LIFETIME: SignedDuration = SignedDuration::from_mins(15);

/// How long a signed download works: long enough for a page that loads, short for an address that is passed on.
const DOWNLOAD_LIFETIME: SignedDuration = SignedDuration::from_mins(15);

/// The most bytes of one ranged read, which are in memory at once.
pub const LARGEST_RANGE_BYTES: u64 = 16 * 1024 * 1024;

/// A request that its holder may make repeatedly until it expires, with exactly these headers.
#[derive(Clone, Debug)]
pub struct SignedUpload {
    pub url: String,
    pub headers: BTreeMap<String, String>,
    pub expires_at: Timestamp,
}

/// A GET of one version of one object, by anyone who has the URL, until it expires.
#[derive(Clone, Debug)]
pub struct SignedDownload {
    pub url: String,
    pub expires_at: Timestamp,
}

/// How a browser handles a downloaded object. It is part of the signature and overrides the stored headers.
#[derive(Clone, Debug)]
pub struct Presentation {
    content_type: &'static str,
    disposition: String,
}

impl Presentation {
    /// Displayed in a page. The type must be one that cannot run scripts.
    pub fn inline(content_type: &'static str) -> Self {
        Self { content_type, disposition: "inline".to_owned() }
    }

    /// Saved as a file with this name: letters, digits, `-`, `_` and `.`.
    pub fn attachment(content_type: &'static str, name: &str) -> Result<Self, Problem> {
        Ok(Self { content_type, disposition: attachment(name)? })
    }
}

/// The Content-Disposition of a file that browsers save under this name, which must need no quoting.
pub(crate) fn attachment(name: &str) -> Result<String, Problem> {
    if !is_sound_segment(name) {
        return Err(Problem::internal("a file name with characters that need quoting"));
    }
    Ok(format!("attachment; filename=\"{name}\""))
}

/// Whether a part of a key or a file name needs no escaping in a URL and has no meaning in a path.
pub(crate) fn is_sound_segment(segment: &str) -> bool {
    let is_sound = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !segment.is_empty() && !segment.bytes().all(|byte| byte == b'.') && segment.bytes().all(is_sound)
}

/// One version of an object.
pub struct Object {
    pub bytes: Vec<u8>,
    pub version: String,
}

/// A range of an object's bytes: from one to [`LARGEST_RANGE_BYTES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteRange {
    first: u64,
    last: u64,
}

impl ByteRange {
    /// `length` bytes from the byte `first`, counted from 0. None if the length is out of bounds.
    pub fn new(first: u64, length: u64) -> Option<Self> {
        if !(1..=LARGEST_RANGE_BYTES).contains(&length) {
            return None;
        }
        Some(Self { first, last: first.checked_add(length - 1)? })
    }

    /// The field value of Range (RFC 9110, section 14.2).
    fn field(self) -> String {
        format!("bytes={}-{}", self.first, self.last)
    }

    /// The part of this range within an object of this size. None if the range starts after its end.
    fn within(self, size: u64) -> Option<Self> {
        (self.first < size).then(|| Self { first: self.first, last: self.last.min(size - 1) })
    }

    fn length(self) -> u64 {
        self.last - self.first + 1
    }
}

/// The result of a ranged read.
pub enum Ranged {
    Part(ObjectPart),
    /// The range starts after the end of the object.
    BeyondEnd,
    /// There is no such object, or no such version.
    Absent,
}

/// A range of one version of an object, cut at its end.
pub struct ObjectPart {
    pub bytes: Vec<u8>,
    /// Pass it to the next ranged read to read the same version.
    pub version: String,
    /// Of the whole object.
    pub size_bytes: u64,
}

/// The range and the size in a Content-Range (RFC 9110, section 14.4): `bytes 0-9/100`.
fn content_range(field: &str) -> Option<(ByteRange, u64)> {
    let (range, size) = field.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let range = ByteRange { first: first.parse().ok()?, last: last.parse().ok()? };
    let size = size.parse().ok()?;
    (range.first <= range.last && range.last < size).then_some((range, size))
}

pub(super) fn acting(credentials: &Credentials) -> aws_sdk_s3::config::Builder {
    aws_sdk_s3::Config::builder().credentials_provider(credentials.clone())
}

impl Aws {
    /// A GET of the newest or the given version.
    fn get_object(&self, key: &str, version: Option<&str>) -> GetObjectFluentBuilder {
        let request = self.s3().get_object().bucket(&self.config.media_bucket).key(key);
        request.set_version_id(version.map(str::to_owned))
    }

    /// Signs a PUT of exactly `size_bytes` bytes with exactly this SHA-256 (base64) to one key.
    pub(crate) async fn sign_upload(
        &self,
        credentials: &Credentials,
        key: &str,
        size_bytes: u64,
        sha256: &str,
    ) -> Result<SignedUpload, Problem> {
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
            .presigned(self.expiring(UPLOAD_LIFETIME)?)
            .await
            .map_err(|error| failed("s3:PutObject (sign)", error))?;
        let headers = signed.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ok(SignedUpload { url: signed.uri().to_owned(), headers, expires_at: after(self.clock.now(), UPLOAD_LIFETIME) })
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
        let request = self.get_object(key, version);
        let answer = request.customize().config_override(acting(credentials)).send().await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) if is_absent(error.code()) => return Ok(None),
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

    /// Signs a GET of one version of an object.
    pub(crate) async fn sign_download(
        &self,
        credentials: &Credentials,
        key: &str,
        version: &str,
        presentation: &Presentation,
    ) -> Result<SignedDownload, Problem> {
        let signed = self
            .get_object(key, Some(version))
            .response_content_type(presentation.content_type)
            .response_content_disposition(&presentation.disposition)
            // A viewer may lose access later.
            .response_cache_control("private, no-store")
            .customize()
            .config_override(acting(credentials))
            .presigned(self.expiring(DOWNLOAD_LIFETIME)?)
            .await
            .map_err(|error| failed("s3:GetObject (sign)", error))?;
        Ok(SignedDownload { url: signed.uri().to_owned(), expires_at: after(self.clock.now(), DOWNLOAD_LIFETIME) })
    }

    /// Reads a range of an object, of the newest version or the given one.
    pub(crate) async fn read_range(
        &self,
        credentials: &Credentials,
        key: &str,
        version: Option<&str>,
        range: ByteRange,
    ) -> Result<Ranged, Problem> {
        let request = self.get_object(key, version).range(range.field());
        let answer = request.customize().config_override(acting(credentials)).send().await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) if error.code() == Some("InvalidRange") => return Ok(Ranged::BeyondEnd),
            Err(error) if is_absent(error.code()) => return Ok(Ranged::Absent),
            Err(error) => return Err(failed("s3:GetObject (range)", error)),
        };
        let other = || Problem::internal("S3 returned another range than the requested one");
        let found = answer.version_id().ok_or_else(unversioned)?.to_owned();
        if version.is_some_and(|asked| asked != found) {
            return Err(Problem::internal("S3 returned another version than the requested one"));
        }
        let length = answer.content_length().and_then(|length| u64::try_from(length).ok()).ok_or_else(other)?;
        // A server may return the whole object instead (200; RFC 9110, section 14.2).
        let (sent, size_bytes) = match answer.content_range() {
            Some(field) => content_range(field).ok_or_else(other)?,
            None if length == 0 => return Ok(Ranged::BeyondEnd),
            None => (ByteRange { first: 0, last: length - 1 }, length),
        };
        let Some(wanted) = range.within(size_bytes) else { return Ok(Ranged::BeyondEnd) };
        if length != sent.length()
            || length > LARGEST_RANGE_BYTES
            || sent.first > wanted.first
            || sent.last < wanted.last
        {
            return Err(other());
        }
        let mut bytes = answer.body.collect().await.map_err(Problem::unavailable)?.into_bytes().to_vec();
        if bytes.len() as u64 != length {
            return Err(other());
        }
        let skipped = usize::try_from(wanted.first - sent.first).map_err(Problem::internal)?;
        bytes.drain(..skipped);
        bytes.truncate(usize::try_from(wanted.length()).map_err(Problem::internal)?);
        Ok(Ranged::Part(ObjectPart { bytes, version: found, size_bytes }))
    }

    /// A signature from now on, by the clock that also says when it ends.
    fn expiring(&self, lifetime: SignedDuration) -> Result<PresigningConfig, Problem> {
        let config =
            PresigningConfig::builder().start_time(self.clock.now().into()).expires_in(lifetime.unsigned_abs());
        config.build().map_err(Problem::internal)
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

/// Without the right to list, S3 answers AccessDenied for a missing object.
fn is_absent(code: Option<&str>) -> bool {
    matches!(code, Some("NoSuchKey" | "NoSuchVersion" | "NotFound" | "AccessDenied"))
}

/// The bucket is versioned, and items record a version: without one, a later write would change the displayed object.
fn unversioned() -> Problem {
    Problem::internal("an object without a version")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_range_has_bytes_and_an_end() {
        assert_eq!(ByteRange::new(10, 5).unwrap().field(), "bytes=10-14");
        assert!(ByteRange::new(u64::MAX, 1).is_some() && ByteRange::new(0, LARGEST_RANGE_BYTES).is_some());
        for (first, length) in [(0, 0), (0, LARGEST_RANGE_BYTES + 1), (u64::MAX, 2)] {
            assert_eq!(ByteRange::new(first, length), None, "{first} {length}");
        }
        let range = ByteRange::new(10, 5).unwrap();
        assert_eq!((range.within(12).unwrap().length(), range.within(10)), (2, None));
    }

    #[test]
    fn a_content_range_is_read_whole_or_not_at_all() {
        assert_eq!(content_range("bytes 0-9/100"), Some((ByteRange { first: 0, last: 9 }, 100)));
        for wrong in
            ["", "bytes */100", "bytes 0-9/*", "bytes 9-0/100", "bytes 0-100/100", "items 0-9/100", "bytes 0-9"]
        {
            assert_eq!(content_range(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_name_in_an_address_needs_no_escape_and_leads_nowhere_else() {
        for sound in ["a", "media_01.png", "a-b_c.d", ".hidden"] {
            assert!(is_sound_segment(sound), "{sound}");
        }
        for unsound in ["", ".", "..", "...", "a/b", "a b", "a?b", "a%2e", "a\"b", "ä", "a\r\n"] {
            assert!(!is_sound_segment(unsound), "{unsound}");
        }
        assert!(Presentation::attachment("image/png", "a\".png").is_err());
    }
}
