//! Forges access tokens of any shape, signed by a trusted key, so that each is refused by the rule that it breaks and
//! not by its signature.
#![allow(dead_code, clippy::unwrap_used)]

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair,
};
use serde_json::{Value, json};
use shared::crypto::digest::{base64url, sha256};
use shared::testing::{Person, TestApp};

/// A JSON object under construction: names may repeat, and values are raw text.
#[derive(Clone)]
pub struct Members(Vec<(String, String)>);

impl Members {
    /// With another value for `name`.
    pub fn with(&self, name: &str, value: &str) -> String {
        let changed = |(known, old): &(String, String)| {
            (known.clone(), if known == name { value.to_owned() } else { old.clone() })
        };
        text(&self.0.iter().map(changed).collect::<Vec<_>>())
    }

    pub fn without(&self, name: &str) -> String {
        text(&self.0.iter().filter(|(known, _)| known != name).cloned().collect::<Vec<_>>())
    }

    /// With one more member at the end.
    pub fn and(&self, name: &str, value: &str) -> String {
        let more = [(name.to_owned(), value.to_owned())];
        text(&[&self.0[..], &more].concat())
    }

    pub fn before(&self, name: &str, value: &str) -> String {
        let more = [(name.to_owned(), value.to_owned())];
        text(&[&more, &self.0[..]].concat())
    }

    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(|(name, _)| name.clone()).collect()
    }

    pub fn value(&self, name: &str) -> String {
        self.0.iter().find(|(known, _)| known == name).unwrap().1.clone()
    }

    pub fn text(&self) -> String {
        text(&self.0)
    }
}

fn text(members: &[(String, String)]) -> String {
    let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

fn members(object: &[(&str, Value)]) -> Members {
    Members(object.iter().map(|(name, value)| ((*name).to_owned(), value.to_string())).collect())
}

/// A key pair, and the header and claims of a valid token.
pub struct Forge {
    document: Vec<u8>,
    pub kid: String,
    pub head: Members,
    pub claims: Members,
    issued_s: i64,
}

impl Forge {
    /// A forge with an untrusted key, for tokens of a session.
    pub fn new(app: &TestApp, person: &Person) -> Self {
        let pair = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let document = pair.as_ref().to_vec();
        let kid = base64url(&sha256(&document)[..16]);
        let (issuer, now) = ("https://api.example.com", app.now().as_second());
        let head = members(&[("typ", json!("at+jwt")), ("alg", json!("ES256")), ("kid", json!(kid))]);
        let claims = members(&[
            ("iss", json!(issuer)),
            ("aud", json!(issuer)),
            ("sub", json!(person.user)),
            ("sid", json!(person.session)),
            ("iat", json!(now)),
            ("nbf", json!(now)),
            ("exp", json!(now + 900)),
            ("jti", json!("0123456789abcdef0123456789abcdef")),
        ]);
        Self { document, kid, head, claims, issued_s: now }
    }

    /// A forge with a trusted key.
    pub fn trusted(app: &TestApp, person: &Person) -> Self {
        let forge = Self::new(app, person);
        let name = &app.tables().proofs;
        let key = json!({ "pk": { "S": "J#keys" }, "sk": { "S": "CURRENT" } });
        let read = json!({ "TableName": name, "Key": key, "ConsistentRead": true });
        let mut item = app.cloud().call("DynamoDB_20120810.GetItem", &read).unwrap()["Item"].clone();
        let jwk = forge.jwk();
        let jwk = jwk.as_object().unwrap().iter().map(|(name, value)| (name.clone(), json!({ "S": value })));
        let jwk: serde_json::Map<String, Value> = jwk.collect();
        item["e"]["M"]["keys"]["L"].as_array_mut().unwrap().push(json!({ "M": jwk }));
        app.cloud().call("DynamoDB_20120810.PutItem", &json!({ "TableName": name, "Item": item })).unwrap();
        app.forget_warm();
        forge
    }

    pub fn now_s(&self) -> i64 {
        self.issued_s
    }

    fn pair(&self, algorithm: &'static EcdsaSigningAlgorithm) -> EcdsaKeyPair {
        EcdsaKeyPair::from_pkcs8(algorithm, &self.document).unwrap()
    }

    /// The public key as an uncompressed point.
    pub fn point(&self) -> Vec<u8> {
        self.pair(&ECDSA_P256_SHA256_FIXED_SIGNING).public_key().as_ref().to_vec()
    }

    /// The public key as in the JWK Set.
    pub fn jwk(&self) -> Value {
        let point = self.point();
        let (x, y) = (base64url(&point[1..33]), base64url(&point[33..]));
        json!({ "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": self.kid, "x": x, "y": y })
    }

    /// The signature of a text in JWS format: two numbers of 32 bytes.
    pub fn sign(&self, signed: &str) -> Vec<u8> {
        let pair = self.pair(&ECDSA_P256_SHA256_FIXED_SIGNING);
        pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap().as_ref().to_vec()
    }

    /// The same signature in DER, as in X.509.
    pub fn sign_in_der(&self, signed: &str) -> Vec<u8> {
        let pair = self.pair(&ECDSA_P256_SHA256_ASN1_SIGNING);
        pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap().as_ref().to_vec()
    }

    /// A signed token of any header and claims.
    pub fn token(&self, head: &str, claims: &str) -> String {
        self.token_of(&base64url(head.as_bytes()), &base64url(claims.as_bytes()))
    }

    /// The same for parts that are already encoded.
    pub fn token_of(&self, head: &str, claims: &str) -> String {
        let signed = format!("{head}.{claims}");
        let signature = base64url(&self.sign(&signed));
        format!("{signed}.{signature}")
    }

    pub fn with_head(&self, head: &str) -> String {
        self.token(head, &self.claims.text())
    }

    pub fn with_claims(&self, claims: &str) -> String {
        self.token(&self.head.text(), claims)
    }

    /// A valid token.
    pub fn genuine(&self) -> String {
        self.with_claims(&self.claims.text())
    }
}
