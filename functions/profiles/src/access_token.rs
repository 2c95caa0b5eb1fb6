//! Personal access tokens: names, scopes, expiry and limits.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, de};
use shared::identity::{AccountChanges, AccountKey, AccountRecord, SignedIn, TokenEpoch};
use shared::kernel::ids::{TokenId, UserId, WorkspaceId};
use shared::kernel::problems::{Problem, ProblemCode, Refusal};
use shared::kernel::time::{SignedDuration, Timestamp, after};
use shared::kernel::visible_text::{NotALine, line};
use shared::kernel::whole_number::WholeNumber;
use shared::system_events::{EventKind, Severity};
use shared::table::Stored;
use utoipa::openapi::{ArrayBuilder, ObjectBuilder, RefOr, Schema, Type};

use crate::problems;
use crate::reminded::Reminded;
use crate::scopes::SCOPES;

/// The maximum number of tokens per user.
pub const MOST: usize = 50;
const MOST_SCOPES: usize = 20;
/// The longest name, in characters.
const LONGEST_NAME: usize = 60;
const LONGEST_DAYS: u32 = 365;
const DEFAULT_DAYS: u32 = 90;

pub static ACCESS_TOKEN_CREATED: EventKind = EventKind::security("access_token_created", Severity::Info);
pub static ACCESS_TOKEN_REVOKED: EventKind = EventKind::security("access_token_revoked", Severity::Info);

/// A token as shown to its user. The proof that authorises requests is stored separately. Of the secret, it holds only
/// the digest, which is the key of the proof.
#[derive(Serialize, Deserialize)]
pub struct AccessToken {
    pub id: TokenId,
    pub user: UserId,
    /// The user's token epoch when it was created.
    #[serde(default)]
    pub epoch: TokenEpoch,
    pub name: AccessTokenName,
    /// As text, as of its creation: a later release may define other scopes.
    pub scopes: Vec<String>,
    /// The only workspace that it can access; `None` for all of the user's workspaces.
    pub workspace_id: Option<WorkspaceId>,
    pub digest: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// The reminders that its user was sent. An older release sent none.
    #[serde(default)]
    pub reminded: Reminded,
}

impl AccessToken {
    /// The caller's valid tokens, oldest first.
    pub async fn live_of(caller: &SignedIn) -> Result<Vec<Stored<Self>>, Problem> {
        let mut tokens = caller.accounts().list::<Self>(&AccountKey::User(caller.user())).await?;
        tokens.retain(|token| token.epoch == caller.token_epoch());
        Ok(tokens)
    }
}

impl AccountRecord for AccessToken {
    const KIND: &'static str = "ACCESS_TOKEN";

    fn account_key(&self) -> AccountKey {
        AccountKey::User(self.user)
    }

    fn part(&self) -> String {
        self.id.to_string()
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }

    fn due(&self) -> Option<Timestamp> {
        self.expires_at()
    }
}

/// Why a token cannot be created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccessTokenError {
    #[error("You have reached the limit of {MOST} access tokens. Revoke one first.")]
    TooMany,
    /// The same for a workspace that does not exist.
    #[error("must be a workspace that you are a member of")]
    NoSuchWorkspace,
}

impl Refusal for AccessTokenError {
    fn problem(&self) -> ProblemCode {
        match self {
            Self::TooMany => problems::TOO_MANY_ACCESS_TOKENS,
            Self::NoSuchWorkspace => problems::WORKSPACE_UNKNOWN,
        }
    }

    fn field(&self) -> Option<&'static str> {
        matches!(self, Self::NoSuchWorkspace).then_some("workspace_id")
    }
}

/// The number of tokens that a user has created. Every creation changes it, so of two parallel creations that compete
/// for the last free place, one fails.
#[derive(Serialize, Deserialize)]
pub struct AccessTokensMade {
    user: UserId,
    count: u32,
}

impl AccessTokensMade {
    pub fn one_more(stored: Option<Stored<Self>>, user: UserId) -> AccountChanges {
        match stored {
            Some(mut made) => {
                made.count = made.count.saturating_add(1);
                AccountChanges::default().replace(&made)
            }
            None => AccountChanges::default().insert(&Self { user, count: 1 }),
        }
    }
}

impl AccountRecord for AccessTokensMade {
    const KIND: &'static str = "ACCESS_TOKENS_MADE";

    fn account_key(&self) -> AccountKey {
        AccountKey::User(self.user)
    }
}

/// The user's name for a token: one line of text of 1 to 60 characters ([`line`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccessTokenName(String);

