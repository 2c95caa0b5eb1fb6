//! The certificate: its claims, its signature, who verifies it, and the letter that carries it.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use mail::SendEmail;
use mail::testing::assert_states;
use serde_json::{Value, json};
use shared::crypto::digest::{base64url, from_base64url};
use shared::identity::{DestroyedKey, Destruction, Tally};
use shared::testing::{Request, TestApp};
use sign_in::routes::get_jwks;

use crate::place::{DAY, Place, purge};

/// The claims of a certificate, unverified.
pub fn claims(certificate: &str) -> Value {
    let part = certificate.split('.').nth(1).unwrap();
    serde_json::from_slice(&from_base64url(part).unwrap()).unwrap()
}

/// The published keys, as a stranger reads them.
async fn published(app: &TestApp) -> Vec<Value> {
    app.call(Request::to(&get_jwks::FUNCTION)).await.expect(200).body["keys"].as_array().unwrap().clone()
}

/// Verifies with another's code and a published key.
fn verified(certificate: &str, keys: &[Value]) -> Result<Value, String> {
    let header = decode_header(certificate).map_err(|error| error.to_string())?;
    if header.typ.as_deref() != Some("deletion-certificate+jwt") {
        return Err("another type".to_owned());
    }
    let key = keys.iter().find(|key| key["kid"] == json!(header.kid)).ok_or("an unknown key")?;
    let (x, y) = (key["x"].as_str().unwrap(), key["y"].as_str().unwrap());
    let mut rules = Validation::new(Algorithm::ES256);
    rules.required_spec_claims.clear();
    rules.validate_aud = false;
    rules.validate_exp = false;
    let key = DecodingKey::from_ec_components(x, y).unwrap();
    decode::<Value>(certificate, &key, &rules).map(|decoded| decoded.claims).map_err(|error| error.to_string())
}

/// Writes a certificate and its keys into the folder that BULKHEAD_CERTIFICATE names, for the verifier in Python:
/// `tests/peers/deletion_certificate.py`.
fn write_for_peer(certificate: &str, keys: &[Value], found: &Value) {
    let Ok(folder) = std::env::var("BULKHEAD_CERTIFICATE") else { return };
    let expected = json!({
        "issuer": "https://api.example.com",
        "workspace": found["sub"],
        "destroyed": { "memberships": 2, "workspace_tokens": 1, "override_sessions": 1, "object_versions": 2, "object_bytes": 11 },
    });
    let files = [
        ("certificate.jws", certificate.to_owned()),
        ("jwks.json", json!({ "keys": keys }).to_string()),
        ("expected.json", expected.to_string()),
    ];
    for (name, text) in files {
        std::fs::write(std::path::Path::new(&folder).join(name), text).unwrap();
    }
}

async fn erased(app: &TestApp) -> (Place, String) {
    let place = Place::new(app).await;
    place.trash(app).await;
    app.advance(DAY * 30);
    purge(app).await;
    purge(app).await;
    let certificate = place.certificate(app).unwrap();
    (place, certificate)
}

#[tokio::test]
async fn a_stranger_verifies_a_certificate_and_no_changed_one() {
    let app = TestApp::new();
    let (place, certificate) = erased(&app).await;
    let keys = published(&app).await;
    let found = verified(&certificate, &keys).unwrap();
    write_for_peer(&certificate, &keys, &found);
    assert_eq!((&found["sub"], &found["iss"]), (&json!(place.id()), &json!("https://api.example.com")));
    assert_eq!(found["iat"].as_i64().unwrap(), app.now().as_second());
    assert!(found["statement"].as_str().unwrap().contains("no copy and no backup opens the secrets that they sealed"));
    for at in 0..certificate.len() {
        let letter = certificate.as_bytes()[at];
        let other = if letter == b'A' { 'B' } else { 'A' };
        let mut changed = certificate.clone();
        changed.replace_range(at..=at, &other.to_string());
        // The last letter of each part may only have bits that no byte has.
        let same = |one: &str, other: &str| {
            let parts = |text: &str| text.split('.').map(from_base64url).collect::<Vec<_>>();
            parts(one) == parts(other)
        };
        assert!(verified(&changed, &keys).is_err() || same(&changed, &certificate), "{at}: {changed}");
    }
    // Fewer posts, signed by no one.
    let parts: Vec<&str> = certificate.split('.').collect();
    let mut forged = found.clone();
    forged["destroyed"]["memberships"] = json!(0);
    let forged = format!("{}.{}.{}", parts[0], base64url(forged.to_string().as_bytes()), parts[2]);
    assert!(verified(&forged, &keys).is_err());
}

#[tokio::test]
async fn a_certificate_stays_verifiable_while_the_keys_of_tokens_rotate_and_is_no_token() {
    let app = TestApp::new();
    let (_, certificate) = erased(&app).await;
    let header = decode_header(&certificate).unwrap();
    let kid = header.kid.unwrap();
    for day in 0..200 {
        app.advance(DAY);
        app.tick(&sign_in::jobs::rotate_signing_keys::FUNCTION).await.unwrap();
        if day % 50 == 0 {
            assert!(verified(&certificate, &published(&app).await).is_ok(), "on day {day}");
        }
    }
    assert!(verified(&certificate, &published(&app).await).is_ok());
    // The next certificate has the same key.
    let (_, second) = erased(&app).await;
    assert_eq!(decode_header(&second).unwrap().kid.unwrap(), kid);
    // It is published once, and no token is verified by it.
    assert_eq!(published(&app).await.iter().filter(|key| key["kid"] == kid.as_str()).count(), 1);
    let get_me = Request::to(&workspaces::routes::list_workspaces::FUNCTION).bearer(&certificate);
    assert_eq!(app.call(get_me).await.expect(401).code(), "not_signed_in");
}

#[tokio::test]
async fn the_former_owners_get_the_certificate_by_mail() {
    let app = TestApp::new();
    let (place, certificate) = erased(&app).await;
    let posted = app.outbox::<SendEmail>(&format!("W#{}", place.id())).await.unwrap();
    let [posted] = &posted[..] else { panic!("{posted:?}") };
    let payload = posted.envelope.payload.clone();
    assert_eq!(payload["to_user"]["user"], json!(place.owner.user));
    let quoted = payload["to_user"]["letter"]["paragraphs"][4].as_str().unwrap();
    assert_eq!(quoted.replace(' ', ""), certificate);
}

#[test]
fn the_letter_states_what_was_destroyed_and_when_the_key_is() {
    let at = |text: &str| text.parse().unwrap();
    let destruction = Destruction::sample(
        "Northwind",
        (at("2026-01-02T08:00:00Z"), at("2026-02-01T08:00:00Z")),
        Tally { items: [("POST".to_owned(), 3)].into(), audit_entries: 7, memberships: 2, ..Tally::default() },
        vec![DestroyedKey { arn: "arn".to_owned(), destroyed_at: Some(at("2026-02-08T08:00:00Z")) }],
    );
    let signed = "eyJhbGciOiJFUzI1NiJ9.".repeat(30);
    let letter = erasure::letters::workspace_erased(&destruction, at("2026-02-01T09:00:00Z"), &signed);
    let facts = [
        "The workspace Northwind was deleted on 2 January 2026 at 08:00 UTC and was erased on 1 February 2026 at 09:00",
        "3 items, 0 versions of files, 7 audit entries and 2 memberships",
        "is destroyed on 8 February 2026 at 08:00 UTC",
    ];
    assert_states(&letter, &facts);
}
