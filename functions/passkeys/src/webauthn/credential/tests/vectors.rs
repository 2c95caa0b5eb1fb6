//! The test vectors of WebAuthn Level 3 (section 16) for a relying party at `https://example.org`: every published pair
//! of a registration and an authentication.

use serde::Deserialize;
use serde_json::json;
use shared::crypto::digest::base64url;

use crate::webauthn::credential::{PasskeyAssertion, PasskeyRegistration, Registered, Seen};
use crate::webauthn::octets::from_hex;
use crate::webauthn::statement::{InvalidCredential, RelyingParty};

const PUBLISHED: &str = include_str!("vectors.json");

#[derive(Deserialize)]
struct Published {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    registration: Registration,
    authentication: Authentication,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Registration {
    challenge: Hex,
    #[serde(rename = "credential_id")]
    credential_id: Hex,
    #[serde(rename = "clientDataJSON")]
    client_data: Hex,
    attestation_object: Hex,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Authentication {
    challenge: Hex,
    #[serde(rename = "clientDataJSON")]
    client_data: Hex,
    authenticator_data: Hex,
    signature: Hex,
}

#[derive(Clone, Deserialize)]
#[serde(from = "String")]
struct Hex(Vec<u8>);

impl From<String> for Hex {
    fn from(text: String) -> Self {
        Self(from_hex(&text))
    }
}

impl Hex {
    /// The same bytes, with each byte changed in turn.
    fn changed(&self) -> impl Iterator<Item = Self> + use<> {
        let bytes = self.0.clone();
        (0..bytes.len()).map(move |at| {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1;
            Self(bytes)
        })
    }
}

impl Registration {
    fn verify(&self, party: &RelyingParty) -> Result<Registered, InvalidCredential> {
        let id = base64url(&self.credential_id.0);
        let response = json!({
            "clientDataJSON": base64url(&self.client_data.0),
            "attestationObject": base64url(&self.attestation_object.0),
        });
        let credential = json!({ "id": id, "rawId": id, "type": "public-key", "response": response });
        let credential: PasskeyRegistration = serde_json::from_value(credential).unwrap();
        credential.verify(&self.challenge.0, party)
    }
}

impl Authentication {
    fn verify(&self, party: &RelyingParty, passkey: &Registered) -> Result<Seen, InvalidCredential> {
        let response = json!({
            "clientDataJSON": base64url(&self.client_data.0),
            "authenticatorData": base64url(&self.authenticator_data.0),
            "signature": base64url(&self.signature.0),
            "userHandle": base64url(&[1; 16]),
        });
        let id = base64url(passkey.credential.as_slice());
        let credential = json!({ "id": id, "rawId": id, "type": "public-key", "response": response });
        let credential: PasskeyAssertion = serde_json::from_value(credential).unwrap();
        credential.verify(&self.challenge.0, party, Some(passkey.public()))
    }
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str::<Published>(PUBLISHED).unwrap().vectors
}

/// The vectors' relying party, with our requirements.
fn strict() -> RelyingParty {
    RelyingParty::of("https://example.org").unwrap()
}

/// A relying party that accepts what the vectors contain: unverified users, and frames on `https://example.com`.
fn lenient() -> RelyingParty {
    RelyingParty { framed_by: vec!["https://example.com".to_owned()], requires_verification: false, ..strict() }
}

/// Why a vector is refused; `None` if it is accepted.
type Reason = Option<InvalidCredential>;

const ACCEPTED: Reason = None;
const UNVERIFIED: Reason = Some(InvalidCredential::UserNotVerified);
const FRAMED: Reason = Some(InvalidCredential::Origin);
const UNSUPPORTED: Reason = Some(InvalidCredential::Key);

/// The expected result of each vector: of its registration by the lenient party, and of its registration and its
/// authentication by our rules, which require user verification and no frame.
const EXPECTED: [(&str, Reason, Reason, Reason); 15] = [
    ("none-es256", ACCEPTED, UNVERIFIED, UNVERIFIED),
    ("packed-self-es256", ACCEPTED, ACCEPTED, UNVERIFIED),
    ("none-es256-crossOrigin", ACCEPTED, FRAMED, FRAMED),
    ("none-es256-topOrigin", ACCEPTED, FRAMED, FRAMED),
    ("none-es256-long-credential-id", ACCEPTED, UNVERIFIED, ACCEPTED),
    ("packed-es256", ACCEPTED, ACCEPTED, ACCEPTED),
    ("packed-es384", UNSUPPORTED, UNVERIFIED, None),
    ("packed-es512", UNSUPPORTED, UNSUPPORTED, None),
    ("packed-rs256", ACCEPTED, ACCEPTED, UNVERIFIED),
    ("packed-eddsa", ACCEPTED, UNVERIFIED, UNVERIFIED),
    ("packed-ed448", UNSUPPORTED, UNVERIFIED, None),
    ("tpm-es256", ACCEPTED, ACCEPTED, ACCEPTED),
    ("android-key-es256", ACCEPTED, ACCEPTED, UNVERIFIED),
    ("apple-es256", ACCEPTED, UNVERIFIED, UNVERIFIED),
    ("fido-u2f-es256", ACCEPTED, UNVERIFIED, UNVERIFIED),
];

#[test]
fn every_published_vector_is_verified_or_refused_for_the_expected_reason() {
    let vectors = vectors();
    assert_eq!(vectors.len(), EXPECTED.len());
    for (vector, (name, leniently, registration, authentication)) in vectors.iter().zip(EXPECTED) {
        assert_eq!(vector.name, name);
        assert_eq!(vector.registration.verify(&strict()).err(), registration, "{name}");
        let registered = vector.registration.verify(&lenient());
        assert_eq!(registered.as_ref().err(), leniently.as_ref(), "{name}");
        let Ok(registered) = registered else { continue };
        assert_eq!(registered.credential.as_slice(), vector.registration.credential_id.0, "{name}");
        let passkey = registered;
        let seen = vector.authentication.verify(&lenient(), &passkey);
        assert_eq!(seen.map(|seen| seen.counter), Ok(0), "{name}");
        assert_eq!(vector.authentication.verify(&strict(), &passkey).err(), authentication, "{name}");
    }
}

#[test]
fn a_published_authentication_with_one_changed_byte_is_refused() {
    for Vector { name, registration, authentication } in vectors() {
        let Ok(registered) = registration.verify(&lenient()) else { continue };
        let passkey = registered;
        let refused = |changed: Authentication| {
            assert!(changed.verify(&lenient(), &passkey).is_err(), "{name}");
        };
        authentication
            .challenge
            .changed()
            .for_each(|challenge| refused(Authentication { challenge, ..authentication.clone() }));
        authentication
            .client_data
            .changed()
            .for_each(|client_data| refused(Authentication { client_data, ..authentication.clone() }));
        authentication
            .signature
            .changed()
            .for_each(|signature| refused(Authentication { signature, ..authentication.clone() }));
        authentication
            .authenticator_data
            .changed()
            .for_each(|authenticator_data| refused(Authentication { authenticator_data, ..authentication.clone() }));
    }
}

/// No signature covers a registration, because its attestation is ignored. A changed byte can alter the key or the data
/// about it: then the passkey does not sign in, or is not registered at all.
#[test]
fn a_published_registration_with_one_changed_byte_is_refused_or_registers_the_same_passkey() {
    for Vector { name, registration, authentication } in vectors() {
        let Ok(registered) = registration.verify(&lenient()) else { continue };
        let (id, key) = (registered.credential.clone(), registered.key.clone());
        for challenge in registration.challenge.changed() {
            let changed = Registration { challenge, ..registration.clone() };
            assert_eq!(changed.verify(&lenient()), Err(InvalidCredential::Challenge), "{name}");
        }
        let (mut refused, mut disregarded) = (0, 0);
        for attestation_object in registration.attestation_object.changed() {
            let changed = Registration { attestation_object, ..registration.clone() };
            match changed.verify(&lenient()) {
                Err(_) => refused += 1,
                Ok(other) if other.key == key && other.credential == id => disregarded += 1,
                Ok(other) => {
                    let signed_in = authentication.verify(&lenient(), &other);
                    assert!(signed_in.is_err(), "{name}: another key signs in");
                }
            }
        }
        // Refused: at least the domain's digest and the credential id. Disregarded: the AAGUID and the whole statement.
        assert!(refused >= 32 + id.as_slice().len() && disregarded >= 16, "{name}: {refused}, {disregarded}");
    }
}
