//! A ceremony: the making or use of a passkey, from the options that we give out to the answer that comes back.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, de};
use shared::crypto::digest::{base64url, from_base64url, sha256_hex};
use shared::identity::{AccountChanges, AccountKey, AccountRecord, Accounts};
use shared::kernel::entropy::Entropy;
use shared::kernel::ids::{SessionId, UserId};
use shared::kernel::problems::{Problem, ProblemCode, Refusal};
use shared::kernel::secrets::SecretText;
use shared::kernel::time::{SignedDuration, Timestamp, after};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

use crate::problems;
use crate::webauthn::octets::Octets;
use crate::webauthn::statement::RelyingParty;

/// How long a user may take.
pub const LIFETIME: SignedDuration = SignedDuration::from_mins(5);
const BYTES: usize = 32;
/// What 32 bytes are in base64.
const CHARACTERS: usize = 43;

/// What the authenticator signs: 32 random bytes.
pub type Challenge = Octets<BYTES>;

/// A ceremony that was started. Its first answer ends it.
#[derive(Serialize, Deserialize)]
pub struct Ceremony {
    /// The digest of its name.
    digest: String,
    pub challenge: Challenge,
    pub purpose: Purpose,
    expires_at: Timestamp,
}

/// What a ceremony is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To add a passkey, in the session in which a factor was proved for it.
    Registration { user: UserId, session: SessionId },
    /// To prove who one is. Whoever that is, the passkey tells.
    Proof,
}

/// The name of a ceremony, for whoever finishes it: 32 random bytes.
pub struct CeremonyName(SecretText);

/// Why a text cannot be the name of a ceremony.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the name of a ceremony: {CHARACTERS} characters of base64url")]
pub struct NotACeremonyName;

/// Why a ceremony is not finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be the name of a ceremony of this kind that was begun in the last 5 minutes and not finished; begin anew"
)]
pub struct CeremonyOver;

impl Refusal for CeremonyOver {
    fn problem(&self) -> ProblemCode {
        problems::CEREMONY_OVER
    }

    fn field(&self) -> Option<&'static str> {
        Some("ceremony")
    }
}

impl Ceremony {
    /// Begins a ceremony. Its record is to be inserted, and its name given out.
    pub fn begin(entropy: &Entropy, purpose: Purpose, now: Timestamp) -> (CeremonyName, Self) {
        let name = CeremonyName(SecretText::new(base64url(&entropy.bytes::<BYTES>())));
        let challenge = Challenge::from(&entropy.bytes::<BYTES>());
        let digest = name.digest();
        (name, Self { digest, challenge, purpose, expires_at: after(now, LIFETIME) })
    }

    /// Ends a ceremony when its answer arrives, right or wrong. This happens before every read that depends on an
    /// account: a request without a live ceremony learns nothing, and each ceremony allows one attempt.
    pub async fn end(accounts: &Accounts, name: &CeremonyName, purpose: Purpose) -> Result<Self, Problem> {
        let stored = accounts.find::<Self>(&name.key()).await?;
        let ceremony = stored.filter(|ceremony| ceremony.purpose == purpose).ok_or(CeremonyOver)?;
        accounts.commit(AccountChanges::default().delete(&ceremony).or(CeremonyOver)).await?;
        Ok(ceremony.into_inner())
    }
}

/// The deployment's relying party.
pub fn relying_party(accounts: &Accounts) -> Result<RelyingParty, Problem> {
    RelyingParty::of(accounts.app_url())
        .ok_or_else(|| Problem::internal("the application's address has no domain, which passkeys need"))
}

impl AccountRecord for Ceremony {
    const KIND: &'static str = "PASSKEY_CEREMONY";

    fn account_key(&self) -> AccountKey {
        AccountKey::Ceremony(self.digest.clone())
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

impl CeremonyName {
    pub fn parse(text: String) -> Result<Self, NotACeremonyName> {
        let is_one = text.len() == CHARACTERS && from_base64url(&text).is_some();
        if is_one { Ok(Self(SecretText::new(text))) } else { Err(NotACeremonyName) }
    }

    pub fn key(&self) -> AccountKey {
        AccountKey::Ceremony(self.digest())
    }

    /// The name entitles, so that the store keeps its digest alone.
    fn digest(&self) -> String {
        sha256_hex(self.0.expose().as_bytes())
    }

    /// For the answer that gives it out.
    pub fn give_out(self) -> String {
        self.0.expose().to_owned()
    }
}

impl<'de> Deserialize<'de> for CeremonyName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl utoipa::PartialSchema for CeremonyName {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("The name of a ceremony, as its options gave it."))
            .min_length(Some(CHARACTERS))
            .max_length(Some(CHARACTERS))
            .pattern(Some("^[A-Za-z0-9_-]{43}$"))
            .into()
    }
}

impl utoipa::ToSchema for CeremonyName {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("CeremonyName")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_ceremony_is_found_by_its_name_and_holds_it_nowhere() {
        let (name, ceremony) = Ceremony::begin(&Entropy::seeded(1), Purpose::Proof, Timestamp::UNIX_EPOCH);
        assert_eq!(name.key(), ceremony.account_key());
        assert_eq!(ceremony.expires_at(), Some(after(Timestamp::UNIX_EPOCH, LIFETIME)));
        let stored = serde_json::to_string(&ceremony).unwrap();
        let text = name.give_out();
        assert!(!stored.contains(&text) && text != base64url(ceremony.challenge.as_slice()));
        assert_eq!(CeremonyName::parse(text).ok().unwrap().key(), ceremony.account_key());
        for wrong in ["", &"A".repeat(42), &"A".repeat(44), &format!("{}=", "A".repeat(42)), &"é".repeat(22)] {
            assert!(CeremonyName::parse(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
