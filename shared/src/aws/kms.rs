//! KMS: the calls that wrap and unwrap keys.

use std::collections::HashMap;

use aws_credential_types::Credentials;
use aws_sdk_kms::config::SharedCredentialsProvider;
use aws_sdk_kms::error::SdkError;
use aws_sdk_kms::operation::schedule_key_deletion::{ScheduleKeyDeletionError, ScheduleKeyDeletionOutput};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{DataKeySpec, MacAlgorithmSpec, Tag};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::Timestamp;

use super::{Aws, failed};
use crate::kernel::ids::WorkspaceId;
use crate::kernel::problems::Problem;
use crate::kernel::secrets::SecretBytes;

/// Days until a scheduled deletion: KMS's minimum, within which an operator can cancel it.
const DELETION_WAIT_DAYS: i32 = 7;

fn acting(credentials: Option<&Credentials>) -> aws_sdk_kms::config::Builder {
    let mut builder = aws_sdk_kms::Config::builder();
    builder
        .set_credentials_provider(credentials.map(|credentials| SharedCredentialsProvider::new(credentials.clone())));
    builder
}

/// A data key: the plain bytes, and the same wrapped.
pub(crate) struct DataKey {
    pub(crate) plain: SecretBytes,
    pub(crate) wrapped: Vec<u8>,
}

impl Aws {
    /// A data key under a KMS key, as the role that the credentials are of; without any, as the function's own.
    pub(crate) async fn generate_data_key(
        &self,
        credentials: Option<&Credentials>,
        key: &str,
        context: HashMap<String, String>,
    ) -> Result<DataKey, Problem> {
        let answer = self
            .kms()
            .generate_data_key()
            .key_id(key)
            .key_spec(DataKeySpec::Aes256)
            .set_encryption_context(Some(context))
            .customize()
            .config_override(acting(credentials))
            .send()
            .await
            .map_err(|error| failed("kms:GenerateDataKey", error))?;
        match (answer.plaintext, answer.ciphertext_blob) {
            (Some(plain), Some(wrapped)) => {
                Ok(DataKey { plain: SecretBytes::new(plain.into_inner()), wrapped: wrapped.into_inner() })
            }
            _ => Err(Problem::internal("kms:GenerateDataKey answered no key")),
        }
    }

    /// Unwraps a data key. `key` is the key that wrapped it: KMS refuses a blob of any other key.
    pub(crate) async fn unwrap_data_key(
        &self,
        credentials: Option<&Credentials>,
        key: &str,
        wrapped: &[u8],
        context: HashMap<String, String>,
    ) -> Result<SecretBytes, Problem> {
        let answer = self
            .kms()
            .decrypt()
            .key_id(key)
            .ciphertext_blob(Blob::new(wrapped))
            .set_encryption_context(Some(context))
            .customize()
            .config_override(acting(credentials))
            .send()
            .await
            .map_err(|error| failed("kms:Decrypt", error))?;
        let plain = answer.plaintext.ok_or_else(|| Problem::internal("kms:Decrypt answered no plaintext"))?;
        Ok(SecretBytes::new(plain.into_inner()))
    }

    /// Encrypts a small value of the system itself (a signing key) under the system key.
    pub(crate) async fn encrypt_for_system(&self, purpose: &str, plain: &SecretBytes) -> Result<Vec<u8>, Problem> {
        let answer = self
            .kms()
            .encrypt()
            .key_id(&self.config.system_key)
            .plaintext(Blob::new(plain.expose()))
            .encryption_context("purpose", purpose)
            .send()
            .await
            .map_err(|error| failed("kms:Encrypt", error))?;
        let sealed = answer.ciphertext_blob.ok_or_else(|| Problem::internal("kms:Encrypt answered no ciphertext"))?;
        Ok(sealed.into_inner())
    }

    pub(crate) async fn decrypt_for_system(&self, purpose: &str, sealed: &[u8]) -> Result<SecretBytes, Problem> {
        let answer = self
            .kms()
            .decrypt()
            .key_id(&self.config.system_key)
            .ciphertext_blob(Blob::new(sealed))
            .encryption_context("purpose", purpose)
            .send()
            .await
            .map_err(|error| failed("kms:Decrypt", error))?;
        let plain = answer.plaintext.ok_or_else(|| Problem::internal("kms:Decrypt answered no plaintext"))?;
        Ok(SecretBytes::new(plain.into_inner()))
    }

    /// HMAC-SHA-256 of a label under the derivation key: 32 bytes that only KMS can compute.
    pub(crate) async fn derive(&self, label: &str) -> Result<SecretBytes, Problem> {
        let answer = self
            .kms()
            .generate_mac()
            .key_id(&self.config.derivation_key)
            .mac_algorithm(MacAlgorithmSpec::HmacSha256)
            .message(Blob::new(label))
            .send()
            .await
            .map_err(|error| failed("kms:GenerateMac", error))?;
        let mac = answer.mac.ok_or_else(|| Problem::internal("kms:GenerateMac answered no MAC"))?;
        Ok(SecretBytes::new(mac.into_inner()))
    }

