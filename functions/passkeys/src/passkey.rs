//! A passkey: a key pair whose private key is on a user's device and whose public key is stored here. It signs in
//! without another factor, because the device first verifies its user by a PIN, a fingerprint or a face.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, de};
use shared::crypto::digest::sha256_hex;
use shared::http::Located;
use shared::identity::{AccountKey, AccountRecord};
use shared::kernel::ids::{Id, Identified, UserId};
use shared::kernel::problems::{ProblemCode, Refusal};
use shared::kernel::time::{ApiTimestamp, Timestamp};
use shared::kernel::visible_text::{NotALine, line};
use shared::system_events::{EventKind, Severity};
use utoipa::ToSchema;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

use crate::problems;
use crate::webauthn::credential::{CredentialId, PublicCredential, Registered, Seen};
use crate::webauthn::key::PasskeyKey;
use crate::webauthn::statement::InvalidCredential;

/// The maximum number of passkeys per user.
pub const MOST: u32 = 20;
/// The longest name, in characters.
const LONGEST_CHARACTERS: usize = 60;

pub static PASSKEY_ADDED: EventKind = EventKind::security("passkey_added", Severity::Info);
pub static PASSKEY_DELETED: EventKind = EventKind::security("passkey_deleted", Severity::Info);
/// A passkey's counter did not increase, so the passkey was probably cloned.
pub static PASSKEY_COUNTER_REGRESSED: EventKind = EventKind::security("passkey_counter_regressed", Severity::Critical);

pub type PasskeyId = Id<Passkey>;

/// A user's passkey.
///
/// It is stored under its user and the digest of its credential id. A sign-in names both, so no index over all users is
/// needed, and two users may have the same credential id. (WebAuthn Level 3, section 7.1, step 26, forbids that for
/// servers that look credentials up across users.)
#[derive(Serialize, Deserialize)]
pub struct Passkey {
    pub id: PasskeyId,
    user: UserId,
    pub name: PasskeyName,
    pub credential: CredentialId,
    pub key: PasskeyKey,
    /// How the browser reaches the authenticator; returned to the browser unchanged.
    pub transports: Vec<String>,
    counter: u32,
    /// Whether it can be backed up, which never changes, and whether it is.
    pub backup_eligible: bool,
    backed_up: bool,
    created_at: Timestamp,
    last_used_at: Option<Timestamp>,
}

impl Identified for Passkey {
    const PREFIX: &'static str = "pk";
    const NAME: &'static str = "Passkey";
}

/// A passkey, as shown to its user.
#[derive(Serialize, ToSchema)]
pub struct PasskeyView {
    id: PasskeyId,
    name: PasskeyName,
    /// Whether the authenticator's provider has backed it up or synchronised it to other devices.
    backed_up: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: ApiTimestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<ApiTimestamp>,
}

impl Located for PasskeyView {
    const PATH: &'static str = "/me/passkeys/{passkey_id}";

    fn id(&self) -> String {
        self.id.to_string()
    }
}

/// Why a passkey cannot be added or used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasskeyError {
    #[error("You have reached the limit of {MOST} passkeys. Delete one first.")]
    TooMany,
    #[error("This passkey is already registered. Use it, or register a passkey of another authenticator.")]
    AlreadyRegistered,
    #[error("{0}")]
    InvalidCredential(#[from] InvalidCredential),
    /// The same for an unknown user, an unknown passkey and an invalid response.
    #[error("The passkey was not accepted. Use another passkey or another way to sign in.")]
    Refused,
    /// The same in a valid session: a 401 would make clients discard it.
    #[error("The passkey was not accepted. Use another passkey or another way to sign in.")]
    RefusedInSession,
}

impl Refusal for PasskeyError {
    fn problem(&self) -> ProblemCode {
        match self {
            Self::TooMany => problems::TOO_MANY_PASSKEYS,
            Self::AlreadyRegistered => problems::PASSKEY_ALREADY_REGISTERED,
            Self::InvalidCredential(_) => problems::PASSKEY_INVALID,
            Self::Refused => problems::PASSKEY_REFUSED,
            Self::RefusedInSession => problems::PASSKEY_REFUSED.under(403),
        }
    }

    fn field(&self) -> Option<&'static str> {
        matches!(self, Self::InvalidCredential(_) | Self::RefusedInSession).then_some("credential")
    }
}

/// A counter that did not increase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Regressed {
    pub stored: u32,
    pub received: u32,
}

impl Regressed {
    /// Requires that a counter in use has increased.
    pub fn check(stored: u32, received: u32) -> Result<(), Self> {
        let is_in_use = stored != 0 || received != 0;
        if is_in_use && received <= stored { Err(Self { stored, received }) } else { Ok(()) }
    }
}