impl AccessTokenName {
    pub fn parse(text: &str) -> Result<Self, NotALine> {
        line(text, LONGEST_NAME).map(Self)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// 1 to 20 different scopes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scopes(Vec<&'static str>);

/// 1 to 20 different scopes of those that exist, sorted.
pub fn parse_scopes(texts: &[Cow<'_, str>], known: &'static [&'static str]) -> Result<Vec<&'static str>, NotScopes> {
    if !(1..=MOST_SCOPES).contains(&texts.len()) {
        return Err(NotScopes::WrongNumber);
    }
    let mut scopes = Vec::with_capacity(texts.len());
    for text in texts {
        let scope = known.iter().copied().find(|scope| scope == text).ok_or(NotScopes::Unknown(known))?;
        if scopes.contains(&scope) {
            return Err(NotScopes::Repeated);
        }
        scopes.push(scope);
    }
    scopes.sort_unstable();
    Ok(scopes)
}

/// The schema of such a list.
pub fn scopes_schema(known: &'static [&'static str]) -> RefOr<Schema> {
    let scope = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(known.iter().copied()));
    let schema = ArrayBuilder::new().items(scope).min_items(Some(1)).max_items(Some(MOST_SCOPES)).unique_items(true);
    schema.description(Some("What the token may do. A write scope includes read access.")).into()
}

/// Why a list of scopes is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotScopes {
    #[error("must be 1 to {MOST_SCOPES} scopes")]
    WrongNumber,
    #[error("must only contain: {}", .0.join(", "))]
    Unknown(&'static [&'static str]),
    #[error("must not repeat a scope")]
    Repeated,
}

impl Scopes {
    pub fn parse(texts: &[Cow<'_, str>]) -> Result<Self, NotScopes> {
        parse_scopes(texts, &SCOPES).map(Self)
    }

    pub fn to_texts(&self) -> Vec<String> {
        self.0.iter().map(|scope| (*scope).to_owned()).collect()
    }
}

/// How long a token is valid: 1 to 365 days, 90 by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "WholeNumber<1, LONGEST_DAYS>")]
pub struct ExpiresInDays(u32);

impl ExpiresInDays {
    pub fn from(self, now: Timestamp) -> Timestamp {
        after(now, SignedDuration::from_hours(24 * i64::from(self.0)))
    }
}

impl Default for ExpiresInDays {
    fn default() -> Self {
        Self(DEFAULT_DAYS)
    }
}

impl From<WholeNumber<1, LONGEST_DAYS>> for ExpiresInDays {
    fn from(days: WholeNumber<1, LONGEST_DAYS>) -> Self {
        Self(days.get())
    }
}

impl<'de> Deserialize<'de> for AccessTokenName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&Cow::<'de, str>::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&Vec::<Cow<'de, str>>::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl utoipa::PartialSchema for AccessTokenName {
    fn schema() -> RefOr<Schema> {
        let schema = ObjectBuilder::new().schema_type(Type::String).examples(["Nightly import"]);
        schema
            .description(Some("The token's name: one line of text."))
            .min_length(Some(1))
            .max_length(Some(LONGEST_NAME))
            .into()
    }
}

impl utoipa::ToSchema for AccessTokenName {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("AccessTokenName")
    }
}

impl utoipa::PartialSchema for Scopes {
    fn schema() -> RefOr<Schema> {
        scopes_schema(&SCOPES)
    }
}

impl utoipa::ToSchema for Scopes {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Scopes")
    }
}

impl utoipa::PartialSchema for ExpiresInDays {
    fn schema() -> RefOr<Schema> {
        let schema = ObjectBuilder::new().schema_type(Type::Integer).default(Some(DEFAULT_DAYS.into()));
        let schema = schema.description(Some("Days until the token expires."));
        schema.minimum(Some(1)).maximum(Some(LONGEST_DAYS)).into()
    }
}

impl utoipa::ToSchema for ExpiresInDays {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("ExpiresInDays")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use shared::kernel::visible_text::Unreadable;

    use super::*;

    fn scopes(texts: &[&'static str]) -> Result<Vec<String>, NotScopes> {
        let texts: Vec<_> = texts.iter().map(|text| Cow::Borrowed(*text)).collect();
        Scopes::parse(&texts).map(|scopes| scopes.to_texts())
    }

    #[test]
    fn an_unknown_or_repeated_scope_is_refused() {
        assert_eq!(scopes(&["posts:write", "me:read"]).unwrap(), ["me:read", "posts:write"]);
        assert_eq!(scopes(&SCOPES).unwrap(), SCOPES, "not sorted, or not unique");
        for (texts, reason) in [
            (vec![], NotScopes::WrongNumber),
            (vec!["me:read"; 21], NotScopes::WrongNumber),
            (vec!["me:read", "me:read"], NotScopes::Repeated),
            (vec!["me:write"], NotScopes::Unknown(&SCOPES)),
            (vec!["ME:READ"], NotScopes::Unknown(&SCOPES)),
            (vec!["posts:*"], NotScopes::Unknown(&SCOPES)),
            (vec![" me:read"], NotScopes::Unknown(&SCOPES)),
            (vec!["posts"], NotScopes::Unknown(&SCOPES)),
        ] {
            assert_eq!(scopes(&texts).err(), Some(reason), "{texts:?}");
        }
    }

    #[test]
    fn a_token_expires_after_1_to_365_days() {
        let read = |days: u64| serde_json::from_value::<ExpiresInDays>(days.into());
        let lifetime = |days| read(days).map(|days| days.from(Timestamp::UNIX_EPOCH).as_second());
        assert_eq!((lifetime(1).unwrap(), lifetime(365).unwrap()), (86_400, 31_536_000));
        for days in [0, 366, u64::from(u32::MAX) + 2, u64::MAX] {
            assert!(read(days).is_err(), "{days}");
        }
        assert_eq!(ExpiresInDays::default(), ExpiresInDays(90));
    }

    #[test]
    fn a_name_that_is_not_one_visible_line_is_refused() {
        assert_eq!(AccessTokenName::parse(" CI: deploy ").unwrap().as_str(), "CI: deploy");
        for (text, reason) in [
            ("", NotALine::WrongLength(60)),
            (&"é".repeat(61), NotALine::WrongLength(60)),
            ("a\nb", NotALine::SeveralLines),
            ("\u{115F}", Unreadable::NothingVisible.into()),
            ("a\u{202E}a", Unreadable::ChangesDirection.into()),
        ] {
            assert_eq!(AccessTokenName::parse(text).err(), Some(reason), "{text}");
        }
    }
}
