//! A WebAuthn ceremony: the registration or use of a passkey, from the options to the browser's response.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, de};
use shared::crypto::random_token::RandomToken;
use shared::identity::{AccountChanges, AccountKey, AccountRecord, Accounts};
use shared::kernel::entropy::Entropy;
use shared::kernel::ids::{SessionId, StaffId, UserId};
use shared::kernel::problems::{Problem, ProblemCode, Refusal};
use shared::kernel::time::{SignedDuration, Timestamp, after};
use utoipa::openapi::{RefOr, Schema};

use crate::problems;
use crate::webauthn::octets::Octets;
use crate::webauthn::statement::RelyingParty;

/// How long a ceremony is valid.
pub const LIFETIME: SignedDuration = SignedDuration::from_mins(5);
const BYTES: usize = 32;

/// What the authenticator signs: 32 random bytes.
pub type Challenge = Octets<BYTES>;

/// A started ceremony. The first response ends it.
#[derive(Serialize, Deserialize)]
pub struct Ceremony {
    /// The digest of its token.
    digest: String,
    pub challenge: Challenge,
    pub purpose: Purpose,
    expires_at: Timestamp,
}

/// What a ceremony is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Registers a passkey, in the session that started the ceremony with a fresh factor.
    Registration { user: UserId, session: SessionId },
    /// Authenticates a user, who is identified by the passkey.
    Proof,
    /// Registers a passkey of a member of the operator's staff, who has an enrolment link.
    StaffRegistration { staff: StaffId },
    /// Authenticates a member of the staff.
    StaffProof,
}

/// The token of a ceremony, required to complete it: 32 random bytes.
pub struct CeremonyToken(RandomToken);

/// Why a text cannot be a ceremony token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a ceremony token: {} characters of base64url", RandomToken::CHARACTERS)]
pub struct NotACeremonyToken;

/// The ceremony does not exist, has expired or was already used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the token of an unused ceremony of this kind, started in the last 5 minutes; request new options")]
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
    /// Starts a ceremony. The caller inserts its record and returns its token to the client.
    pub fn begin(entropy: &Entropy, purpose: Purpose, now: Timestamp) -> (CeremonyToken, Self) {
        let name = CeremonyToken(RandomToken::new(entropy));
        let challenge = Challenge::from(&entropy.bytes::<BYTES>());
        let digest = name.0.digest();
        (name, Self { digest, challenge, purpose, expires_at: after(now, LIFETIME) })
    }

    /// Ends a ceremony when its response arrives, valid or not. This happens before every read that depends on an
    /// account: a request without a live ceremony learns nothing, and each ceremony allows one attempt.
    pub async fn end(accounts: &Accounts, name: &CeremonyToken, purpose: Purpose) -> Result<Self, Problem> {
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

impl CeremonyToken {
    pub fn parse(text: String) -> Result<Self, NotACeremonyToken> {
        RandomToken::parse(text).map(Self).ok_or(NotACeremonyToken)
    }

    pub fn key(&self) -> AccountKey {
        AccountKey::Ceremony(self.0.digest())
    }

    /// For the response that returns it.
    pub fn into_text(self) -> String {
        self.0.expose().to_owned()
    }
}

impl<'de> Deserialize<'de> for CeremonyToken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl utoipa::PartialSchema for CeremonyToken {
    fn schema() -> RefOr<Schema> {
        RandomToken::schema("The ceremony token that was returned with the options.")
    }
}

impl utoipa::ToSchema for CeremonyToken {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("CeremonyToken")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use shared::crypto::digest::base64url;

    use super::*;

    #[test]
    fn a_ceremony_is_found_by_its_token_and_does_not_store_it() {
        let (name, ceremony) = Ceremony::begin(&Entropy::seeded(1), Purpose::Proof, Timestamp::UNIX_EPOCH);
        assert_eq!(name.key(), ceremony.account_key());
        assert_eq!(ceremony.expires_at(), Some(after(Timestamp::UNIX_EPOCH, LIFETIME)));
        let stored = serde_json::to_string(&ceremony).unwrap();
        let text = name.into_text();
        assert!(!stored.contains(&text) && text != base64url(ceremony.challenge.as_slice()));
        assert_eq!(CeremonyToken::parse(text).ok().unwrap().key(), ceremony.account_key());
        for wrong in ["", &"A".repeat(42), &"A".repeat(44), &format!("{}=", "A".repeat(42)), &"é".repeat(22)] {
            assert!(CeremonyToken::parse(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
