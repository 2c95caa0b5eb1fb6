//! Derived keys: KMS derives them from a label, and they are stored nowhere.

use std::collections::HashMap;

use tokio::sync::Mutex;

use crate::aws::Aws;
use crate::kernel::problems::Problem;
use crate::kernel::secrets::SecretBytes;

/// The purpose of a derived key. The number is its version: a new version invalidates everything made under earlier
/// ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Label {
    Cursor,
    MailedLink,
    /// Emailed invitations to workspaces.
    Invitation,
    /// Signed tokens in responses: challenges, and tokens of known devices.
    Claims,
    /// Refresh tokens derived from the previous one.
    Successors,
    /// Secrets of users that are stored and must be read again.
    UserSecrets,
    Pepper(u16),
}

impl Label {
    fn text(self) -> String {
        match self {
            Self::Cursor => "bulkhead/cursor/1".to_owned(),
            Self::MailedLink => "bulkhead/mailed-link/1".to_owned(),
            Self::Invitation => "bulkhead/invitation/1".to_owned(),
            Self::Claims => "bulkhead/claims/1".to_owned(),
            Self::Successors => "bulkhead/successors/1".to_owned(),
            Self::UserSecrets => "bulkhead/user-secrets/1".to_owned(),
            Self::Pepper(version) => format!("bulkhead/pepper/{version}"),
        }
    }
}

/// The derived keys of this process: one KMS call each, at first use.
#[derive(Default)]
pub(crate) struct DerivedKeys {
    kept: Mutex<HashMap<Label, SecretBytes>>,
}

impl DerivedKeys {
    pub(crate) async fn get(&self, aws: &Aws, label: Label) -> Result<SecretBytes, Problem> {
        let mut kept = self.kept.lock().await;
        if let Some(key) = kept.get(&label) {
            return Ok(key.clone());
        }
        let key = aws.derive(&label.text()).await?;
        kept.insert(label, key.clone());
        Ok(key)
    }
}
