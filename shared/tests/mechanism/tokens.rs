//! Access tokens: only our own, unexpired ones of a live session are accepted.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde_json::{Value, json};
use shared::crypto::digest::{base64url, from_base64url, hmac_sha256};
use shared::testing::{Person, Request, TestApp};

use super::notes::LIST;

async fn status(app: &TestApp, owner: &Person, token: &str) -> u16 {
    app.call(Request::to(&LIST).by(owner).bearer(token).query("limit", 1)).await.status
}

fn part(token: &str, at: usize) -> Value {
    serde_json::from_slice(&from_base64url(token.split('.').nth(at).unwrap()).unwrap()).unwrap()
}

fn changed(mut value: Value, change: impl FnOnce(&mut Value)) -> String {
    change(&mut value);
    base64url(value.to_string().as_bytes())
}

#[tokio::test]
async fn a_tampered_token_is_401() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let token = owner.token.clone();
    assert_eq!(status(&app, &owner, &token).await, 200);
    let (head, claims) = (part(&token, 0), part(&token, 1));
    let pieces: Vec<&str> = token.split('.').collect();
    let with_head =
        |change: &dyn Fn(&mut Value)| format!("{}.{}.{}", changed(head.clone(), change), pieces[1], pieces[2]);
    let with_claims =
        |change: &dyn Fn(&mut Value)| format!("{}.{}.{}", pieces[0], changed(claims.clone(), change), pieces[2]);
    let keys = app.call(Request::to(&LIST).by(&owner).query("limit", 1)).await;
    assert_eq!(keys.status, 200);

    let none = changed(head.clone(), |head| head["alg"] = json!("none"));
    let hmac_head = changed(head.clone(), |head| head["alg"] = json!("HS256"));
    let hmac_body = format!("{hmac_head}.{}", pieces[1]);
    let hmac = base64url(&hmac_sha256(head["kid"].as_str().unwrap().as_bytes(), hmac_body.as_bytes()));
    let forged_key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
    let forged_key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, forged_key.as_ref()).unwrap();
    let signed = format!("{}.{}", pieces[0], pieces[1]);
    let forged = base64url(forged_key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap().as_ref());

    let cases = [
        ("alg none, no signature", format!("{none}.{}.", pieces[1])),
        ("alg none, old signature", format!("{none}.{}.{}", pieces[1], pieces[2])),
        ("HS256 keyed by public text", format!("{hmac_body}.{hmac}")),
        ("another kid", with_head(&|head| head["kid"] = json!("other"))),
        ("kid as a path", with_head(&|head| head["kid"] = json!("../../etc/passwd"))),
        ("kid as SQL", with_head(&|head| head["kid"] = json!("' OR 1=1 --"))),
        ("crit", with_head(&|head| head["crit"] = json!(["exp"]))),
        ("jku", with_head(&|head| head["jku"] = json!("https://evil.example/jwks"))),
        ("jwk", with_head(&|head| head["jwk"] = json!({}))),
        ("x5u", with_head(&|head| head["x5u"] = json!("https://evil.example/x5u"))),
        ("typ JWT", with_head(&|head| head["typ"] = json!("JWT"))),
        ("no typ", with_head(&|head| drop(head.as_object_mut().unwrap().remove("typ")))),
        ("another audience", with_claims(&|claims| claims["aud"] = json!("https://other.example"))),
        ("another user", with_claims(&|claims| claims["sub"] = json!(app.new_id::<shared::kernel::ids::UserKind>()))),
        ("never expires", with_claims(&|claims| claims["exp"] = json!(i64::MAX))),
        ("signed by another key", format!("{signed}.{forged}")),
        ("no signature", format!("{signed}.")),
        ("two parts", signed.clone()),
        ("padded base64", format!("{}=.{}.{}", pieces[0], pieces[1], pieces[2])),
        ("empty", String::new()),
        ("a megabyte", "a".repeat(1 << 20)),
    ];
    for (name, token) in cases {
        assert_eq!(status(&app, &owner, &token).await, 401, "{name} was accepted");
    }
    assert_eq!(status(&app, &owner, &token).await, 200);
}

#[tokio::test]
async fn a_token_ends_with_its_lifetime_its_session_and_its_epoch() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    app.advance(jiff::SignedDuration::from_secs(15 * 60 - 1));
    assert_eq!(status(&app, &owner, &owner.token).await, 200);
    app.advance(jiff::SignedDuration::from_secs(1));
    assert_eq!(status(&app, &owner, &owner.token).await, 401, "an expired token was accepted");
    let fresh = app.mint(owner.user, owner.session).await.unwrap();
    assert_eq!(status(&app, &owner, &fresh).await, 200);
    app.advance(jiff::SignedDuration::from_hours(12));
    let fresh = app.mint(owner.user, owner.session).await.unwrap();
    assert_eq!(status(&app, &owner, &fresh).await, 401, "an idle session was accepted");
    let other = app.owner().await.unwrap();
    let unknown = app.mint(other.user, owner.session).await.unwrap();
    assert_eq!(status(&app, &other, &unknown).await, 401, "another user's session was accepted");
}
