//! The objects of a workspace: uploads in quarantine, and the files made from them.

use super::scope::Scope;
use crate::aws::objects::{Object, SignedUpload};
use crate::kernel::problems::Problem;

impl Scope {
    /// Signs an upload of exactly `size_bytes` bytes with exactly this SHA-256 (base64) into quarantine, under a name
    /// that is unique in the workspace.
    pub async fn sign_upload(&self, name: &str, size_bytes: u64, sha256: &str) -> Result<SignedUpload, Problem> {
        let credentials = self.credentials().await?;
        self.app().aws.sign_upload(&credentials, &self.quarantined(name), size_bytes, sha256).await
    }

    /// Reads the newest or the given version of an upload; none if nothing was uploaded.
    pub async fn read_upload(
        &self,
        name: &str,
        version: Option<&str>,
        limit_bytes: u64,
    ) -> Result<Option<Object>, Problem> {
        let credentials = self.credentials().await?;
        self.app().aws.read_object(&credentials, &self.quarantined(name), version, limit_bytes).await
    }

    /// Writes an object of the workspace, under a prefix that cannot be presigned, and returns its version.
    pub async fn write_object(&self, name: &str, content_type: &str, bytes: Vec<u8>) -> Result<String, Problem> {
        let credentials = self.credentials().await?;
        self.app().aws.write_object(&credentials, &self.object(name), content_type, bytes).await
    }

    pub async fn read_object(
        &self,
        name: &str,
        version: Option<&str>,
        limit_bytes: u64,
    ) -> Result<Option<Object>, Problem> {
        let credentials = self.credentials().await?;
        self.app().aws.read_object(&credentials, &self.object(name), version, limit_bytes).await
    }

    fn quarantined(&self, name: &str) -> String {
        format!("q/{}/{name}", self.id())
    }

    fn object(&self, name: &str) -> String {
        format!("m/{}/{name}", self.id())
    }
}
