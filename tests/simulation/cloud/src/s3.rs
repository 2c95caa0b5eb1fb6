//! A fake of S3: versioned buckets, reads of a range, and requests that are signed in their URL.
//!
//! Its rules are those of [GetObject](https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html),
//! [ListObjectVersions](https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html),
//! [DeleteObjects](https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html),
//! [PutObject](https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html), their
//! [errors](https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html) and
//! [signed URLs](https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html). The signature of a URL is
//! computed by the SDK's own crate; requests that are signed in a header are not checked.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_lc_rs::digest;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use url::Url;

use crate::{REGION, Surroundings, response};

/// The query parameters that sign a URL; the others are signed by them.
const SIGNING: [&str; 7] = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-Security-Token",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
];

pub(crate) struct Objects {
    around: Surroundings,
    /// By bucket and key, oldest version first.
    objects: HashMap<(String, String), Vec<Version>>,
}

struct Version {
    id: String,
    content_type: String,
    bytes: Bytes,
}

/// An error code with its status.
type Refusal = (StatusCode, &'static str);

const DENIED: Refusal = (StatusCode::FORBIDDEN, "AccessDenied");

impl Objects {
    pub(crate) fn new(around: Surroundings) -> Self {
        Self { around, objects: HashMap::new() }
    }

    /// `credentials` finds those with an access key id.
    pub(crate) fn answer(
        &mut self,
        request: &Request<Bytes>,
        credentials: impl Fn(&str) -> Option<Credentials>,
    ) -> Response<Bytes> {
        let Ok(url) = Url::parse(&request.uri().to_string()) else { return refuse(DENIED) };
        let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
        if query.contains_key("X-Amz-Signature")
            && let Err(refusal) = self.verify(request, &url, &query, credentials)
        {
            return refuse(refusal);
        }
        let Some(place) = place(&url) else { return refuse((StatusCode::NOT_FOUND, "NoSuchBucket")) };
        match *request.method() {
            Method::GET if query.contains_key("versions") => self.list_versions(&place.0, &query),
            Method::POST if query.contains_key("delete") => self.delete_versions(&place.0, request.body()),
            Method::PUT => self.put(place, request),
            Method::GET => self.get(&place, request, &query),
            _ => refuse((StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed")),
        }
    }

    fn put(&mut self, place: (String, String), request: &Request<Bytes>) -> Response<Bytes> {
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        let sha256 = STANDARD.encode(digest::digest(&digest::SHA256, request.body()));
        if header("x-amz-checksum-sha256").is_some_and(|sent| sent != sha256) {
            return refuse((StatusCode::BAD_REQUEST, "BadDigest"));
        }
        if header("content-length").is_some_and(|sent| sent != request.body().len().to_string()) {
            return refuse((StatusCode::BAD_REQUEST, "IncompleteBody"));
        }
        let content_type = header("content-type").unwrap_or("application/octet-stream").to_owned();
        let version = Version { id: self.around.id(), content_type, bytes: request.body().clone() };
        let answer =
            Response::builder().header("x-amz-version-id", &version.id).header("etag", format!("\"{sha256}\""));
        self.objects.entry(place).or_default().push(version);
        answer.body(Bytes::new()).unwrap_or_default()
    }

    /// ListObjectVersions: by key, the newest version first.
    fn list_versions(&self, bucket: &str, query: &HashMap<String, String>) -> Response<Bytes> {
        let prefix = query.get("prefix").map(String::as_str).unwrap_or_default();
        let limit = query.get("max-keys").and_then(|limit| limit.parse().ok()).unwrap_or(1000).min(1000);
        let mut found: Vec<(&str, &Version)> = self
            .objects
            .iter()
            .filter(|((of, key), _)| of == bucket && key.starts_with(prefix))
            .flat_map(|((_, key), versions)| versions.iter().rev().map(|version| (key.as_str(), version)))
            .collect();
        found.sort_by_key(|(key, _)| *key);
        let is_truncated = found.len() > limit;
        let listed: String = found
            .iter()
            .take(limit)
            .map(|(key, Version { id, bytes, .. })| {
                let size = bytes.len();
                format!("<Version><Key>{key}</Key><VersionId>{id}</VersionId><Size>{size}</Size></Version>")
            })
            .collect();
        let body = format!(
            "<ListVersionsResult><Name>{bucket}</Name><IsTruncated>{is_truncated}</IsTruncated>{listed}</ListVersionsResult>"
        );
        response(200, "application/xml", body)
    }

    /// DeleteObjects, of versions: one that does not exist is deleted, too.
    fn delete_versions(&mut self, bucket: &str, body: &[u8]) -> Response<Bytes> {
        let body = String::from_utf8_lossy(body);
        let between = |text: &str, name: &str| {
            let (_, rest) = text.split_once(&format!("<{name}>"))?;
            Some(rest.split_once(&format!("</{name}>"))?.0.to_owned())
        };
        for object in body.split("<Object>").skip(1) {
            let (Some(key), Some(id)) = (between(object, "Key"), between(object, "VersionId")) else {
                return refuse((StatusCode::BAD_REQUEST, "MalformedXML"));
            };
            let place = (bucket.to_owned(), key);
            if let Some(versions) = self.objects.get_mut(&place) {
                versions.retain(|version| version.id != id);
                if versions.is_empty() {
                    self.objects.remove(&place);
                }
            }
        }
        response(200, "application/xml", "<DeleteResult></DeleteResult>".to_owned())
    }

    /// The keys of every object with its versions, in their order.
    pub(crate) fn keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = self
            .objects
            .iter()
            .flat_map(|((_, key), versions)| versions.iter().map(move |version| format!("{key} {}", version.id)))
            .collect();
        keys.sort();
        keys
    }

    fn get(
        &self,
        place: &(String, String),
        request: &Request<Bytes>,
        query: &HashMap<String, String>,
    ) -> Response<Bytes> {
        let Some(versions) = self.objects.get(place) else { return refuse((StatusCode::NOT_FOUND, "NoSuchKey")) };
        let found = match query.get("versionId") {
            Some(id) => versions.iter().find(|version| version.id == *id),
            None => versions.last(),
        };
        let Some(version) = found else { return refuse((StatusCode::NOT_FOUND, "NoSuchVersion")) };
        let size = version.bytes.len();
        let range = request.headers().get("range").and_then(|range| range.to_str().ok());
        let (status, part) = match range.and_then(bounds) {
            Some((first, _)) if first >= size => return refuse((StatusCode::RANGE_NOT_SATISFIABLE, "InvalidRange")),
            Some((first, last)) => (StatusCode::PARTIAL_CONTENT, first..size.min(last.saturating_add(1))),
            None => (StatusCode::OK, 0..size),
        };
        let shown = |name: &str| query.get(&format!("response-{name}")).cloned();
        let mut answer = Response::builder()
            .status(status)
            .header("x-amz-version-id", &version.id)
            .header("content-length", part.len())
            .header("content-type", shown("content-type").unwrap_or_else(|| version.content_type.clone()));
        for name in ["content-disposition", "cache-control"] {
            if let Some(value) = shown(name) {
                answer = answer.header(name, value);
            }
        }
        if status == StatusCode::PARTIAL_CONTENT {
            let last = part.end.saturating_sub(1);
            answer = answer.header("content-range", format!("bytes {}-{last}/{size}", part.start));
        }
        answer.body(version.bytes.slice(part)).unwrap_or_default()
    }

    /// Checks that the URL has not expired, and that its signature covers this request.
    fn verify(
        &self,
        request: &Request<Bytes>,
        url: &Url,
        query: &HashMap<String, String>,
        credentials: impl Fn(&str) -> Option<Credentials>,
    ) -> Result<(), Refusal> {
        let parameter = |name: &str| query.get(name).map(String::as_str).ok_or(DENIED);
        let (key_id, _) = parameter("X-Amz-Credential")?.split_once('/').ok_or(DENIED)?;
        let credentials = credentials(key_id).ok_or((StatusCode::FORBIDDEN, "InvalidAccessKeyId"))?;
        let lifetime = Duration::from_secs(parameter("X-Amz-Expires")?.parse().map_err(|_| DENIED)?);
        let signed_at = jiff::fmt::strtime::parse("%Y%m%dT%H%M%SZ", parameter("X-Amz-Date")?)
            .and_then(|time| time.to_datetime()?.in_tz("UTC"))
            .map_err(|_| DENIED)?;
        let signed_at = SystemTime::from(signed_at.timestamp());
        if signed_at + lifetime <= SystemTime::UNIX_EPOCH + (self.around.now)() {
            return Err(DENIED);
        }
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(lifetime);
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::NoHeader;
        let identity = credentials.into();
        let signing = v4::SigningParams::builder()
            .identity(&identity)
            .region(REGION)
            .name("s3")
            .time(signed_at)
            .settings(settings)
            .build()
            .map_err(|_| DENIED)?;
        let mut unsigned = url.clone();
        let rest = url.query_pairs().filter(|(name, _)| !SIGNING.contains(&name.as_ref()));
        unsigned.query_pairs_mut().clear().extend_pairs(rest);
        let names = parameter("X-Amz-SignedHeaders")?.split(';').filter(|name| *name != "host");
        let headers = names
            .map(|name| Some((name, request.headers().get(name)?.to_str().ok()?)))
            .collect::<Option<Vec<_>>>()
            .ok_or(DENIED)?;
        let signable = SignableRequest::new(
            request.method().as_str(),
            unsigned.as_str(),
            headers.into_iter(),
            SignableBody::UnsignedPayload,
        );
        let signed = signable.and_then(|signable| sign(signable, &signing.into())).map_err(|_| DENIED)?;
        if signed.signature() == parameter("X-Amz-Signature")? {
            Ok(())
        } else {
            Err((StatusCode::FORBIDDEN, "SignatureDoesNotMatch"))
        }
    }
}

/// The bucket and the key of `https://bucket.s3.region.amazonaws.com/key`, or of `http://host:port/bucket/key`.
fn place(url: &Url) -> Option<(String, String)> {
    let path = url.path().strip_prefix('/')?;
    let by_host = url.domain().and_then(|host| host.split_once(".s3."));
    let (bucket, key) = match by_host {
        Some((bucket, _)) => (bucket, path),
        None => path.split_once('/')?,
    };
    Some((bucket.to_owned(), key.to_owned()))
}

/// The first and the last byte of `bytes=0-9` or `bytes=5-`.
fn bounds(range: &str) -> Option<(usize, usize)> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    Some((first.parse().ok()?, if last.is_empty() { usize::MAX } else { last.parse().ok()? }))
}

fn refuse((status, code): Refusal) -> Response<Bytes> {
    response(status.as_u16(), "application/xml", format!("<Error><Code>{code}</Code><Message>{code}</Message></Error>"))
}
