//! What a browser hands over: the JSON forms of a registration and of a sign-in (WebAuthn Level 3, section 5.1), and
//! their verification.
//!
//! The objects are the browser's and grow with it, so that members which we do not read may be there.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use shared::crypto::digest::sha256;
use shared::kernel::ids::UserId;
use utoipa::ToSchema;
use utoipa::openapi::{ArrayBuilder, ObjectBuilder, RefOr, Schema, Type};

use crate::passkey::Passkey;
use crate::passkey_key::PasskeyKey;
use crate::passkey_octets::Octets;
use crate::passkey_statement::{AuthenticatorData, Kind, RelyingParty, Unfit, check_client_data, read_attestation};

/// 16 to 1,023 bytes (section 4, "credential ID").
pub type CredentialId = Octets<1023>;
const SHORTEST_ID: usize = 16;
/// Ways to reach an authenticator that are kept; there are seven.
const MOST_TRANSPORTS: usize = 8;

/// The only type of credential that WebAuthn has.
#[derive(Clone, Copy, Deserialize, ToSchema)]
pub enum CredentialKind {
    #[serde(rename = "public-key")]
    PublicKey,
}

/// A new passkey, as `PublicKeyCredential.toJSON()` gives it.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PasskeyRegistration {
    id: CredentialId,
    raw_id: CredentialId,
    #[serde(rename = "type")]
    #[allow(dead_code, reason = "that it is this word is checked while parsing")]
    kind: CredentialKind,
    response: RegistrationResponse,
}

/// The new key (`AuthenticatorAttestationResponseJSON`).
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RegistrationResponse {
    #[serde(rename = "clientDataJSON")]
    client_data_json: Octets<4096>,
    /// Its attestation statement is ignored.
    attestation_object: Octets<16_384>,
    #[serde(default)]
    transports: Transports,
}

/// A sign-in with a passkey, as `PublicKeyCredential.toJSON()` gives it.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PasskeyAssertion {
    id: CredentialId,
    raw_id: CredentialId,
    #[serde(rename = "type")]
    #[allow(dead_code, reason = "that it is this word is checked while parsing")]
    kind: CredentialKind,
    response: AssertionResponse,
}

/// The signed part of a sign-in (`AuthenticatorAssertionResponseJSON`).
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AssertionResponse {
    #[serde(rename = "clientDataJSON")]
    client_data_json: Octets<4096>,
    authenticator_data: Octets<4096>,
    signature: Octets<1024>,
    /// Whose the passkey is: the user's id, as the options of its registration gave it.
    user_handle: Octets<64>,
}

/// How a browser reaches an authenticator: `internal`, `usb`, `hybrid`. Ones that come to be are kept.
#[derive(Default)]
struct Transports(Vec<String>);

/// A passkey that was verified while it was made.
#[derive(Debug, PartialEq, Eq)]
pub struct Registered {
    pub credential: CredentialId,
    pub key: PasskeyKey,
    pub transports: Vec<String>,
    pub counter: u32,
    pub backup_eligible: bool,
    pub backed_up: bool,
}

/// What a passkey said while it signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    pub counter: u32,
    pub backed_up: bool,
}

impl PasskeyRegistration {
    /// Verifies a registration (section 7.1).
    pub fn verify(self, challenge: &[u8], party: &RelyingParty) -> Result<Registered, Unfit> {
        let RegistrationResponse { client_data_json, attestation_object, transports } = &self.response;
        check_client_data(client_data_json.as_slice(), Kind::Registration, challenge, party)?;
        let (data, new) = read_attestation(attestation_object.as_slice(), party)?;
        let credential = CredentialId::of(new.id).filter(|id| id.as_slice().len() >= SHORTEST_ID);
        let credential = credential.filter(|id| *id == self.id && *id == self.raw_id).ok_or(Unfit::CredentialId)?;
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

    /// Whose passkey it claims to be. Nothing is proved yet.
    pub fn user(&self) -> Option<UserId> {
        self.response.user_handle.as_slice().try_into().ok().map(UserId::from_bytes)
    }

    /// Verifies a sign-in with a passkey of the user whom it claims (section 7.2). Without a passkey it fails, after
    /// the same computation as with one.
    pub fn verify(&self, challenge: &[u8], party: &RelyingParty, passkey: Option<&Passkey>) -> Result<Seen, Unfit> {
        let AssertionResponse { client_data_json, authenticator_data, signature, .. } = &self.response;
        if self.id != self.raw_id || passkey.is_some_and(|passkey| passkey.credential != self.raw_id) {
            return Err(Unfit::CredentialId);
        }
        check_client_data(client_data_json.as_slice(), Kind::SignIn, challenge, party)?;
        let data = AuthenticatorData::read(authenticator_data.as_slice(), party)?;
        let signed = [authenticator_data.as_slice(), &sha256(client_data_json.as_slice())].concat();
        let stand_in = PasskeyKey::stand_in();
        let is_signed = passkey.map_or(&stand_in, |passkey| &passkey.key).verifies(&signed, signature.as_slice());
        let passkey = passkey.filter(|_| is_signed).ok_or(Unfit::Signature)?;
        if data.backup_eligible != passkey.backup_eligible {
            return Err(Unfit::BackupEligibility);
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
        ArrayBuilder::new().items(transport).description(Some("Ways to reach the authenticator.")).into()
    }
}

impl utoipa::ToSchema for Transports {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("PasskeyTransports")
    }
}

#[cfg(test)]
#[path = "../tests/support/authenticator.rs"]
mod authenticator;

#[cfg(test)]
#[path = "../tests/support/webauthn_vectors.rs"]
mod vectors;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::{Value, json};
    use shared::crypto::digest::{base64url, from_base64url};
    use shared::kernel::time::Timestamp;

