//! Parses and checks authenticator data, client data and attestation objects (Web Authentication Level 3, sections 6.1,
//! 5.8.1, 7.1 and 7.2).

use serde::Deserialize;
use shared::crypto::digest::{equal, from_base64url, sha256};

use crate::webauthn::cbor::{self, Value};
use crate::webauthn::key::PasskeyKey;

const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const HAS_CREDENTIAL: u8 = 1 << 6;
const HAS_EXTENSIONS: u8 = 1 << 7;

/// Why a response of an authenticator is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCredential {
    #[error("must have a valid clientDataJSON")]
    ClientData,
    #[error("must be of this kind of ceremony: a registration cannot answer a sign-in, nor the reverse")]
    Type,
    #[error("must answer this ceremony's challenge")]
    Challenge,
    #[error("must come from the application's origin, and not from a frame on another site")]
    Origin,
    #[error("must have valid authenticator data")]
    AuthenticatorData,
    #[error("must be for the application's domain")]
    RelyingParty,
    #[error("must be made with user verification: a PIN, a fingerprint or a face")]
    UserNotVerified,
    #[error("must have a valid attestation object")]
    AttestationObject,
    #[error("must have a valid EdDSA (Ed25519), ES256 (P-256) or RS256 (2,048 to 4,096 bits) key")]
    Key,
    #[error("must have the same credential id in all places, of 16 to 1,023 bytes")]
    CredentialId,
    #[error("must have a valid signature by the passkey")]
    Signature,
    #[error("must be the registered passkey: its backup eligibility has changed")]
    BackupEligibility,
}

/// The relying party: the domain that passkeys belong to, the one origin that uses them, and its requirements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelyingParty {
    pub id: String,
    pub origin: String,
    /// Origins that may embed it in a frame.
    pub framed_by: Vec<String>,
    /// Whether the authenticator must have verified its user by a PIN, a fingerprint or a face.
    pub requires_verification: bool,
}

impl RelyingParty {
    /// From the web application's URL: no frames, and user verification required. `None` for a URL without a domain.
    pub fn of(app_url: &str) -> Option<Self> {
        let url = url::Url::parse(app_url).ok()?;
        let (id, origin) = (url.domain()?.to_owned(), url.origin().ascii_serialization());
        Some(Self { id, origin, framed_by: Vec::new(), requires_verification: true })
    }
}

/// The kind of ceremony.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Registration,
    SignIn,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
    top_origin: Option<String>,
}

/// Checks what the browser requested from the authenticator.
pub fn check_client_data(
    json: &[u8],
    kind: Kind,
    challenge: &[u8],
    party: &RelyingParty,
) -> Result<(), InvalidCredential> {
    let data: ClientData = serde_json::from_slice(json).map_err(|_| InvalidCredential::ClientData)?;
    let expected = match kind {
        Kind::Registration => "webauthn.create",
        Kind::SignIn => "webauthn.get",
    };
    if data.kind != expected {
        return Err(InvalidCredential::Type);
    }
    if !from_base64url(&data.challenge).is_some_and(|answered| equal(&answered, challenge)) {
        return Err(InvalidCredential::Challenge);
    }
    let is_expected = match data.top_origin {
        Some(top) => party.framed_by.contains(&top),
        None => !data.cross_origin || !party.framed_by.is_empty(),
    };
    if data.origin == party.origin && is_expected { Ok(()) } else { Err(InvalidCredential::Origin) }
}

/// The data that an authenticator signs.
#[derive(Debug, PartialEq, Eq)]
pub struct AuthenticatorData<'a> {
    pub counter: u32,
    /// Whether the passkey can be backed up, and whether it is.
    pub backup_eligible: bool,
    pub backed_up: bool,
    /// Only in a registration.
    pub credential: Option<NewCredential<'a>>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct NewCredential<'a> {
    pub id: &'a [u8],
    pub key: PasskeyKey,
}