    /// Creates a workspace's key, rotated yearly and tagged with the workspace and the deployment, and returns its ARN.
    pub(crate) async fn create_workspace_key(
        &self,
        credentials: &Credentials,
        workspace: WorkspaceId,
    ) -> Result<String, Problem> {
        let tag = |key: &str, value: String| {
            Tag::builder().tag_key(key).tag_value(value).build().map_err(|error| Problem::internal(error.to_string()))
        };
        let answer = self
            .kms()
            .create_key()
            .description("Wraps the data keys of one workspace.")
            .tags(tag("workspace", workspace.to_string())?)
            .tags(tag("deployment", self.config.tables.tenants.clone())?)
            .customize()
            .config_override(acting(Some(credentials)))
            .send()
            .await
            .map_err(|error| failed("kms:CreateKey", error))?;
        let metadata = answer.key_metadata.ok_or_else(|| Problem::internal("kms:CreateKey answered no key"))?;
        let arn = metadata.arn.ok_or_else(|| Problem::internal("kms:CreateKey answered no ARN"))?;
        self.kms()
            .enable_key_rotation()
            .key_id(&arn)
            .customize()
            .config_override(acting(Some(credentials)))
            .send()
            .await
            .map_err(|error| failed("kms:EnableKeyRotation", error))?;
        Ok(arn)
    }

    /// Gives a new key the alias by which the orphan sweep finds it: one alias per key, so that an orphan and the key
    /// in use never compete for it.
    pub(crate) async fn name_workspace_key(&self, credentials: &Credentials, key: &str) -> Result<(), Problem> {
        let id = key.rsplit('/').next().unwrap_or(key);
        self.kms()
            .create_alias()
            .alias_name(format!("{}{id}", self.alias_prefix()))
            .target_key_id(key)
            .customize()
            .config_override(acting(Some(credentials)))
            .send()
            .await
            .map(drop)
            .map_err(|error| failed("kms:CreateAlias", error))
    }

    fn alias_prefix(&self) -> String {
        format!("alias/{}/ws/", self.config.tables.tenants)
    }

    pub(crate) async fn discard_own_key(&self, credentials: &Credentials, key: &str) -> Result<(), Problem> {
        let scheduled = self.schedule_deletion(Some(credentials), key).await;
        scheduled.map(drop).map_err(|error| failed("kms:ScheduleKeyDeletion", error))
    }

    async fn schedule_deletion(
        &self,
        credentials: Option<&Credentials>,
        key: &str,
    ) -> Result<ScheduleKeyDeletionOutput, SdkError<ScheduleKeyDeletionError>> {
        let deletion = self.kms().schedule_key_deletion().key_id(key).pending_window_in_days(DELETION_WAIT_DAYS);
        deletion.customize().config_override(acting(credentials)).send().await
    }

    /// Schedules the deletion of a workspace's key, unless it is scheduled already, and returns when KMS destroys it.
    pub(crate) async fn destroy_workspace_key(
        &self,
        credentials: &Credentials,
        key: &str,
    ) -> Result<Timestamp, Problem> {
        let at = match self.schedule_deletion(Some(credentials), key).await {
            Ok(answer) => answer.deletion_date,
            // An earlier call had its effect, and its response was lost.
            Err(error) if error.code() == Some("KMSInvalidStateException") => {
                let described = self.kms().describe_key().key_id(key).customize();
                let described = described.config_override(acting(Some(credentials))).send().await;
                let described = described.map_err(|error| failed("kms:DescribeKey", error))?;
                described.key_metadata.and_then(|metadata| metadata.deletion_date)
            }
            // KMS has destroyed it since.
            Err(error) if error.code() == Some("NotFoundException") => return Ok(self.clock.now()),
            Err(error) => return Err(failed("kms:ScheduleKeyDeletion", error)),
        };
        let at = at.and_then(|at| Timestamp::from_millisecond(at.to_millis().ok()?).ok());
        at.ok_or_else(|| Problem::internal("KMS returned no date of the key's deletion"))
    }

    /// A page of this deployment's workspace keys, by alias.
    pub(crate) async fn workspace_keys(
        &self,
        marker: Option<String>,
    ) -> Result<(Vec<String>, Option<String>), Problem> {
        let answer = self
            .kms()
            .list_aliases()
            .limit(100)
            .set_marker(marker)
            .send()
            .await
            .map_err(|error| failed("kms:ListAliases", error))?;
        let prefix = self.alias_prefix();
        let keys = answer
            .aliases
            .unwrap_or_default()
            .into_iter()
            .filter(|alias| alias.alias_name().is_some_and(|name| name.starts_with(&prefix)))
            .filter_map(|alias| alias.target_key_id)
            .collect();
        Ok((keys, answer.next_marker))
    }

    /// A key's ARN, workspace tag, age and whether it is enabled.
    pub(crate) async fn describe_workspace_key(&self, key: &str) -> Result<Option<KeyFacts>, Problem> {
        let described =
            self.kms().describe_key().key_id(key).send().await.map_err(|error| failed("kms:DescribeKey", error))?;
        let Some(metadata) = described.key_metadata.filter(|metadata| metadata.enabled()) else { return Ok(None) };
        let tags = self
            .kms()
            .list_resource_tags()
            .key_id(key)
            .send()
            .await
            .map_err(|error| failed("kms:ListResourceTags", error))?;
        let workspace = tags.tags().iter().find(|tag| tag.tag_key() == "workspace").map(|tag| tag.tag_value());
        let created_ms = metadata.creation_date().and_then(|at| at.to_millis().ok());
        Ok(match (metadata.arn(), workspace.and_then(|id| id.parse().ok()), created_ms) {
            (Some(arn), Some(workspace), Some(created_ms)) => {
                Some(KeyFacts { arn: arn.to_owned(), workspace, created_ms })
            }
            _ => None,
        })
    }

    pub(crate) async fn retire_key(&self, key: &str) -> Result<(), Problem> {
        let scheduled = self.schedule_deletion(None, key).await;
        scheduled.map(drop).map_err(|error| failed("kms:ScheduleKeyDeletion", error))
    }
}

/// The facts about a key that the orphan sweep needs.
pub(crate) struct KeyFacts {
    pub(crate) arn: String,
    pub(crate) workspace: WorkspaceId,
    pub(crate) created_ms: i64,
}
