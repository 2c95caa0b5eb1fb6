//! The spelling of a token: one encoding, a maximum length, one header.

use accounts::routes::get_me;
use serde_json::{Value, json};
use shared::crypto::digest::{base64, base64url, from_base64url};
use shared::testing::Request;

use crate::forge::Forge;
use crate::{Case, alike, app, case, present, refused, told};

#[tokio::test]
async fn a_token_with_another_spelling_is_refused() {
    let (app, person) = app().await;
    let forge = Forge::trusted(&app, &person);
    let token = loop {
        // Wait for a signature with a letter that the standard alphabet encodes differently; in the header they are too
        // rare.
        let token = forge.genuine();
        if token.rsplit_once('.').unwrap().1.contains(['-', '_']) {
            break token;
        }
    };
    present(&app, &token).await.expect(200);
    let parts: [&str; 3] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let [head, claims, signature] = parts;
    let mut cases: Vec<Case> = [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        "a.b.c".to_owned(),
        head.to_owned(),
        format!("{head}."),
        format!("{head}.{claims}"),
        format!("{head}.{claims}."),
        format!("{head}..{signature}"),
        format!(".{claims}.{signature}"),
        format!("..{signature}"),
        format!("{token}."),
        format!(".{token}"),
        format!("{token}.{signature}"),
        format!("{token}..{signature}"),
        format!("{head}.{claims}.{claims}.{signature}.{signature}"),
        format!("{claims}.{head}.{signature}"),
        format!("{token} {token}"),
        format!("{token},{token}"),
        format!("\"{token}\""),
        json!({ "protected": head, "payload": claims, "signature": signature }).to_string(),
        json!({ "payload": claims, "signatures": [{ "protected": head, "signature": signature }] }).to_string(),
    ]
    .into_iter()
    .map(|text| case(format!("{text:.60}"), text))
    .collect();
    for at in 0..3 {
        let mut respelt = |name: &str, part: String| {
            let mut parts = parts.map(str::to_owned);
            parts[at] = part;
            cases.push(case(format!("part {at}: {name}"), parts.join(".")));
            if at < 2 {
                // Signed over this spelling, so that only the spelling is wrong.
                cases.push(case(format!("part {at}, signed: {name}"), forge.token_of(&parts[0], &parts[1])));
            }
        };
        let part = parts[at];
        respelt("padded once", format!("{part}="));
        respelt("padded to four", format!("{part}{}", &"===="[..(4 - part.len() % 4) % 4]).replace("====", "="));
        respelt("padded twice", format!("{part}=="));
        for (name, inside) in
            [("a space", " "), ("a tab", "\t"), ("percent", "%3D"), ("plus", "+"), ("an asterisk", "*")]
        {
            respelt(name, format!("{}{inside}{}", &part[..8], &part[8..]));
        }
        respelt("a character too many", format!("{part}A"));
        respelt("a character too few", part[..part.len() - 1].to_owned());
        if part.contains(['-', '_']) {
            respelt("the standard alphabet", part.replace('-', "+").replace('_', "/"));
        }
        let bytes = from_base64url(part).unwrap();
        if !bytes.len().is_multiple_of(3) {
            respelt("padded by the standard", base64(&bytes));
            respelt("a spare bit", spare_bit(part));
        }
    }
    // Other lengths of the claims have spare bits that can be set.
    for jti in ["", "a", "aa"] {
        let claims = base64url(forge.claims.with("jti", &json!(jti).to_string()).as_bytes());
        present(&app, &forge.token_of(head, &claims)).await.expect(200);
        if !claims.len().is_multiple_of(4) {
            cases.push(case("spare bits in the claims", forge.token_of(head, &spare_bit(&claims))));
        }
    }
    assert!(cases.iter().any(|(name, _)| name.contains("spare bits")), "no case has spare bits");
    refused(&app, &cases).await;
    present(&app, &token).await.expect(200);
}

