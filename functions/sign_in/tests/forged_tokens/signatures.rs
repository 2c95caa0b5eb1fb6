//! The rules for the signature of a token.

use serde_json::json;
use shared::crypto::digest::{base64, base64url, from_base64url, hmac_sha256};
use shared::testing::Request;
use sign_in::routes::logout;

use crate::forge::Forge;
use crate::{app, case, present, refused};

/// The order n of the curve P-256 (SEC 2, section 2.4.2).
const ORDER: &str = "_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE";

#[tokio::test]
async fn a_token_without_a_valid_signature_by_a_trusted_key_is_refused() {
    let (app, person) = app().await;
    let forge = Forge::trusted(&app, &person);
    let thief = Forge::new(&app, &person);
    let body = format!("{}.{}", base64url(forge.head.text().as_bytes()), base64url(forge.claims.text().as_bytes()));
    let genuine = forge.sign(&body);
    let mut cases = vec![
        case("no signature", format!("{body}.")),
        case("signed by another key", format!("{body}.{}", base64url(&thief.sign(&body)))),
        case("another key under its own kid", thief.genuine()),
        case("another key in the header", thief.with_head(&thief.head.and("jwk", &thief.jwk().to_string()))),
        case("signed in DER", format!("{body}.{}", base64url(&forge.sign_in_der(&body)))),
        case("the signature of the header", format!("{body}.{}", base64url(&forge.sign("x")))),
    ];
    // Numbers that some libraries accepted as a signature of any message (CVE-2022-21449).
    let order = from_base64url(ORDER).unwrap();
    let one = [&[0; 31][..], &[1]].concat();
    for (name, r, s) in [
        ("zeros", &[0; 32][..], &[0; 32][..]),
        ("zero and one", &[0; 32], &one),
        ("one and zero", &one, &[0; 32]),
        ("one and one", &one, &one),
        ("the order twice", &order, &order),
        ("r and zero", &genuine[..32], &[0; 32]),
        ("r and the order", &genuine[..32], &order),
        ("swapped", &genuine[32..], &genuine[..32]),
    ] {
        cases.push(case(name, format!("{body}.{}", base64url(&[r, s].concat()))));
    }
    for length in [1, 32, 63] {
        cases.push(case(format!("{length} bytes"), format!("{body}.{}", base64url(&genuine[..length]))));
    }
    let wide = [&[0][..], &genuine[..32], &[0], &genuine[32..]].concat();
    cases.push(case("two numbers of 33 bytes", format!("{body}.{}", base64url(&wide))));
    cases.push(case("64 bytes and more", format!("{body}.{}", base64url(&[&genuine[..], &[0; 32]].concat()))));
    for at in [0, 31, 32, 63] {
        let mut changed = genuine.clone();
        changed[at] ^= 1;
        cases.push(case(format!("bit of byte {at}"), format!("{body}.{}", base64url(&changed))));
    }
    let other_claims = base64url(forge.claims.with("jti", "\"x\"").as_bytes());
    let head = base64url(forge.head.text().as_bytes());
    cases.push(case("claims changed after signing", format!("{head}.{other_claims}.{}", base64url(&genuine))));

    // The public key as the secret of a MAC, in every published format (RFC 8725, section 2.1).
    let point = forge.point();
    let spki = [&from_base64url("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE").unwrap()[..], &point[1..]].concat();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", base64(&spki));
    let jwk = forge.jwk();
    let x = jwk["x"].as_str().unwrap();
    let secrets =
        [&point[..], &point[1..], &spki, pem.as_bytes(), pem.trim_end().as_bytes(), x.as_bytes(), b"", &[0; 32]];
    for secret in secrets.into_iter().chain([jwk.to_string().as_bytes(), forge.kid.as_bytes()]) {
        for algorithm in ["HS256", "ES256"] {
            let head = base64url(forge.head.with("alg", &json!(algorithm).to_string()).as_bytes());
            let signed = format!("{head}.{}", base64url(forge.claims.text().as_bytes()));
            let mac = hmac_sha256(secret, signed.as_bytes());
            let double = [mac, mac].concat();
            cases.push(case(format!("a MAC as {algorithm}"), format!("{signed}.{}", base64url(&mac))));
            cases.push(case(format!("a MAC twice as {algorithm}"), format!("{signed}.{}", base64url(&double))));
        }
    }
    for algorithm in ["none", "None"] {
        let head = base64url(forge.head.with("alg", &json!(algorithm).to_string()).as_bytes());
        let signed = format!("{head}.{}", base64url(forge.claims.text().as_bytes()));
        cases.push(case("alg none, without signature", format!("{signed}.")));
        cases.push(case("alg none, two parts", signed));
    }
    refused(&app, &cases).await;
    present(&app, &forge.genuine()).await.expect(200);
}

/// From a signature (r, s), anyone can compute (r, n - s), which is equally valid (SEC 1, section 4.1.4; JWS does not
/// forbid it). So two texts can be the same token. An attacker gains nothing, because nothing is stored or revoked by a
/// token's text: both prove the same session, and both end with it.
#[tokio::test]
async fn a_malleable_signature_gains_nothing() {
    let (app, person) = app().await;
    let forge = Forge::trusted(&app, &person);
    let genuine = forge.genuine();
    let (signed, signature) = genuine.rsplit_once('.').unwrap();
    let mut signature = from_base64url(signature).unwrap();
    let order = from_base64url(ORDER).unwrap();
    let mut borrow = 0;
    for at in (0..32).rev() {
        let difference = i16::from(order[at]) - i16::from(signature[32 + at]) - borrow;
        borrow = i16::from(difference < 0);
        signature[32 + at] = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    let twin = format!("{signed}.{}", base64url(&signature));
    assert_ne!(genuine, twin);
    let [one, other] = [present(&app, &genuine).await, present(&app, &twin).await];
    assert_eq!(
        (one.status, other.status),
        (200, 200),
        "the library became stricter: update this test and docs/asvs.md"
    );
    assert_eq!(one.body, other.body, "the twin proves another session");
    app.call(Request::to(&logout::FUNCTION).bearer(&twin)).await.expect(204);
    for token in [&genuine, &twin] {
        present(&app, token).await.expect(401);
    }
}
