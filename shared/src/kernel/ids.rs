//! Identifiers: a UUIDv7 with a prefix that names its kind (`post_0197…`, 32 hex digits).

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use uuid::Uuid;

use super::entropy::Entropy;
use super::time::{Clock, Timestamp};

/// A type with its own kind of identifier.
pub trait Identified {
    /// Two to eight lower-case letters, unique in the product: `post`, `ws`.
    const PREFIX: &'static str;
    /// In API documents, before `Id`: `Post`, `Workspace`.
    const NAME: &'static str;
}

/// The identifier of a `T`. Ids are ordered by creation time, to the millisecond.
pub struct Id<T> {
    uuid: Uuid,
    kind: PhantomData<fn() -> T>,
}

/// A tenant. In a path it is a claim; the proof is `Workspace<P>`.
pub enum WorkspaceKind {}
/// A person with an account.
pub enum UserKind {}
/// One sign-in of a user on one client.
pub enum SessionKind {}
/// A member of the operator's staff, who is not a user.
pub enum StaffKind {}
/// A personal access token, with which a program acts for a user.
pub enum TokenKind {}
/// A token of a workspace, with which a program acts for itself.
pub enum WorkspaceTokenKind {}
/// A session of a member of the staff in one workspace.
pub enum OverrideSessionKind {}

impl Identified for WorkspaceKind {
    const PREFIX: &'static str = "ws";
    const NAME: &'static str = "Workspace";
}
impl Identified for UserKind {
    const PREFIX: &'static str = "user";
    const NAME: &'static str = "User";
}
impl Identified for SessionKind {
    const PREFIX: &'static str = "ses";
    const NAME: &'static str = "Session";
}

impl Identified for StaffKind {
    const PREFIX: &'static str = "staff";
    const NAME: &'static str = "Staff";
}

impl Identified for TokenKind {
    const PREFIX: &'static str = "pat";
    const NAME: &'static str = "AccessToken";
}

impl Identified for WorkspaceTokenKind {
    const PREFIX: &'static str = "wtok";
    const NAME: &'static str = "WorkspaceToken";
}

impl Identified for OverrideSessionKind {
    const PREFIX: &'static str = "ovr";
    const NAME: &'static str = "OverrideSession";
}

pub type WorkspaceId = Id<WorkspaceKind>;
pub type UserId = Id<UserKind>;
pub type SessionId = Id<SessionKind>;
pub type StaffId = Id<StaffKind>;
pub type TokenId = Id<TokenKind>;
pub type WorkspaceTokenId = Id<WorkspaceTokenKind>;
pub type OverrideSessionId = Id<OverrideSessionKind>;

impl<T> Id<T> {
    pub(crate) fn new(clock: &Clock, entropy: &Entropy) -> Self {
        Self::from_uuid(new_uuid(clock, entropy))
    }

    /// The identifier of these 16 bytes, if a client returns the value of [`Id::as_bytes`]. It is an unverified claim,
    /// like any input.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self::from_uuid(Uuid::from_bytes(bytes))
    }

    fn from_uuid(uuid: Uuid) -> Self {
        Self { uuid, kind: PhantomData }
    }

    /// The 16 bytes of the UUID, for a value that is derived from the identifier.
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.uuid.as_bytes()
    }

    /// When the identifier was created, to the millisecond.
    pub fn created_at(&self) -> Timestamp {
        let ms = i64::try_from(self.created_ms()).unwrap_or(i64::MAX);
        Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX)
    }

    /// When the identifier was created, in milliseconds since 1970 (RFC 9562, section 5.7).
    pub fn created_ms(&self) -> u64 {
        let bytes = self.uuid.as_bytes();
        bytes[..6].iter().fold(0, |ms, byte| (ms << 8) | u64::from(*byte))
    }
}

/// A UUIDv7 from the injected clock and randomness (`Uuid::now_v7` uses the system's).
pub(crate) fn new_uuid(clock: &Clock, entropy: &Entropy) -> Uuid {
    let ms = u64::try_from(clock.now().as_millisecond()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(ms, &entropy.bytes::<10>()).into_uuid()
}

/// Why a text is not an identifier of the expected kind.
#[derive(Debug, thiserror::Error)]
#[error("must be an id like `{prefix}_` and 32 lower-case hex digits")]
pub struct NotAnId {
    prefix: &'static str,
}

impl<T: Identified> FromStr for Id<T> {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let wrong = NotAnId { prefix: T::PREFIX };
        let Some(hex) = text.strip_prefix(T::PREFIX).and_then(|rest| rest.strip_prefix('_')) else {
            return Err(wrong);
        };
        // Each identifier has one spelling, so that a key or cache entry never exists twice.
        if hex.len() != 32 || !hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(wrong);
        }
        Uuid::try_parse(hex).map(Self::from_uuid).map_err(|_| wrong)
    }
}

impl<T: Identified> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", T::PREFIX, self.uuid.simple())
    }
}

impl<T: Identified> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<T> Eq for Id<T> {}
impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.uuid.cmp(&other.uuid)
    }
}
impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}

impl<T: Identified> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, T: Identified> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl<T: Identified> utoipa::PartialSchema for Id<T> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(format!("`{}_` and 32 lower-case hex digits.", T::PREFIX)))
            .pattern(Some(format!("^{}_[0-9a-f]{{32}}$", T::PREFIX)))
            .examples([format!("{}_0190b1c8d2f37c1fa1b2c3d4e5f60718", T::PREFIX)])
            .into()
    }
}

impl<T: Identified> utoipa::ToSchema for Id<T> {
    fn name() -> Cow<'static, str> {
        Cow::Owned(format!("{}Id", T::NAME))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_in_another_spelling_is_refused() {
        let id = WorkspaceId::new(&Clock::system(), &Entropy::system());
        assert_eq!(id.to_string().parse::<WorkspaceId>().ok(), Some(id));
        for wrong in [
            id.to_string().to_uppercase(),
            id.to_string().replace("ws_", "user_"),
            format!("{id}0"),
            format!("ws_{}", id.uuid.hyphenated()),
            String::new(),
        ] {
            assert!(wrong.parse::<WorkspaceId>().is_err(), "{wrong} was accepted as an id");
        }
    }

    #[test]
    fn an_id_contains_its_creation_time() {
        let clock = Clock::system();
        let before = clock.now().as_millisecond();
        let id = UserId::new(&clock, &Entropy::system());
        assert!((before..=clock.now().as_millisecond()).contains(&(id.created_ms() as i64)));
    }
}