/// The same bytes with the lowest spare bit of the last base64 character set.
fn spare_bit(text: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (rest, last) = text.split_at(text.len() - 1);
    let at = ALPHABET.iter().position(|letter| last.as_bytes() == [*letter]).unwrap();
    format!("{rest}{}", char::from(ALPHABET[at | 1]))
}

/// API Gateway answers 431 if the headers exceed 10,240 bytes in total, so none of these reaches a function there. We
/// do not depend on it.
#[tokio::test]
async fn a_token_of_a_megabyte_is_refused_before_any_read() {
    let (app, person) = app().await;
    let forge = Forge::trusted(&app, &person);
    present(&app, &forge.genuine()).await.expect(200);
    let padding = "x".repeat(1 << 20);
    let cases = [
        case("letters", padding.clone()),
        case("dots", ".".repeat(1 << 20)),
        case("a header of a megabyte", forge.with_head(&forge.head.and("x", &json!(padding).to_string()))),
        case("claims of a megabyte", forge.with_claims(&forge.claims.and("x", &json!(padding).to_string()))),
        case("a signature of a megabyte", format!("{}{padding}", forge.genuine())),
        case("a personal access token of a megabyte", format!("bhp_{padding}")),
        // The shortest token that is too long, and otherwise valid.
        case("2,049 bytes", forge.with_claims(&forge.claims.with("jti", &json!("j".repeat(1_250)).to_string()))),
    ];
    assert!(cases[6].1.len() > 2048, "{}", cases[6].1.len());
    for each in cases {
        app.wire(&get_me::FUNCTION).take();
        alike(&app, std::slice::from_ref(&each)).await;
        let calls = app.wire(&get_me::FUNCTION).take();
        assert!(calls.iter().all(|call| call == "DynamoDB.UpdateItem"), "{}: {calls:?}", each.0);
    }
}

/// A whole API Gateway event, with headers that our HTTP client would refuse to send.
#[tokio::test]
async fn a_token_outside_a_bearer_header_is_ignored() {
    let (app, person) = app().await;
    let token = Forge::trusted(&app, &person).genuine();
    let event = include_str!("../../../../events/accounts/get-me.json");
    let event: Value = serde_json::from_str(event).unwrap();
    let with = async |header: &str| {
        let mut event = event.clone();
        event["headers"]["authorization"] = json!(header);
        event["requestContext"]["http"]["sourceIp"] = json!(app.address());
        app.move_address();
        app.answer_event(&get_me::FUNCTION, &event).await
    };
    for header in [format!("Bearer {token}"), format!("bearer {token}"), format!("BEARER   {token} ")] {
        with(&header).await.expect(200);
    }
    let nothing = told(&app.call(Request::to(&get_me::FUNCTION)).await);
    let (head, rest) = token.split_at(20);
    for header in [
        String::new(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        token.clone(),
        format!("Basic {token}"),
        format!("DPoP {token}"),
        format!("Bearer{token}"),
        format!("Bearer:{token}"),
        format!("Bearer\u{a0}{token}"),
        format!("Bearer Bearer {token}"),
        format!("Bearer {token}, Bearer {token}"),
        format!("Bearer \u{feff}{token}"),
        format!("Bearer {head}\u{200b}{rest}"),
        format!("Bearer {head}\u{e9}{rest}"),
        format!("Bearer {}", token.replacen('e', "\u{435}", 1)),
        format!("Bearer {}", token.replace('.', "\u{3002}")),
        format!("Bearer {head}\n{rest}"),
        format!("Bearer {head}\r\n {rest}"),
        format!("Bearer {head}\0{rest}"),
    ] {
        let answer = with(&header).await;
        // An invalid header does not reach a route.
        assert!(answer.status == 0 || told(&answer) == nothing, "{header:?}: {} {}", answer.status, answer.text);
    }
    let anywhere = Request::to(&get_me::FUNCTION).query("access_token", &token).header("x-access-token", &token);
    let anywhere = anywhere.header("cookie", &format!("access_token={token}"));
    assert_eq!(app.call(anywhere).await.expect(401).code(), "not_signed_in");
}