impl Passkey {
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }

    pub fn new(id: PasskeyId, user: UserId, name: PasskeyName, registered: Registered, now: Timestamp) -> Self {
        let Registered { credential, key, transports, counter, backup_eligible, backed_up } = registered;
        Self {
            id,
            user,
            name,
            credential,
            key,
            transports,
            counter,
            backup_eligible,
            backed_up,
            created_at: now,
            last_used_at: None,
        }
    }

    /// What its assertions are verified against.
    pub fn public(&self) -> PublicCredential<'_> {
        PublicCredential { id: &self.credential, key: &self.key, backup_eligible: self.backup_eligible }
    }

    /// The sort key part of a credential's record.
    pub fn part_of(credential: &CredentialId) -> String {
        sha256_hex(credential.as_slice())
    }

    /// Records a use. A counter in use increases each time (WebAuthn Level 3, section 6.1.1); synchronised passkeys do
    /// not count and always send 0.
    pub fn use_now(&mut self, seen: Seen, now: Timestamp) -> Result<(), Regressed> {
        Regressed::check(self.counter, seen.counter)?;
        self.counter = seen.counter;
        self.backed_up = seen.backed_up;
        self.last_used_at = Some(now);
        Ok(())
    }

    /// Its name in emails.
    pub fn factor(&self) -> String {
        format!("passkey “{}”", self.name.as_str())
    }
}

impl AccountRecord for Passkey {
    const KIND: &'static str = "PASSKEY";

    fn account_key(&self) -> AccountKey {
        AccountKey::User(self.user)
    }

    fn part(&self) -> String {
        Self::part_of(&self.credential)
    }
}

impl From<&Passkey> for PasskeyView {
    fn from(passkey: &Passkey) -> Self {
        let Passkey { id, ref name, backed_up, created_at, last_used_at, .. } = *passkey;
        let last_used_at = last_used_at.map(Into::into);
        Self { id, name: name.clone(), backed_up, created_at: created_at.into(), last_used_at }
    }
}

/// The user's name for a passkey: one line of text of 1 to 60 characters ([`line`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PasskeyName(String);

impl PasskeyName {
    pub fn parse(text: &str) -> Result<Self, NotALine> {
        line(text, LONGEST_CHARACTERS).map(Self)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for PasskeyName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&Cow::<'de, str>::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl utoipa::PartialSchema for PasskeyName {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("The passkey's name: one line of text."))
            .min_length(Some(1))
            .max_length(Some(LONGEST_CHARACTERS))
            .examples(["Laptop"])
            .into()
    }
}

impl utoipa::ToSchema for PasskeyName {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("PasskeyName")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use shared::kernel::visible_text::Unreadable;

    use super::*;
    use crate::webauthn::octets::Octets;

    fn passkey(counter: u32) -> Passkey {
        let registered = Registered {
            credential: CredentialId::of(&[1; 16]).unwrap(),
            key: PasskeyKey::EdDSA { point: Octets::of(&[0; 32]).unwrap() },
            transports: Vec::new(),
            counter,
            backup_eligible: true,
            backed_up: false,
        };
        let (id, user) = (format!("pk_{:032x}", 1).parse().unwrap(), format!("user_{:032x}", 1).parse().unwrap());
        Passkey::new(id, user, PasskeyName::parse("Laptop").unwrap(), registered, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_counter_that_does_not_increase_is_refused_unless_always_0() {
        for (stored, received, is_right) in
            [(0, 0, true), (0, 1, true), (5, 6, true), (5, u32::MAX, true), (5, 5, false), (5, 4, false), (5, 0, false)]
        {
            let mut passkey = passkey(stored);
            let used = passkey.use_now(Seen { counter: received, backed_up: true }, Timestamp::MAX);
            assert_eq!(used, if is_right { Ok(()) } else { Err(Regressed { stored, received }) });
            let expected = if is_right { (received, true, Some(Timestamp::MAX)) } else { (stored, false, None) };
            assert_eq!((passkey.counter, passkey.backed_up, passkey.last_used_at), expected);
        }
    }

    #[test]
    fn a_name_that_is_not_one_visible_line_is_refused() {
        assert_eq!(PasskeyName::parse(" Ada’s phone: 2/3 ").unwrap().as_str(), "Ada’s phone: 2/3");
        assert!(PasskeyName::parse(&"é".repeat(60)).is_ok());
        for (text, reason) in [
            ("", NotALine::WrongLength(60)),
            (&"é".repeat(61), NotALine::WrongLength(60)),
            ("a\nb", NotALine::SeveralLines),
            ("\u{200B}", Unreadable::NothingVisible.into()),
            ("a\u{202E}a", Unreadable::ChangesDirection.into()),
        ] {
            assert_eq!(PasskeyName::parse(text), Err(reason), "{text}");
        }
    }
}