impl<'a> AuthenticatorData<'a> {
    /// Parses authenticator data completely, and checks that it meets the relying party's requirements.
    pub fn read(bytes: &'a [u8], party: &RelyingParty) -> Result<Self, InvalidCredential> {
        let (party_hash, rest) = bytes.split_first_chunk::<32>().ok_or(InvalidCredential::AuthenticatorData)?;
        let ([flags, counter @ ..], mut rest) =
            rest.split_first_chunk::<5>().ok_or(InvalidCredential::AuthenticatorData)?;
        if !equal(party_hash, &sha256(party.id.as_bytes())) {
            return Err(InvalidCredential::RelyingParty);
        }
        let has = |flag| flags & flag != 0;
        if !has(USER_PRESENT) || (party.requires_verification && !has(USER_VERIFIED)) {
            return Err(InvalidCredential::UserNotVerified);
        }
        let mut credential = None;
        if has(HAS_CREDENTIAL) {
            let (new, behind) = NewCredential::read(rest)?;
            (credential, rest) = (Some(new), behind);
        }
        if has(HAS_EXTENSIONS) {
            let (extensions, behind) = cbor::read(rest).ok_or(InvalidCredential::AuthenticatorData)?;
            rest = behind;
            if !matches!(extensions, Value::Map(_)) {
                return Err(InvalidCredential::AuthenticatorData);
            }
        }
        // A passkey that is not backup eligible cannot be backed up (section 6.1.3).
        if !rest.is_empty() || (has(BACKED_UP) && !has(BACKUP_ELIGIBLE)) {
            return Err(InvalidCredential::AuthenticatorData);
        }
        let counter = u32::from_be_bytes(*counter);
        Ok(Self { counter, backup_eligible: has(BACKUP_ELIGIBLE), backed_up: has(BACKED_UP), credential })
    }
}

impl<'a> NewCredential<'a> {
    /// Parses attested credential data (section 6.5.1) and returns it with the rest of the input. The authenticator's
    /// model is ignored.
    fn read(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), InvalidCredential> {
        let (_model, rest) = bytes.split_first_chunk::<16>().ok_or(InvalidCredential::AuthenticatorData)?;
        let (length, rest) = rest.split_first_chunk::<2>().ok_or(InvalidCredential::AuthenticatorData)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (id, rest) = rest.split_at_checked(length).ok_or(InvalidCredential::AuthenticatorData)?;
        let (key, rest) = cbor::read(rest).ok_or(InvalidCredential::AuthenticatorData)?;
        Ok((Self { id, key: PasskeyKey::read(&key).ok_or(InvalidCredential::Key)? }, rest))
    }
}

