//! S3: the versions of objects under a prefix, to be deleted for good.

use aws_credential_types::Credentials;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use serde::{Deserialize, Serialize};

use super::objects::acting;
use super::{Aws, failed};
use crate::kernel::problems::Problem;

/// One version of an object, or the mark that it was deleted, which is a version without bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ObjectVersion {
    key: String,
    version: String,
    pub(crate) size_bytes: u64,
}

impl Aws {
    /// The first versions under a prefix.
    pub(crate) async fn object_versions(
        &self,
        credentials: &Credentials,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<ObjectVersion>, Problem> {
        let answer = self
            .s3()
            .list_object_versions()
            .bucket(&self.config.media_bucket)
            .prefix(prefix)
            .max_keys(i32::try_from(limit).unwrap_or(1000))
            .customize()
            .config_override(acting(credentials))
            .send()
            .await
            .map_err(|error| failed("s3:ListObjectVersions", error))?;
        let whole = |key: Option<String>, version: Option<String>, size: i64| {
            let (Some(key), Some(version)) = (key, version) else {
                return Err(Problem::internal("S3 listed a version without its key or id"));
            };
            Ok(ObjectVersion { key, version, size_bytes: u64::try_from(size).unwrap_or_default() })
        };
        let marks = answer.delete_markers.unwrap_or_default().into_iter();
        let marks = marks.map(|mark| whole(mark.key, mark.version_id, 0));
        let versions = answer.versions.unwrap_or_default().into_iter();
        versions
            .map(|version| whole(version.key, version.version_id, version.size.unwrap_or_default()))
            .chain(marks)
            .collect()
    }

    /// Deletes versions for good. One that does not exist any more is not an error.
    pub(crate) async fn delete_object_versions(
        &self,
        credentials: &Credentials,
        versions: &[ObjectVersion],
    ) -> Result<(), Problem> {
        let named = versions.iter().map(|version| {
            let named = ObjectIdentifier::builder().key(&version.key).version_id(&version.version);
            named.build().map_err(|error| Problem::internal(error.to_string()))
        });
        let delete = Delete::builder().set_objects(Some(named.collect::<Result<_, _>>()?)).quiet(true);
        let delete = delete.build().map_err(|error| Problem::internal(error.to_string()))?;
        let answer = self
            .s3()
            .delete_objects()
            .bucket(&self.config.media_bucket)
            .delete(delete)
            .customize()
            .config_override(acting(credentials))
            .send()
            .await
            .map_err(|error| failed("s3:DeleteObjects", error))?;
        match answer.errors.unwrap_or_default().first() {
            None => Ok(()),
            Some(error) => {
                let code = error.code().unwrap_or_default();
                Err(Problem::unavailable(format!("s3:DeleteObjects left a version: {code}")))
            }
        }
    }
}
