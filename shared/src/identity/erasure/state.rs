//! The state of an erasure, which is stored among the workspace's items and deleted last.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::aws::object_versions::ObjectVersion;
use crate::kernel::ids::{UserId, WorkspaceId};
use crate::kernel::time::after;
use crate::table::entity::{Due, Entity};

/// A workspace in the trash, from its deletion on. It is due when the workspace cannot be restored any more.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Erasure {
    pub(super) trashed_at: Timestamp,
    pub(super) due_at: Timestamp,
    /// None until the erasure begins. Absent, not null, for the condition of a restore.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) begun: Option<Begun>,
}

/// An erasure that has begun.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Begun {
    pub(super) at: Timestamp,
    /// The number of this pass, from 1.
    pub(super) pass: u32,
    pub(super) phase: Phase,
    /// What this pass found.
    pub(super) found: u64,
    /// The revision of the directory entry when this pass began.
    pub(super) directory: u64,
    /// Who gets the certificate.
    pub(super) owners: Vec<UserId>,
    pub(super) keys: Vec<DestroyedKey>,
    /// Versions of objects that are being deleted: the intent.
    pub(super) versions: Vec<ObjectVersion>,
    pub(super) tally: Tally,
}

/// What a pass erases, in its order: the members' access first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Phase {
    Key,
    Memberships,
    Tokens,
    OverrideSessions,
    Objects,
    Items,
    Messages,
    AuditEntries,
}

impl Phase {
    pub(super) fn next(self) -> Option<Self> {
        match self {
            Self::Key => Some(Self::Memberships),
            Self::Memberships => Some(Self::Tokens),
            Self::Tokens => Some(Self::OverrideSessions),
            Self::OverrideSessions => Some(Self::Objects),
            Self::Objects => Some(Self::Items),
            Self::Items => Some(Self::Messages),
            Self::Messages => Some(Self::AuditEntries),
            Self::AuditEntries => None,
        }
    }
}

/// How much was destroyed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// By the kind of entity (`POST`).
    pub items: BTreeMap<String, u64>,
    pub memberships: u64,
    pub workspace_tokens: u64,
    /// Sessions of the staff: open, waiting, or ended in the last 30 days.
    #[serde(default)]
    pub override_sessions: u64,
    pub messages: u64,
    pub audit_entries: u64,
    pub object_versions: u64,
    pub object_bytes: u64,
}

/// A key of the workspace, and when KMS destroys it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DestroyedKey {
    pub arn: String,
    /// None between the intent and the outcome of the call that schedules it.
    pub destroyed_at: Option<Timestamp>,
}

/// A workspace of which nothing is left but its directory entry.
#[derive(Debug)]
pub struct Destruction {
    pub workspace: WorkspaceId,
    pub name: String,
    pub trashed_at: Timestamp,
    pub began_at: Timestamp,
    pub tally: Tally,
    pub keys: Vec<DestroyedKey>,
    /// Who owned it when its erasure began.
    pub owners: Vec<UserId>,
    /// The revision of the directory entry.
    pub(super) directory: u64,
}

#[cfg(feature = "testing")]
impl Destruction {
    /// One for a test of what is said about it.
    pub fn sample(
        name: &str,
        (trashed_at, began_at): (Timestamp, Timestamp),
        tally: Tally,
        keys: Vec<DestroyedKey>,
    ) -> Self {
        let (workspace, owners, directory) = (WorkspaceId::from_bytes([1; 16]), Vec::new(), 1);
        Self { workspace, name: name.to_owned(), trashed_at, began_at, tally, keys, owners, directory }
    }
}

impl Erasure {
    pub(crate) const KEY: &'static str = "CURRENT";

    /// The entry of a workspace that is moved to the trash, and cannot be restored from `due_at` on.
    pub(crate) fn after_trash(trashed_at: Timestamp, due_at: Timestamp) -> Self {
        Self { trashed_at, due_at, begun: None }
    }

    /// The entry of the same workspace, for a later deletion.
    pub(super) fn deleted_again(&self, trashed_at: Timestamp) -> Self {
        Self::after_trash(trashed_at, after(trashed_at, self.due_at.duration_since(self.trashed_at)))
    }

    pub fn is_due(&self, now: Timestamp) -> bool {
        self.due_at <= now
    }
}

impl Entity for Erasure {
    const KIND: &'static str = "ERASURE";
    type Key = str;

    fn key(&self) -> impl Borrow<Self::Key> {
        Self::KEY
    }

    fn due(&self) -> Option<Due> {
        Some(Due::at(self.due_at))
    }
}
