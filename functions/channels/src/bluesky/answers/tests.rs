//! Which parts of a response are accepted, and what each error response means.
#![allow(clippy::unwrap_used)]
use serde_json::json;
use shared::crypto::digest::base64url;

use super::*;
use crate::call::Refusal;

fn now() -> Timestamp {
    Timestamp::from_second(1_772_355_000).unwrap()
}

fn refusal(status: u16, body: &str) -> Refusal {
    Refusal::read(status, &http::HeaderMap::new(), body.as_bytes(), now(), &DIALECT)
}

#[test]
fn every_error_response_keeps_the_platforms_text_and_has_a_meaning() {
    for (status, body, code, meaning) in [
        (400, r#"{"error":"InvalidSwap","message":"Record was at bafy"}"#, "InvalidSwap", Meaning::OtherVersion),
        (400, r#"{"error":"ExpiredToken","message":"Token has expired"}"#, "ExpiredToken", Meaning::StaleToken),
        (400, r#"{"error":"InvalidToken","message":"x"}"#, "InvalidToken", Meaning::StaleToken),
        (401, r#"{"error":"AuthenticationRequired"}"#, "AuthenticationRequired", Meaning::StaleToken),
        (401, r#"{"error":"AccountTakedown","message":"x"}"#, "AccountTakedown", Meaning::AccountGone),
        (401, r#"{"error":"AccountDeactivated","message":"x"}"#, "AccountDeactivated", Meaning::AccountGone),
        (400, r#"{"error":"RecordNotFound","message":"x"}"#, "RecordNotFound", Meaning::NotFound),
        (400, r#"{"error":"InvalidRequest","message":"x"}"#, "InvalidRequest", Meaning::Rejected),
        (413, "Too large", "HTTP 413", Meaning::Rejected),
        (429, r#"{"error":"RateLimitExceeded"}"#, "RateLimitExceeded", Meaning::TooMany),
        (500, r#"{"error":"InternalServerError"}"#, "InternalServerError", Meaning::ServerFault),
        (502, "<html>", "HTTP 502", Meaning::ServerFault),
        (404, "", "HTTP 404", Meaning::Rejected),
    ] {
        let refusal = refusal(status, body);
        assert_eq!((refusal.code.as_str(), refusal.meaning), (code, meaning), "{status} {body}");
    }
    assert_eq!(refusal(400, r#"{"error":"InvalidSwap","message":"Record was at bafy"}"#).text, "Record was at bafy");
    assert_eq!(
        refusal(400, &json!({ "error": "X", "message": "é".repeat(900) }).to_string()).text.chars().count(),
        500
    );
}

#[test]
fn a_token_that_does_not_fit_a_header_is_refused() {
    let parses = |text: &str| serde_json::from_value::<Token>(json!(text)).is_ok();
    let longest = "a".repeat(4_096);
    for valid in ["a", "eyJ.eyJ-_.c2ln", "a+/~==", &longest] {
        assert!(parses(valid), "{valid} was refused");
    }
    for invalid in ["", "=", "a b", "a\r\nx: y", "a\u{0}", "é", "a=b", &(longest.clone() + "a")] {
        assert!(!parses(invalid), "{invalid:?} was accepted");
    }
}

#[test]
fn a_blob_is_rebuilt_from_the_fields_of_the_specification() {
    let cid = "bafkreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a";
    let blob = json!({ "$type": "blob", "ref": { "$link": cid }, "mimeType": "image/png", "size": 7 });
    let read = |blob: &Value| serde_json::from_value::<Blob>(blob.clone());
    let mut more = blob.clone();
    more["more"] = json!({ "deep": [[[]]] });
    more["ref"]["more"] = json!("x".repeat(9));
    for given in [&blob, &more] {
        assert_eq!(serde_json::to_value(read(given).unwrap()).unwrap(), blob);
    }
    for (field, value) in [
        ("$type", json!("file")),
        ("ref", json!(cid)),
        ("ref", json!({ "$link": "x" })),
        ("mimeType", json!("image/png; a=b")),
        ("mimeType", json!("png")),
        ("size", json!(-1)),
        ("size", json!(1.5)),
        ("size", json!(1_u64 << 53)),
    ] {
        let mut wrong = blob.clone();
        wrong[field] = value;
        assert!(read(&wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_token_expires_at_its_exp() {
    let token = |claims: &str| SecretText::new(format!("e30.{}.c2ln", base64url(claims.as_bytes())));
    assert_eq!(access_expires_at(&token(r#"{"exp":1772362200,"scope":"x"}"#), now()).as_second(), 1_772_362_200);
    let half_an_hour = now().as_second() + 1_800;
    assert_eq!(access_expires_at(&token(r#"{"scope":"x"}"#), now()).as_second(), half_an_hour);
    assert_eq!(access_expires_at(&SecretText::new("opaque".to_owned()), now()).as_second(), half_an_hour);
    for (exp, expected) in [
        ("253300000000", now().as_second() + 86_400),
        ("-62135596800", now().as_second()),
        ("9223372036854775807", half_an_hour),
        ("1e300", half_an_hour),
        ("\"1772362200\"", half_an_hour),
    ] {
        let token = token(&format!(r#"{{"exp":{exp}}}"#));
        assert_eq!(access_expires_at(&token, now()).as_second(), expected, "{exp}");
    }
}

#[test]
fn the_hosting_server_is_read_from_the_accounts_own_did_document() {
    let document = |id: &str, service: &str, kind: &str, endpoint: &str| {
        json!({ "id": id, "service": [
            { "id": "#other", "type": "Other", "serviceEndpoint": "https://other.example.com" },
            { "id": service, "type": kind, "serviceEndpoint": endpoint },
        ] })
    };
    let (did, kind) = ("did:plc:abc", "AtprotoPersonalDataServer");
    let endpoint = "https://morel.us-east.host.bsky.network";
    let account = Did::try_from(did.to_owned()).unwrap();
    let found = |document: &Value| hosting_server(document, &account).map(String::from);
    let expected = Some("https://morel.us-east.host.bsky.network/".to_owned());
    assert_eq!(found(&document(did, "#atproto_pds", kind, endpoint)), expected);
    assert_eq!(found(&document(did, "did:plc:abc#atproto_pds", kind, endpoint)), expected);
    for other in [
        document("did:plc:evil", "#atproto_pds", kind, endpoint),
        document(did, "did:plc:evil#atproto_pds", kind, endpoint),
        document(did, "#atproto_pds", "Other", endpoint),
        document(did, "#atproto_pds", kind, "ftp://example.com"),
        document(did, "#atproto_pds", kind, &format!("https://{}.example.com", "a.".repeat(200))),
        json!({ "id": did, "service": { "id": "#atproto_pds", "type": kind, "serviceEndpoint": endpoint } }),
        json!({ "id": did, "service": [{ "id": "#atproto_pds", "type": kind, "serviceEndpoint": [endpoint] }] }),
        json!({}),
        json!(null),
    ] {
        assert_eq!(found(&other), None, "{other}");
    }
}
