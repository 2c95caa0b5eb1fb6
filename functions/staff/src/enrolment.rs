//! Enrolment: the link with which a member of the staff registers a passkey.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, de};
use shared::crypto::random_token::RandomToken;
use shared::identity::{AccountKey, AccountRecord, Accounts, StaffEpoch};
use shared::kernel::entropy::Entropy;
use shared::kernel::ids::StaffId;
use shared::kernel::problems::{Problem, ProblemCode, Refusal};
use shared::kernel::time::{SignedDuration, Timestamp, after};
use shared::table::Stored;
use utoipa::openapi::{RefOr, Schema};

use crate::problems;

/// How long a link is valid.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(1);

/// An unused link. It is deleted when a passkey is registered with it.
#[derive(Serialize, Deserialize)]
pub struct StaffEnrolment {
    pub digest: String,
    pub staff: StaffId,
    /// A revocation invalidates it.
    pub epoch: StaffEpoch,
    pub expires_at: Timestamp,
}

/// The token of a link.
pub struct EnrolmentToken(RandomToken);

/// Why a text cannot be the token of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the token of an enrolment link: {} characters of base64url", RandomToken::CHARACTERS)]
pub struct NotAnEnrolmentToken;

/// The link does not exist, has expired, was used or replaced, or its member was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the token of an unused enrolment link of the last hour; ask an operator for a new one")]
pub struct EnrolmentOver;

impl Refusal for EnrolmentOver {
    fn problem(&self) -> ProblemCode {
        problems::ENROLMENT_OVER
    }

    fn field(&self) -> Option<&'static str> {
        Some("token")
    }
}

impl StaffEnrolment {
    pub fn new(entropy: &Entropy, staff: StaffId, epoch: StaffEpoch, now: Timestamp) -> (EnrolmentToken, Self) {
        let token = EnrolmentToken(RandomToken::new(entropy));
        let enrolment = Self { digest: token.0.digest(), staff, epoch, expires_at: after(now, LIFETIME) };
        (token, enrolment)
    }

    /// The enrolment of a token.
    pub async fn of(accounts: &Accounts, token: &EnrolmentToken) -> Result<Stored<Self>, Problem> {
        let found = accounts.find::<Self>(&AccountKey::StaffEnrolment(token.0.digest())).await?;
        let found = found.ok_or(EnrolmentOver)?;
        let epoch = accounts.find_staff_epoch(found.staff).await?;
        if epoch == Some(found.epoch) { Ok(found) } else { Err(EnrolmentOver.into()) }
    }
}

impl AccountRecord for StaffEnrolment {
    const KIND: &'static str = "STAFF_ENROLMENT";

    fn account_key(&self) -> AccountKey {
        AccountKey::StaffEnrolment(self.digest.clone())
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

impl EnrolmentToken {
    pub fn parse(text: String) -> Result<Self, NotAnEnrolmentToken> {
        RandomToken::parse(text).map(Self).ok_or(NotAnEnrolmentToken)
    }

    /// The link, for the operator who passes it on. The token is in the fragment, which browsers send to no server.
    pub fn link(&self, console_url: &str) -> String {
        format!("{console_url}/enrol#token={}", self.0.expose())
    }
}

impl<'de> Deserialize<'de> for EnrolmentToken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl utoipa::PartialSchema for EnrolmentToken {
    fn schema() -> RefOr<Schema> {
        RandomToken::schema("The token of the enrolment link.")
    }
}

impl utoipa::ToSchema for EnrolmentToken {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("EnrolmentToken")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_not_32_bytes_of_base64url_is_no_token() {
        assert!(EnrolmentToken::parse("A".repeat(43)).is_ok());
        for text in [String::new(), "A".repeat(42), "A".repeat(44), format!("{}=", "A".repeat(42)), "é".repeat(22)] {
            assert!(EnrolmentToken::parse(text.clone()).is_err(), "{text}");
        }
    }
}
