//! The items of the Proofs table: sessions and epochs of users, memberships and directory entries of workspaces, and
//! the list of a user's workspaces.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::member::MEMBERS;
use super::sessions::{SESSION_LIFETIME, Strength};
use crate::kernel::ids::{OverrideSessionId, SessionId, StaffId, TokenId, UserId, WorkspaceId, WorkspaceTokenId};
use crate::kernel::problems::Problem;
use crate::kernel::time::after;
use crate::table::commit::Expected;
use crate::table::item::{Item, Row, body, encode, integer, string};
use crate::tenancy::{Overrides, ReadOnlyAfter, Role, SecurityRules};

/// A session of a user. It ends by its idle timeout or its maximum lifetime; revocation bumps the user's epoch past it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SessionProof {
    pub(crate) epoch: u64,
    pub(crate) idle_ends_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    /// When its user signed in; an older release did not record it.
    #[serde(default)]
    pub(crate) started_at: Option<Timestamp>,
    #[serde(default)]
    pub(crate) strength: Strength,
    /// The user's factor epoch in which the strength was proved.
    #[serde(default)]
    pub(crate) factor_epoch: u64,
    /// When a factor was last proved in the session.
    #[serde(default)]
    pub(crate) factor_at: Timestamp,
}

impl SessionProof {
    /// When its user signed in.
    pub(crate) fn started_at(&self) -> Timestamp {
        self.started_at.unwrap_or_else(|| after(self.ends_at, -SESSION_LIFETIME))
    }
}

/// A personal access token: its scopes, workspace and expiry.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TokenProof {
    pub(crate) id: TokenId,
    /// Its scopes: `posts:read`.
    pub(crate) scopes: Vec<String>,
    /// The only workspace that it can access; `None` for all of the user's workspaces.
    pub(crate) workspace: Option<WorkspaceId>,
    /// The strength of the session that created it, and the factor epoch of that proof.
    pub(crate) strength: Strength,
    #[serde(default)]
    pub(crate) factor_epoch: u64,
    /// The user's token epoch when it was created.
    #[serde(default)]
    pub(crate) token_epoch: u64,
    /// When it was created; an older release did not record it.
    #[serde(default = "latest")]
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

/// A user's epochs: sessions and tokens of an earlier one are invalid. It is one item, read with every proof, so that
/// revoking everything is one write.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Epoch {
    /// The epoch of sessions.
    pub(crate) epoch: u64,
    /// The epoch of personal access tokens.
    #[serde(default)]
    pub(crate) token_epoch: u64,
    /// The epoch of second factors: it changes when the first one is added and when the last one is removed.
    #[serde(default)]
    pub(crate) factor_epoch: u64,
    /// Whether there is a second factor.
    #[serde(default)]
    pub(crate) enrolled: bool,
    /// Whether the account is deleted: its sessions and tokens are refused.
    #[serde(default)]
    pub(crate) closed: bool,
}

impl Epoch {
    /// The epochs of a new user.
    pub(crate) fn first() -> Self {
        Self { epoch: 1, ..Self::default() }
    }

    /// The current strength of a proof from a factor epoch: a removed second factor no longer counts.
    pub(crate) fn strength_of(&self, proved: Strength, factor_epoch: u64) -> Strength {
        if self.enrolled && factor_epoch == self.factor_epoch { proved } else { Strength::Single }
    }

