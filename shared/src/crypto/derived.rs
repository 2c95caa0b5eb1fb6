//! Keys that every function can have and nothing stores: KMS makes them from a label.

use std::collections::HashMap;

use tokio::sync::Mutex;

use crate::aws::Aws;
use crate::kernel::problems::Problem;
use crate::kernel::secrets::SecretBytes;

/// What a derived key is for. The number is its version: a new one makes all before it worthless.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Label {
    Cursor,
    MailedLink,
    /// Tokens that are handed out in answers: challenges, marks of known devices.
    Claims,
    /// Refresh tokens that are derived from the previous one.
    Successors,
    /// Secrets of users that the store keeps, and must read again.
    UserSecrets,
    Pepper(u16),
}

impl Label {
    fn text(self) -> String {
        match self {
            Self::Cursor => "bulkhead/cursor/1".to_owned(),
            Self::MailedLink => "bulkhead/mailed-link/1".to_owned(),
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
