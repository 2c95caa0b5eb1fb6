//! A software authenticator and its browser: they respond to our options, correctly or as a test requires.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use serde_json::{Value, json};
use shared::crypto::digest::{base64url, from_base64url, sha256};

pub const USER_PRESENT: u8 = 1;
pub const USER_VERIFIED: u8 = 1 << 2;
pub const BACKUP_ELIGIBLE: u8 = 1 << 3;
pub const BACKED_UP: u8 = 1 << 4;

/// An authenticator with one passkey.
pub struct Authenticator {
    key: Key,
    pub id: Vec<u8>,
    pub user_handle: Vec<u8>,
    /// The origin of its browser.
    pub origin: String,
    /// The domain that it signs instead of the requested one.
    pub rp_id: Option<String>,
    pub flags: u8,
    /// Its last signature counter; 0 stays 0.
    pub counter: u32,
}

enum Key {
    EdDSA(Ed25519KeyPair),
    ES256(EcdsaKeyPair),
    RS256(RsaKeyPair),
}

impl Authenticator {
    fn new(key: Key) -> Self {
        let mut id = vec![0; 32];
        aws_lc_rs::rand::fill(&mut id).unwrap();
        Self {
            key,
            id,
            user_handle: Vec::new(),
            origin: "https://app.example.com".to_owned(),
            rp_id: None,
            flags: USER_PRESENT | USER_VERIFIED,
            counter: 0,
        }
    }

    pub fn es256() -> Self {
        Self::new(Key::ES256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap()))
    }

    pub fn eddsa() -> Self {
        Self::new(Key::EdDSA(Ed25519KeyPair::generate().unwrap()))
    }

    pub fn rs256() -> Self {
        Self::new(Key::RS256(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()))
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.key {
            Key::EdDSA(pair) => pair.sign(message).as_ref().to_vec(),
            Key::ES256(pair) => pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec(),
            Key::RS256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).unwrap();
                signature
            }
        }
    }

    fn algorithm(&self) -> i64 {
        match self.key {
            Key::EdDSA(_) => -8,
            Key::ES256(_) => -7,
            Key::RS256(_) => -257,
        }
    }

    /// The public key in its COSE form (RFC 9053).
    fn cose_key(&self) -> Vec<u8> {
        let algorithm = (integer(3), integer(self.algorithm()));
        match &self.key {
            Key::EdDSA(pair) => map(&[
                (integer(1), integer(1)),
                algorithm,
                (integer(-1), integer(6)),
                (integer(-2), bytes(pair.public_key().as_ref())),
            ]),
            Key::ES256(pair) => {
                let point = pair.public_key().as_ref();
                map(&[
                    (integer(1), integer(2)),
                    algorithm,
                    (integer(-1), integer(1)),
                    (integer(-2), bytes(&point[1..33])),
                    (integer(-3), bytes(&point[33..])),
                ])
            }
            Key::RS256(pair) => {
                // A DER sequence of modulus and exponent (RFC 8017, appendix A.1.1): 9 bytes of heads for 2,048 bits.
                let modulus = &pair.public_key().as_ref()[9..265];
                map(&[
                    (integer(1), integer(3)),
                    algorithm,
                    (integer(-1), bytes(modulus)),
                    (integer(-2), bytes(&[1, 0, 1])),
                ])
            }
        }
    }

    fn authenticator_data(&self, rp_id: &str, more_flags: u8, behind: &[u8]) -> Vec<u8> {
        let rp_id = self.rp_id.as_deref().unwrap_or(rp_id);
        let flags = self.flags | more_flags;
        [&sha256(rp_id.as_bytes())[..], &[flags], &self.counter.to_be_bytes(), behind].concat()
    }

    fn client_data(&self, kind: &str, challenge: &Value) -> Vec<u8> {
        let data = json!({ "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false });
        data.to_string().into_bytes()
    }

    /// Creates its passkey: `navigator.credentials.create(…)` and `toJSON()`.
    pub fn create(&mut self, options: &Value) -> Value {
        self.create_attested(options, "none", &map(&[]))
    }

    /// The same with any attestation statement in CBOR.
    pub fn create_attested(&mut self, options: &Value, format: &str, statement: &[u8]) -> Value {
        let offered = options["pubKeyCredParams"].as_array().unwrap();
        assert!(offered.contains(&json!({ "type": "public-key", "alg": self.algorithm() })), "{options}");
        self.user_handle = from_base64url(options["user"]["id"].as_str().unwrap()).unwrap();
        let length = u16::try_from(self.id.len()).unwrap().to_be_bytes();
        let credential = [&[0; 16], &length[..], &self.id, &self.cose_key()].concat();
        let data = self.authenticator_data(options["rp"]["id"].as_str().unwrap(), 1 << 6, &credential);
        let client_data = self.client_data("webauthn.create", &options["challenge"]);
        let object = map(&[
            (text("fmt"), text(format)),
            (text("attStmt"), statement.to_vec()),
            (text("authData"), bytes(&data)),
        ]);
        json!({
            "id": base64url(&self.id),
            "rawId": base64url(&self.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": { "credProps": { "rk": true } },
            "response": {
                "clientDataJSON": base64url(&client_data),
                "attestationObject": base64url(&object),
                "authenticatorData": base64url(&data),
                "publicKeyAlgorithm": self.algorithm(),
                "transports": ["internal", "hybrid"],
            },
        })
    }

    /// Uses its passkey: `navigator.credentials.get(…)` and `toJSON()`.
    pub fn get(&mut self, options: &Value) -> Value {
        if self.counter > 0 {
            self.counter += 1;
        }
        let data = self.authenticator_data(options["rpId"].as_str().unwrap(), 0, &[]);
        let client_data = self.client_data("webauthn.get", &options["challenge"]);
        let signature = self.sign(&[&data[..], &sha256(&client_data)].concat());
        json!({
            "id": base64url(&self.id),
            "rawId": base64url(&self.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": base64url(&client_data),
                "authenticatorData": base64url(&data),
                "signature": base64url(&signature),
                "userHandle": base64url(&self.user_handle),
            },
        })
    }
}

fn head(major: u8, argument: usize) -> Vec<u8> {
    match argument {
        0..24 => vec![major << 5 | u8::try_from(argument).unwrap()],
        24..256 => vec![major << 5 | 24, u8::try_from(argument).unwrap()],
        _ => [&[major << 5 | 25], &u16::try_from(argument).unwrap().to_be_bytes()[..]].concat(),
    }
}

pub fn integer(integer: i64) -> Vec<u8> {
    let (major, argument) = if integer < 0 { (1, -1 - integer) } else { (0, integer) };
    head(major, usize::try_from(argument).unwrap())
}

pub fn bytes(bytes: &[u8]) -> Vec<u8> {
    [head(2, bytes.len()), bytes.to_vec()].concat()
}

pub fn text(text: &str) -> Vec<u8> {
    [head(3, text.len()), text.as_bytes().to_vec()].concat()
}

pub fn array(items: &[Vec<u8>]) -> Vec<u8> {
    [head(4, items.len()), items.concat()].concat()
}

pub fn map(members: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut map = head(5, members.len());
    for (key, value) in members {
        map.extend(key);
        map.extend(value);
    }
    map
}
