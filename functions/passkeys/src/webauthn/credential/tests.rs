//! Registrations and assertions from our own authenticator, from Chromium and from the specification.
#![allow(clippy::unwrap_used)]

mod vectors;

use serde_json::{Value, json};
use shared::crypto::digest::{base64url, from_base64url};
use test_support::authenticator::Authenticator;

use super::*;

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

fn sign_in(assertion: &Value, passkey: &Registered) -> Result<Seen, String> {
    let assertion = PasskeyAssertion::deserialize(assertion).map_err(|error| error.to_string())?;
    assertion.verify(&CHALLENGE, &party(), Some(passkey.public())).map_err(|unfit| unfit.to_string())
}

/// The responses of Chromium 148's virtual authenticator to `create` and `get` with this challenge, for each algorithm.
const CHROMIUM: &str = include_str!("tests/chromium.json");

#[test]
fn responses_of_chromium_are_accepted() {
    let made: Value = serde_json::from_str(CHROMIUM).unwrap();
    for (algorithm, made) in made.as_object().unwrap() {
        let registered = register(made["registration"].clone()).unwrap();
        let stored = serde_json::to_value(&registered.key).unwrap();
        assert_eq!(stored["algorithm"], **algorithm);
        assert_eq!((registered.counter, &registered.transports[..]), (1, &["internal".to_owned()][..]));
        let seen = sign_in(&made["sign_in"], &registered).unwrap();
        assert_eq!(seen, Seen { counter: 2, backed_up: false });
    }
}

/// The response with one bit of a member flipped, for each bit.
fn flipped(whole: &Value, member: &str) -> Vec<Value> {
    let bytes = from_base64url(whole["response"][member].as_str().unwrap()).unwrap();
    let flipped = (0..bytes.len() * 8).map(|bit| {
        let mut bytes = bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let mut whole = whole.clone();
        whole["response"][member] = base64url(&bytes).into();
        whole
    });
    flipped.collect()
}

#[test]
fn an_assertion_with_one_flipped_bit_is_refused() {
    for mut authenticator in [Authenticator::es256(), Authenticator::eddsa(), Authenticator::rs256()] {
        let passkey = register(authenticator.create(&creation())).unwrap();
        let options = json!({ "rpId": "app.example.com", "challenge": base64url(&CHALLENGE) });
        let whole = authenticator.get(&options);
        assert_eq!(sign_in(&whole, &passkey), Ok(Seen { counter: 0, backed_up: false }));
        for member in ["authenticatorData", "signature", "clientDataJSON"] {
            for changed in flipped(&whole, member) {
                assert!(sign_in(&changed, &passkey).is_err(), "{member}: {changed}");
            }
        }
    }
}

#[test]
fn a_truncated_registration_is_refused() {
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
fn unknown_members_are_accepted_and_missing_ones_are_refused() {
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
    assert_eq!(register(short.create(&creation())).unwrap_err(), InvalidCredential::CredentialId.to_string());
}
