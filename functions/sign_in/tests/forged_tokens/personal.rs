//! Personal access tokens: spelling, owner, secret and expiry.

use serde_json::json;
use shared::crypto::digest::{base64, base64url, from_base64url, sha256_hex};
use shared::identity::AccountChanges;
use shared::identity::personal_token::NewToken;
use shared::kernel::time::SignedDuration;
use shared::testing::{Person, TestApp};

use crate::{alike, app, case, enter, present, refused};

/// A token with the scope `me:read`, valid for one hour.
async fn token(app: &TestApp, person: &Person) -> NewToken {
    app.personal_token(person, &["me:read"]).await.unwrap()
}

#[tokio::test]
async fn a_personal_token_with_another_spelling_is_refused() {
    let (app, person) = app().await;
    let token = token(&app, &person).await;
    let text = token.secret.expose();
    present(&app, text).await.expect(200);
    // Without its checksum, as in earlier releases.
    let body = &text["bhp_".len()..][..64];
    let bytes = from_base64url(body).unwrap();
    let mut cases = Vec::new();
    for prefix in ["", "bhp", "BHP_", "Bhp_", "bhp-", "bhp_bhp_", "bhs_", "ghp_", "%62hp_", "bhp_."] {
        cases.push(case(format!("the prefix {prefix:?}"), format!("{prefix}{body}")));
    }
    for length in [0, 1, 15, 16, 17, 47, 49, 64, 4096] {
        let bytes: Vec<u8> = bytes.iter().copied().cycle().take(length).collect();
        cases.push(case(format!("{length} bytes"), format!("bhp_{}", base64url(&bytes))));
    }
    for wrong in [
        format!("{text}="),
        format!("{text}=="),
        format!("{text}A"),
        format!("{text}."),
        format!("{text}.{text}"),
        format!("{text} {text}"),
        format!("{text},{text}"),
        format!("{text}%00"),
        format!("{} {}", &text[..20], &text[20..]),
        format!("{}\t{}", &text[..20], &text[20..]),
        text[..text.len() - 1].to_owned(),
        format!("bhp_{body}{body}"),
        format!("bhp_{}", "=".repeat(64)),
        format!("bhp_{}", "../".repeat(21) + "x"),
        "bhp_' OR 1=1 --".to_owned(),
        format!("bhp_{}", person.user),
        format!("bhp_{}", person.token),
        "bhp_null".to_owned(),
        // The stored digest is not a credential.
        token.digest.clone(),
        format!("TOKEN#{}", token.digest),
    ] {
        cases.push(case(format!("{wrong:.90}"), wrong));
    }
    let standard = base64(&[&bytes[..16], &[0xfb; 32]].concat());
    assert!(standard.contains('+'));
    cases.push(case("the standard alphabet", format!("bhp_{standard}")));
    refused(&app, &cases).await;
    present(&app, text).await.expect(200);
}

#[tokio::test]
async fn a_personal_token_is_refused_for_another_user_and_after_it_ends() {
    let (app, person) = app().await;
    let other = app.owner().await.unwrap();
    enter(&app, &other).await;
    let [mine, theirs] = [token(&app, &person).await, token(&app, &other).await];
    assert_eq!(present(&app, mine.secret.expose()).await.expect(200).body["id"], json!(person.user));
    assert_eq!(present(&app, theirs.secret.expose()).await.expect(200).body["id"], json!(other.user));

    let [my_bytes, their_bytes] =
        [&mine, &theirs].map(|token| from_base64url(&token.secret.expose()["bhp_".len()..][..64]).unwrap());
    let text = |bytes: &[u8]| format!("bhp_{}", base64url(bytes));
    let mut cases = vec![
        case("my secret for another", text(&[&their_bytes[..16], &my_bytes[16..]].concat())),
        case("another's secret for me", text(&[&my_bytes[..16], &their_bytes[16..]].concat())),
        case("a secret of zeros", text(&[&my_bytes[..16], &[0; 32]].concat())),
        case("no owner", text(&[0; 48])),
        case("the digest as the secret", text(&[&my_bytes[..16], &my_digest(&mine)[..]].concat())),
    ];
    for bit in [0, 127, 128, 383] {
        let mut bytes = my_bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        cases.push(case(format!("bit {bit}"), text(&bytes)));
    }
    alike(&app, &cases).await;

    app.accounts().commit(AccountChanges::default().revoke_token(person.user, &mine.digest)).await.unwrap();
    alike(&app, &[case("revoked", mine.secret.expose())]).await;
    present(&app, theirs.secret.expose()).await.expect(200);
    app.advance(SignedDuration::from_mins(60));
    alike(&app, &[case("expired", theirs.secret.expose())]).await;
}

fn my_digest(token: &NewToken) -> Vec<u8> {
    assert_eq!(token.digest, sha256_hex(token.secret.expose().as_bytes()));
    (0..32).map(|at| u8::from_str_radix(&token.digest[at * 2..at * 2 + 2], 16).unwrap()).collect()
}