    /// The strongest proof that the user can give.
    pub(crate) fn strongest(&self) -> Strength {
        if self.enrolled { Strength::Multi } else { Strength::Single }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct MembershipProof {
    pub(crate) role: Role,
    /// When the membership began. A token for the workspace that is older belongs to an earlier membership.
    #[serde(default)]
    pub(crate) since: Timestamp,
}

impl MembershipProof {
    /// Whether the plan has no room for the member, who can only read. It never ends the rights of an owner, who can change it.
    pub(crate) fn lacks_room(&self, entry: &DirectoryEntry) -> bool {
        self.role != Role::Owner && entry.read_only_after.covers(MEMBERS, self.since)
    }
}

/// The facts about a workspace that admission needs, and its name, for listing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct DirectoryEntry {
    pub(crate) name: String,
    pub(crate) plan: String,
    pub(crate) region: String,
    pub(crate) cell: String,
    /// The API's address in that region and cell.
    pub(crate) base_url: String,
    pub(crate) suspended: bool,
    #[serde(default)]
    pub(crate) security: SecurityRules,
    /// The number of owners (`last_owner`). An entry without it has one owner.
    #[serde(default = "one")]
    pub(crate) owners: u32,
    /// When an owner moved the workspace to the trash. Absent, not null, outside of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) trashed_at: Option<Timestamp>,
    /// When the erasure of the workspace began: it cannot be restored any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) erasing_at: Option<Timestamp>,
    /// What differs from the plan.
    #[serde(default, skip_serializing_if = "Overrides::is_empty")]
    pub(crate) overrides: Overrides,
    /// What is read-only because the plan has no room for it.
    #[serde(default, skip_serializing_if = "ReadOnlyAfter::is_empty")]
    pub(crate) read_only_after: ReadOnlyAfter,
    pub(crate) created_at: Timestamp,
}

fn one() -> u32 {
    1
}

fn latest() -> Timestamp {
    Timestamp::MAX
}

/// Requires that a member still has this role.
pub(crate) fn still(role: Role) -> Result<Expected, Problem> {
    Ok(Expected::That("e.#role = :role", HashMap::from([(":role".to_owned(), encode(&role)?)])))
}

/// Requires that the workspace of a directory entry exists, is not suspended, and is not in the trash.
pub(crate) fn active() -> Expected {
    let values = HashMap::from([(":no".to_owned(), AttributeValue::Bool(false))]);
    Expected::That("attribute_exists(pk) AND e.#suspended = :no AND attribute_not_exists(e.#trashed_at)", values)
}

pub(crate) type Key = (String, String);

pub(crate) fn session(user: UserId, session: SessionId) -> Key {
    (format!("S#{user}"), format!("SESSION#{session}"))
}

pub(crate) fn token(user: UserId, digest: &str) -> Key {
    (format!("S#{user}"), format!("TOKEN#{digest}"))
}

pub(crate) fn epoch(user: UserId) -> Key {
    (format!("S#{user}"), "EPOCH".to_owned())
}

/// The partition of a workspace's memberships.
pub(crate) fn members(workspace: WorkspaceId) -> String {
    format!("M#{workspace}")
}

/// A membership is stored in the workspace's partition, so that the right to write it depends on the workspace, not on
/// the user.
pub(crate) fn membership(workspace: WorkspaceId, user: UserId) -> Key {
    (members(workspace), user.to_string())
}

pub(crate) fn directory(workspace: WorkspaceId) -> Key {
    (format!("D#{workspace}"), "DIRECTORY".to_owned())
}

/// A token of a workspace. Its partition is the workspace's, like that of memberships.
pub(crate) fn workspace_token(workspace: WorkspaceId, token: WorkspaceTokenId) -> Key {
    (workspace_tokens(workspace), token.to_string())
}

/// The partition of the tokens of a workspace.
pub(crate) fn workspace_tokens(workspace: WorkspaceId) -> String {
    format!("T#{workspace}")
}

/// A session of the staff in a workspace. Its partition is the workspace's.
pub(crate) fn override_session(workspace: WorkspaceId, session: OverrideSessionId) -> Key {
    (override_sessions(workspace), session.to_string())
}

/// One that is over, for the owners' list: it admits nothing.
pub(crate) fn ended_override(workspace: WorkspaceId, session: OverrideSessionId) -> Key {
    (override_sessions(workspace), format!("ENDED#{session}"))
}

/// The partition of the override sessions of a workspace.
pub(crate) fn override_sessions(workspace: WorkspaceId) -> String {
    format!("O#{workspace}")
}

/// The epoch and roles of a member of the staff, for the routes of users, which may not read what is under `STAFF#`.
pub(crate) fn override_standing(staff: StaffId) -> Key {
    (format!("O#{staff}"), "STAFF".to_owned())
}

/// The workspaces in which a member of the staff opened sessions. For listing only; it proves nothing.
pub(crate) fn overrides_of(staff: StaffId) -> String {
    format!("OL#{staff}")
}

/// The workspaces of a user, as a set of ids. For listing only; it does not prove membership.
pub(crate) fn list(user: UserId) -> Key {
    (format!("L#{user}"), "WORKSPACES".to_owned())
}

/// Items by key, from one BatchGetItem.
pub(crate) struct Found(HashMap<Key, Item>);

impl Found {
    pub(crate) fn new(items: Vec<Item>) -> Self {
        Self(
            items
                .into_iter()
                .filter_map(|item| {
                    let key = (string(&item, "pk")?.to_owned(), string(&item, "sk")?.to_owned());
                    Some((key, item))
                })
                .collect(),
        )
    }

    pub(crate) fn read<T: serde::de::DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, Problem> {
        self.0.get(key).map(body).transpose()
    }

    pub(crate) fn revision(&self, key: &Key) -> Option<u64> {
        self.0.get(key).and_then(|item| integer(item, "n"))
    }

    /// The ids of a user's workspaces.
    pub(crate) fn workspaces(&self, key: &Key) -> Vec<WorkspaceId> {
        let ids = self.0.get(key).and_then(|item| item.get("ids")).and_then(|ids| ids.as_ss().ok());
        let mut ids: Vec<WorkspaceId> = ids.into_iter().flatten().filter_map(|id| id.parse().ok()).collect();
        ids.sort_unstable();
        ids
    }
}

pub(crate) fn row<T: Serialize>(sort: &str, value: &T, expires_at: Option<Timestamp>) -> Result<Row, Problem> {
    Ok(Row { sort: sort.to_owned(), version: 1, body: encode(value)?, due: None, domain: None, expires_at })
}
