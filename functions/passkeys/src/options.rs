//! The options for creating or using a passkey, in the JSON that `parseCreationOptionsFromJSON` and
//! `parseRequestOptionsFromJSON` accept (WebAuthn Level 3, sections 5.1.9 and 5.1.10).

use serde::Serialize;
use utoipa::ToSchema;

use crate::ceremony::{Challenge, LIFETIME};
use crate::webauthn::credential::CredentialId;
use crate::webauthn::key::ALGORITHMS;
use crate::webauthn::octets::Octets;
use crate::webauthn::statement::RelyingParty;

/// The name of the relying party that the browser shows.
const PARTY_NAME: &str = "Bulkhead";

/// The options for creating a passkey (`PublicKeyCredentialCreationOptionsJSON`).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PasskeyCreationOptions {
    rp: Party,
    user: PasskeyUser,
    challenge: Challenge,
    pub_key_cred_params: Vec<Algorithm>,
    /// In milliseconds.
    timeout: i64,
    exclude_credentials: Vec<KnownPasskey>,
    authenticator_selection: Selection,
    attestation: &'static str,
}

/// The options for using a passkey (`PublicKeyCredentialRequestOptionsJSON`). `allowCredentials` is empty: the
/// authenticator offers its passkeys for the domain.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PasskeyRequestOptions {
    challenge: Challenge,
    /// In milliseconds.
    timeout: i64,
    rp_id: String,
    allow_credentials: Vec<KnownPasskey>,
    user_verification: &'static str,
}

/// The relying party (`PublicKeyCredentialRpEntity`).
#[derive(Serialize, ToSchema)]
#[schema(as = PasskeyParty)]
struct Party {
    #[schema(example = "app.example.com")]
    id: String,
    name: &'static str,
}

/// The user of the passkey (`PublicKeyCredentialUserEntityJSON`).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PasskeyUser {
    /// The user handle: the 16 bytes of the user's id.
    id: Octets<16>,
    name: String,
    display_name: String,
}

/// A signature algorithm (`PublicKeyCredentialParameters`).
#[derive(Serialize, ToSchema)]
#[schema(as = PasskeyAlgorithm)]
struct Algorithm {
    #[serde(rename = "type")]
    kind: &'static str,
    alg: i64,
}

/// A passkey that the user already has (`PublicKeyCredentialDescriptorJSON`).
#[derive(Serialize, ToSchema)]
struct KnownPasskey {
    #[serde(rename = "type")]
    kind: &'static str,
    id: CredentialId,
    transports: Vec<String>,
}

/// The requirements for the authenticator (`AuthenticatorSelectionCriteria`).
#[derive(Serialize, ToSchema)]
#[schema(as = PasskeySelection)]
#[serde(rename_all = "camelCase")]
struct Selection {
    resident_key: &'static str,
    /// For browsers that implement WebAuthn Level 1.
    require_resident_key: bool,
    user_verification: &'static str,
}

/// The owner of a new passkey, as the authenticator shows them.
pub struct PasskeyOwner<'a> {
    /// The user handle: the 16 bytes of the owner's id.
    pub handle: &'a [u8; 16],
    pub name: &'a str,
    pub display_name: &'a str,
}

const PUBLIC_KEY: &str = "public-key";
const REQUIRED: &str = "required";

impl PasskeyCreationOptions {
    /// `known` are the owner's passkeys, with their transports: an authenticator that holds one of them does not create another.
    pub fn new<'a>(
        challenge: Challenge,
        party: RelyingParty,
        owner: &PasskeyOwner<'_>,
        known: impl Iterator<Item = (&'a CredentialId, &'a [String])>,
    ) -> Self {
        let known = known.map(|(id, transports)| KnownPasskey {
            kind: PUBLIC_KEY,
            id: id.clone(),
            transports: transports.to_vec(),
        });
        Self {
            rp: Party { id: party.id, name: PARTY_NAME },
            user: PasskeyUser {
                id: Octets::from(owner.handle),
                name: owner.name.to_owned(),
                display_name: owner.display_name.to_owned(),
            },
            challenge,
            pub_key_cred_params: ALGORITHMS.map(|alg| Algorithm { kind: PUBLIC_KEY, alg }).into(),
            timeout: timeout_ms(),
            exclude_credentials: known.collect(),
            authenticator_selection: Selection {
                resident_key: REQUIRED,
                require_resident_key: true,
                user_verification: REQUIRED,
            },
            attestation: "none",
        }
    }
}

impl PasskeyRequestOptions {
    pub fn new(challenge: Challenge, party: RelyingParty) -> Self {
        Self {
            challenge,
            timeout: timeout_ms(),
            rp_id: party.id,
            allow_credentials: Vec::new(),
            user_verification: REQUIRED,
        }
    }
}

fn timeout_ms() -> i64 {
    LIFETIME.as_secs() * 1000
}
