//! Sealed values: envelope encryption under a KMS key, of a workspace or of the system.
//!
//! A data key is for one key owner and one purpose. Both are in the KMS encryption context of its wrapping and in the
//! associated data of sealed values, so that a value that is moved to another workspace, purpose or owner does not
//! open.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_credential_types::Credentials;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::aead;
use super::digest::{base64, from_base64, sha256};
use crate::aws::Aws;
use crate::kernel::ids::WorkspaceId;
use crate::kernel::problems::Problem;
use crate::kernel::secrets::{SecretBytes, SecretText};
use crate::kernel::time::after;

/// A secret as stored: only `Scope::open` of its workspace can open it, or for the system, its own purpose.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// The format's version.
    v: u8,
    /// The ARN of the KMS key that wrapped the data key, so that a value always names the key that opens it.
    key: String,
    wrapped: String,
    sealed: String,
}

/// Whose key a value is sealed under.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyOwner {
    Workspace(WorkspaceId),
    System,
}

impl fmt::Display for KeyOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workspace(workspace) => workspace.fmt(f),
            Self::System => f.write_str("system"),
        }
    }
}

/// The key owner, purpose and owner that a value is sealed for.
pub(crate) struct Place<'a> {
    pub(crate) key_owner: KeyOwner,
    pub(crate) purpose: &'static str,
    /// The item that owns it.
    pub(crate) owner: &'a str,
}

impl Place<'_> {
    fn context(&self) -> HashMap<String, String> {
        let mut context = HashMap::from([("purpose".to_owned(), self.purpose.to_owned())]);
        if let KeyOwner::Workspace(workspace) = self.key_owner {
            context.insert("workspace".to_owned(), workspace.to_string());
        }
        context
    }

    fn associated(&self) -> Vec<u8> {
        format!("{}|{}|{}", self.key_owner, self.purpose, self.owner).into_bytes()
    }
}

/// How long a plain data key stays in memory, and how many at most.
const KEPT_FOR: SignedDuration = SignedDuration::from_mins(5);
const KEPT: usize = 64;

/// The data keys of this process.
#[derive(Default)]
pub(crate) struct DataKeys {
    sealing: Kept<(KeyOwner, &'static str, String), Arc<SealingKey>>,
    opening: Kept<[u8; 32], SecretBytes>,
}

struct SealingKey {
    plain: SecretBytes,
    wrapped: String,
}

impl DataKeys {
    pub(crate) async fn seal(
        &self,
        aws: &Aws,
        credentials: Option<&Credentials>,
        kms_key: &str,
        place: &Place<'_>,
        secret: &SecretText,
    ) -> Result<Sealed, Problem> {
        let now = aws.clock.now();
        let slot = (place.key_owner, place.purpose, kms_key.to_owned());
        let key = match self.sealing.get(&slot, now) {
            Some(key) => key,
            None => {
                let made = aws.generate_data_key(credentials, kms_key, place.context()).await?;
                let key = Arc::new(SealingKey { plain: made.plain, wrapped: base64(&made.wrapped) });
                self.sealing.put(slot, key.clone(), now);
                key
            }
        };
        let sealed = aead::seal(&key.plain, &place.associated(), secret.expose().as_bytes())?;
        Ok(Sealed { v: 1, key: kms_key.to_owned(), wrapped: key.wrapped.clone(), sealed: base64(&sealed) })
    }

    pub(crate) async fn open(
        &self,
        aws: &Aws,
        credentials: Option<&Credentials>,
        place: &Place<'_>,
        value: &Sealed,
    ) -> Result<SecretText, Problem> {
        let unreadable = || Problem::internal("a sealed value does not open: it was changed or moved");
        let now = aws.clock.now();
        // A cached key is only used for the owner and purpose that KMS unwrapped it for.
        let slot = sha256(format!("{}|{}|{}|{}", place.key_owner, place.purpose, value.key, value.wrapped).as_bytes());
        let key = match self.opening.get(&slot, now) {
            Some(key) => key,
            None => {
                let wrapped = from_base64(&value.wrapped).ok_or_else(unreadable)?;
                let key = aws.unwrap_data_key(credentials, &value.key, &wrapped, place.context()).await?;
                self.opening.put(slot, key.clone(), now);
                key
            }
        };
        let sealed = from_base64(&value.sealed).ok_or_else(unreadable)?;
        let plain = aead::open(&key, &place.associated(), &sealed).ok_or_else(unreadable)?;
        let text = std::str::from_utf8(plain.expose()).map_err(|_| unreadable())?;
        Ok(SecretText::new(text.to_owned()))
    }
}

/// A bounded cache whose entries expire. Values wipe themselves when they are dropped.
struct Kept<K, V> {
    entries: Mutex<VecDeque<(K, V, Timestamp)>>,
}

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self { entries: Mutex::default() }
    }
}

impl<K: PartialEq, V: Clone> Kept<K, V> {
    fn get(&self, key: &K, now: Timestamp) -> Option<V> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|(_, _, ends_at)| now < *ends_at);
        entries.iter().find(|(kept, _, _)| kept == key).map(|(_, value, _)| value.clone())
    }

    fn put(&self, key: K, value: V, now: Timestamp) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= KEPT {
            entries.pop_front();
        }
        entries.push_back((key, value, after(now, KEPT_FOR)));
    }
}
