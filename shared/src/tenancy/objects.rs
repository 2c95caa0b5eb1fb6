//! The objects of a workspace: uploads in quarantine, and the files made from them.

use super::scope::Scope;
use crate::aws::grants::Grant;
use crate::aws::object_versions::ObjectVersion;
use crate::aws::objects::{ByteRange, Object, Presentation, Ranged, SignedDownload, SignedUpload, is_sound_segment};
use crate::kernel::problems::Problem;

impl Scope {
    /// Signs an upload of exactly `size_bytes` bytes with exactly this SHA-256 (base64) into quarantine, under a name
    /// that is unique in the workspace.
    pub async fn sign_upload(&self, name: &str, size_bytes: u64, sha256: &str) -> Result<SignedUpload, Problem> {
        let credentials = self.session().await?.credentials;
        self.app().aws.sign_upload(&credentials, &self.quarantined(name), size_bytes, sha256).await
    }

    /// Reads the newest or the given version of an upload; none if nothing was uploaded.
    pub async fn read_upload(
        &self,
        name: &str,
        version: Option<&str>,
        limit_bytes: u64,
    ) -> Result<Option<Object>, Problem> {
        let credentials = self.session().await?.credentials;
        self.app().aws.read_object(&credentials, &self.quarantined(name), version, limit_bytes).await
    }

    /// Writes an object of the workspace, under a prefix that cannot be presigned, and returns its version.
    pub async fn write_object(&self, name: &str, content_type: &str, bytes: Vec<u8>) -> Result<String, Problem> {
        let credentials = self.session().await?.credentials;
        self.app().aws.write_object(&credentials, &self.object(name), content_type, bytes).await
    }

    pub async fn read_object(
        &self,
        name: &str,
        version: Option<&str>,
        limit_bytes: u64,
    ) -> Result<Option<Object>, Problem> {
        let credentials = self.session().await?.credentials;
        self.app().aws.read_object(&credentials, &self.object(name), version, limit_bytes).await
    }

    /// Signs a download of one version of an object for 15 minutes. Uploads in quarantine are unchecked and cannot be
    /// signed. Needs `Grant::SignDownloads`.
    pub async fn sign_download(
        &self,
        name: &str,
        version: &str,
        presentation: &Presentation,
    ) -> Result<SignedDownload, Problem> {
        // Signing makes no call: without this check, only the client would see that the grant is missing.
        if !self.app().grants.contains(&Grant::SignDownloads) {
            return Err(Problem::internal("a download is signed without Grant::SignDownloads"));
        }
        if !name.split('/').all(is_sound_segment) {
            return Err(Problem::internal("an object's name that needs escaping in a URL"));
        }
        let credentials = self.session().await?.credentials;
        self.app().aws.sign_download(&credentials, &self.object(name), version, presentation).await
    }

    /// Reads a range of an object, of the newest version or the given one.
    pub async fn read_range(&self, name: &str, version: Option<&str>, range: ByteRange) -> Result<Ranged, Problem> {
        let credentials = self.session().await?.credentials;
        self.app().aws.read_range(&credentials, &self.object(name), version, range).await
    }

    /// The first versions of the workspace's objects. Needs `Grant::EraseWorkspaces`.
    pub(crate) async fn list_object_versions(&self, limit: usize) -> Result<Vec<ObjectVersion>, Problem> {
        let credentials = self.session().await?.credentials;
        for prefix in [self.quarantined(""), self.object("")] {
            let found = Box::pin(self.app().aws.object_versions(&credentials, &prefix, limit)).await?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }

    /// Deletes versions that `list_object_versions` returned.
    pub(crate) async fn delete_object_versions(&self, versions: &[ObjectVersion]) -> Result<(), Problem> {
        let credentials = self.session().await?.credentials;
        Box::pin(self.app().aws.delete_object_versions(&credentials, versions)).await
    }

    fn quarantined(&self, name: &str) -> String {
        format!("q/{}/{name}", self.id())
    }

    fn object(&self, name: &str) -> String {
        format!("m/{}/{name}", self.id())
    }
}
