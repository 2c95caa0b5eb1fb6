//! The browser's responses: the JSON of a registration and of an assertion (WebAuthn Level 3, section 5.1), and their
//! verification.
//!
//! Browsers add members over time, so unknown members are allowed.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use shared::crypto::digest::sha256;
use shared::kernel::ids::{Id, UserId};
use utoipa::ToSchema;
use utoipa::openapi::{ArrayBuilder, ObjectBuilder, RefOr, Schema, Type};

use crate::webauthn::key::PasskeyKey;
use crate::webauthn::octets::Octets;
use crate::webauthn::statement::{
    AuthenticatorData, InvalidCredential, Kind, RelyingParty, check_client_data, read_attestation,
};

/// 16 to 1,023 bytes (section 4, "credential ID").
pub type CredentialId = Octets<1023>;
const SHORTEST_ID: usize = 16;
/// The most transports that are stored; the specification defines seven.
const MOST_TRANSPORTS: usize = 8;

/// The type of credential; WebAuthn defines only one.
#[derive(Clone, Copy, Deserialize, ToSchema)]
pub enum CredentialKind {
    #[serde(rename = "public-key")]
    PublicKey,
}

/// A new passkey, as returned by `PublicKeyCredential.toJSON()`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PasskeyRegistration {
    id: CredentialId,
    raw_id: CredentialId,
    #[serde(rename = "type")]
    #[allow(dead_code, reason = "parsing checks its value")]
    kind: CredentialKind,
    response: RegistrationResponse,
}

/// The new key (`AuthenticatorAttestationResponseJSON`).
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RegistrationResponse {
    #[serde(rename = "clientDataJSON")]
    client_data_json: Octets<4096>,
    /// The attestation statement in it is ignored.
    attestation_object: Octets<16_384>,
    #[serde(default)]
    transports: Transports,
}

/// A use of a passkey, as returned by `PublicKeyCredential.toJSON()`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PasskeyAssertion {
    id: CredentialId,
    raw_id: CredentialId,
    #[serde(rename = "type")]
    #[allow(dead_code, reason = "parsing checks its value")]
    kind: CredentialKind,
    response: AssertionResponse,
}

/// The signed assertion (`AuthenticatorAssertionResponseJSON`).
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AssertionResponse {
    #[serde(rename = "clientDataJSON")]
    client_data_json: Octets<4096>,
    authenticator_data: Octets<4096>,
    signature: Octets<1024>,
    /// The user handle from the options of the registration: the 16 bytes of the user's id.
    user_handle: Octets<64>,
}

/// How a browser reaches an authenticator: `internal`, `usb`, `hybrid`. Unknown values are kept.
#[derive(Default)]
struct Transports(Vec<String>);

/// A verified new passkey.
#[derive(Debug, PartialEq, Eq)]
pub struct Registered {
    pub credential: CredentialId,
    pub key: PasskeyKey,
    pub transports: Vec<String>,
    pub counter: u32,
    pub backup_eligible: bool,
    pub backed_up: bool,
}

/// The stored data that an assertion is verified against.
#[derive(Clone, Copy)]
pub struct PublicCredential<'a> {
    pub id: &'a CredentialId,
    pub key: &'a PasskeyKey,
    pub backup_eligible: bool,
}

/// The state that a passkey reported in a verified assertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    pub counter: u32,
    pub backed_up: bool,
}

#[cfg(test)]
impl Registered {
    fn public(&self) -> PublicCredential<'_> {
        PublicCredential { id: &self.credential, key: &self.key, backup_eligible: self.backup_eligible }
    }
}

impl PasskeyRegistration {
    /// Verifies a registration (section 7.1).
    pub fn verify(self, challenge: &[u8], party: &RelyingParty) -> Result<Registered, InvalidCredential> {
        let RegistrationResponse { client_data_json, attestation_object, transports } = &self.response;
        check_client_data(client_data_json.as_slice(), Kind::Registration, challenge, party)?;
        let (data, new) = read_attestation(attestation_object.as_slice(), party)?;
        let credential = CredentialId::of(new.id).filter(|id| id.as_slice().len() >= SHORTEST_ID);
        let credential =
            credential.filter(|id| *id == self.id && *id == self.raw_id).ok_or(InvalidCredential::CredentialId)?;
        Ok(Registered {
            credential,
            key: new.key,
            transports: transports.0.clone(),
            counter: data.counter,
            backup_eligible: data.backup_eligible,
            backed_up: data.backed_up,
        })
    }
}

impl PasskeyAssertion {
    pub fn credential(&self) -> &CredentialId {
        &self.raw_id
    }

    /// The user that the response claims, not yet verified.
    pub fn user(&self) -> Option<UserId> {
        self.owner()
    }

    /// The same for another kind of owner.
    pub fn owner<K>(&self) -> Option<Id<K>> {
        self.response.user_handle.as_slice().try_into().ok().map(Id::from_bytes)
    }

    /// Verifies an assertion against a passkey of the claimed user (section 7.2). Without a passkey it fails, after the
    /// same computation.
    pub fn verify(
        &self,
        challenge: &[u8],
        party: &RelyingParty,
        passkey: Option<PublicCredential<'_>>,
    ) -> Result<Seen, InvalidCredential> {
        let AssertionResponse { client_data_json, authenticator_data, signature, .. } = &self.response;
        if self.id != self.raw_id || passkey.is_some_and(|passkey| *passkey.id != self.raw_id) {
            return Err(InvalidCredential::CredentialId);
        }
        check_client_data(client_data_json.as_slice(), Kind::SignIn, challenge, party)?;
        let data = AuthenticatorData::read(authenticator_data.as_slice(), party)?;
        let signed = [authenticator_data.as_slice(), &sha256(client_data_json.as_slice())].concat();
        let stand_in = PasskeyKey::stand_in();
        let is_signed = passkey.map_or(&stand_in, |passkey| passkey.key).verifies(&signed, signature.as_slice());
        let passkey = passkey.filter(|_| is_signed).ok_or(InvalidCredential::Signature)?;
        if data.backup_eligible != passkey.backup_eligible {
            return Err(InvalidCredential::BackupEligibility);
        }
        Ok(Seen { counter: data.counter, backed_up: data.backed_up })
    }
}

impl<'de> Deserialize<'de> for Transports {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let is_one = |text: &String| {
            (1..=20).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'-'))
        };
        let given = Vec::<String>::deserialize(deserializer)?;
        Ok(Self(given.into_iter().filter(is_one).take(MOST_TRANSPORTS).collect()))
    }
}

impl utoipa::PartialSchema for Transports {
    fn schema() -> RefOr<Schema> {
        let transport = ObjectBuilder::new().schema_type(Type::String).examples(["internal"]);
        ArrayBuilder::new().items(transport).description(Some("How the browser reaches the authenticator.")).into()
    }
}

impl utoipa::ToSchema for Transports {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("PasskeyTransports")
    }
}

#[cfg(test)]
mod tests;