    use super::authenticator::Authenticator;
    use super::*;
    use crate::passkey::PasskeyName;

    const CHALLENGE: [u8; 32] = [9; 32];

    fn party() -> RelyingParty {
        RelyingParty::of("https://app.example.com").unwrap()
    }

    fn creation() -> Value {
        let algorithms = [-7, -8, -257].map(|alg| json!({ "type": "public-key", "alg": alg }));
        json!({
            "rp": { "id": "app.example.com" },
            "user": { "id": base64url(&[1; 16]) },
            "challenge": base64url(&CHALLENGE),
            "pubKeyCredParams": algorithms,
        })
    }

    fn register(credential: Value) -> Result<Registered, String> {
        let credential: PasskeyRegistration = serde_json::from_value(credential).map_err(|error| error.to_string())?;
        credential.verify(&CHALLENGE, &party()).map_err(|unfit| unfit.to_string())
    }

    fn passkey(registered: Registered) -> Passkey {
        let (id, user) = (format!("pk_{:032x}", 1).parse().unwrap(), UserId::from_bytes([1; 16]));
        Passkey::new(id, user, PasskeyName::parse("Laptop").unwrap(), registered, Timestamp::UNIX_EPOCH)
    }

    fn sign_in(assertion: &Value, passkey: &Passkey) -> Result<Seen, String> {
        let assertion = PasskeyAssertion::deserialize(assertion).map_err(|error| error.to_string())?;
        assertion.verify(&CHALLENGE, &party(), Some(passkey)).map_err(|unfit| unfit.to_string())
    }

    /// What Chromium 148 made with its own authenticator, of each algorithm, by `create` and `get` with this challenge.
    const CHROMIUM: &str = include_str!("../tests/support/chromium.json");

    #[test]
    fn what_chromium_makes_is_taken() {
        let made: Value = serde_json::from_str(CHROMIUM).unwrap();
        for (algorithm, made) in made.as_object().unwrap() {
            let registered = register(made["registration"].clone()).unwrap();
            let stored = serde_json::to_value(&registered.key).unwrap();
            assert_eq!(stored["algorithm"], **algorithm);
            assert_eq!((registered.counter, &registered.transports[..]), (1, &["internal".to_owned()][..]));
            let seen = sign_in(&made["sign_in"], &passkey(registered)).unwrap();
            assert_eq!(seen, Seen { counter: 2, backed_up: false });
        }
    }

    /// A member of the response with one bit turned, for each of its bits.
    fn turned(whole: &Value, member: &str) -> Vec<Value> {
        let bytes = from_base64url(whole["response"][member].as_str().unwrap()).unwrap();
        let turned = (0..bytes.len() * 8).map(|bit| {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let mut whole = whole.clone();
            whole["response"][member] = base64url(&bytes).into();
            whole
        });
        turned.collect()
    }

    #[test]
    fn not_one_bit_of_a_sign_in_can_be_changed() {
        for mut authenticator in [Authenticator::es256(), Authenticator::eddsa(), Authenticator::rs256()] {
            let passkey = passkey(register(authenticator.create(&creation())).unwrap());
            let options = json!({ "rpId": "app.example.com", "challenge": base64url(&CHALLENGE) });
            let whole = authenticator.get(&options);
            assert_eq!(sign_in(&whole, &passkey), Ok(Seen { counter: 0, backed_up: false }));
            for member in ["authenticatorData", "signature", "clientDataJSON"] {
                for changed in turned(&whole, member) {
                    assert!(sign_in(&changed, &passkey).is_err(), "{member}: {changed}");
                }
            }
        }
    }

    #[test]
    fn a_registration_is_whole_or_nothing() {
        let whole = Authenticator::es256().create(&creation());
        assert_eq!(register(whole.clone()).unwrap().transports, ["internal", "hybrid"]);
        let object = from_base64url(whole["response"]["attestationObject"].as_str().unwrap()).unwrap();
        for length in 0..object.len() {
            let mut cut = whole.clone();
            cut["response"]["attestationObject"] = base64url(&object[..length]).into();
            assert!(register(cut).is_err(), "cut to {length}");
        }
    }

    #[test]
    fn what_a_browser_adds_is_no_fault_and_what_it_must_say_is_required() {
        let mut whole = Authenticator::eddsa().create(&creation());
        whole["isNew"] = true.into();
        whole["response"]["transports"] = json!(["internal", "teleport", "Not one", "", "x".repeat(99)]);
        assert_eq!(register(whole.clone()).unwrap().transports, ["internal", "teleport"]);
        for (member, value) in [
            ("type", json!("password")),
            ("id", json!(base64url(&[1; 32]))),
            ("rawId", json!(base64url(&[1; 32]))),
            ("rawId", Value::Null),
            ("response", json!({})),
        ] {
            let mut wrong = whole.clone();
            wrong[member] = value;
            assert!(register(wrong).is_err(), "{member}");
        }
        let mut short = Authenticator::eddsa();
        short.id = vec![1; 15];
        assert_eq!(register(short.create(&creation())).unwrap_err(), Unfit::CredentialId.to_string());
    }
}