/// Parses an attestation object: the authenticator data, and the credential in it.
///
/// The attestation statement is ignored in every format: we request none (section 5.4.7), but some clients send one
/// anyway. Its signature and certificates would identify the model of the authenticator, which we do not need (section
/// 7.1, at the end).
pub fn read_attestation<'a>(
    object: &'a [u8],
    party: &RelyingParty,
) -> Result<(AuthenticatorData<'a>, NewCredential<'a>), InvalidCredential> {
    let (object, rest) = cbor::read(object).ok_or(InvalidCredential::AttestationObject)?;
    let has_format = object.named("fmt").and_then(Value::text).is_some();
    // An array is a compound statement (section 8.9).
    let has_statement = matches!(object.named("attStmt"), Some(Value::Map(_) | Value::Array(_)));
    let data = object.named("authData").and_then(Value::bytes);
    let data =
        data.filter(|_| has_format && has_statement && rest.is_empty()).ok_or(InvalidCredential::AttestationObject)?;
    let mut data = AuthenticatorData::read(data, party)?;
    let credential = data.credential.take().ok_or(InvalidCredential::AuthenticatorData)?;
    Ok((data, credential))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use shared::crypto::digest::base64url;

    use super::*;

    const CHALLENGE: [u8; 32] = [9; 32];

    fn party() -> RelyingParty {
        RelyingParty::of("https://app.example.com/").unwrap()
    }

    #[test]
    fn the_relying_party_is_the_applications_host_and_origin() {
        for (url, id, origin) in [
            ("https://app.example.com", "app.example.com", "https://app.example.com"),
            ("https://App.Example.com:443/path/", "app.example.com", "https://app.example.com"),
            ("http://localhost:3000", "localhost", "http://localhost:3000"),
        ] {
            let party = RelyingParty::of(url).unwrap();
            assert_eq!((&*party.id, &*party.origin), (id, origin));
            assert!(party.framed_by.is_empty() && party.requires_verification);
        }
        for url in ["", "app.example.com", "https://192.0.2.1", "https://[::1]/", "mailto:a@example.com"] {
            assert_eq!(RelyingParty::of(url), None, "{url}");
        }
    }

    fn client_data(change: impl FnOnce(&mut serde_json::Value)) -> Result<(), InvalidCredential> {
        let mut data = serde_json::json!({
            "type": "webauthn.get",
            "challenge": base64url(&CHALLENGE),
            "origin": "https://app.example.com",
            "crossOrigin": false,
            "other_keys_can_be_added_here": "do not compare clientDataJSON against a template",
        });
        change(&mut data);
        check_client_data(data.to_string().as_bytes(), Kind::SignIn, &CHALLENGE, &party())
    }

    #[test]
    fn client_data_of_another_origin_or_ceremony_is_refused() {
        assert_eq!(client_data(|_| {}), Ok(()));
        for (member, value, reason) in [
            ("type", "webauthn.create".into(), InvalidCredential::Type),
            ("challenge", base64url(&[8; 32]).into(), InvalidCredential::Challenge),
            ("challenge", format!("{}=", base64url(&CHALLENGE)).into(), InvalidCredential::Challenge),
            ("challenge", "".into(), InvalidCredential::Challenge),
            ("origin", "https://app.example.com.evil.example".into(), InvalidCredential::Origin),
            ("origin", "https://evil.app.example.com".into(), InvalidCredential::Origin),
            ("origin", "https://app.example.com:444".into(), InvalidCredential::Origin),
            ("origin", "http://app.example.com".into(), InvalidCredential::Origin),
            ("crossOrigin", true.into(), InvalidCredential::Origin),
            ("topOrigin", "https://evil.example".into(), InvalidCredential::Origin),
            ("origin", 7.into(), InvalidCredential::ClientData),
            ("challenge", serde_json::Value::Null, InvalidCredential::ClientData),
        ] {
            let refused = client_data(|data| data[member] = value);
            assert_eq!(refused, Err(reason), "{member}");
        }
        for garbage in [&b""[..], b"{}", b"[]", b"\xff\xfe", b"{\"type\":\"webauthn.get\",\"type\":\"webauthn.get\"}"] {
            let refused = check_client_data(garbage, Kind::SignIn, &CHALLENGE, &party());
            assert_eq!(refused, Err(InvalidCredential::ClientData));
        }
    }

    fn authenticator_data(flags: u8, behind: &[u8]) -> Vec<u8> {
        [&sha256(b"app.example.com")[..], &[flags], &[0, 0, 1, 2], behind].concat()
    }

    #[test]
    fn truncated_or_overlong_authenticator_data_is_refused() {
        let read = |flags, behind: &[u8]| {
            let bytes = authenticator_data(flags, behind);
            AuthenticatorData::read(&bytes, &party()).map(|data| (data.counter, data.backup_eligible, data.backed_up))
        };
        assert_eq!(read(0x05, &[]), Ok((258, false, false)));
        assert_eq!(read(0x1d, &[]), Ok((258, true, true)));
        assert_eq!(read(0x85, &[0xa0]), Ok((258, false, false)));
        for flags in [0x00, 0x01, 0x04] {
            assert_eq!(read(flags, &[]), Err(InvalidCredential::UserNotVerified));
        }
        for (flags, behind) in [
            (0x15, &[][..]),
            (0x05, &[0]),
            (0x85, &[]),
            (0x85, &[0x01]),
            (0x85, &[0xa0, 0]),
            (0x45, &[]),
            (0x45, &[0; 17]),
            (0x45, &[0xff; 18]),
            (0x45, &[0; 18]),
        ] {
            let refused = read(flags, behind).unwrap_err();
            assert!(
                matches!(refused, InvalidCredential::AuthenticatorData | InvalidCredential::Key),
                "{flags:02x} {behind:02x?}: {refused}"
            );
        }
        let whole = authenticator_data(0x05, &[]);
        for length in 0..whole.len() {
            assert_eq!(AuthenticatorData::read(&whole[..length], &party()), Err(InvalidCredential::AuthenticatorData));
        }
        let elsewhere = RelyingParty::of("https://example.com").unwrap();
        assert_eq!(AuthenticatorData::read(&whole, &elsewhere), Err(InvalidCredential::RelyingParty));
    }

    #[test]
    fn a_malformed_attestation_object_is_refused() {
        for garbage in [&[][..], &[0xa0], &[0xa1, 0x63, b'f', b'm', b't', 0x01], &[0xff; 40], &[0x81; 9000]] {
            let refused = read_attestation(garbage, &party()).err();
            assert_eq!(refused, Some(InvalidCredential::AttestationObject), "{garbage:02x?}");
        }
    }
}
