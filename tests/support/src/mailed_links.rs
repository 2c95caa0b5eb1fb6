//! Mailed links, signed like those of the job that mails them.

use serde_json::json;
use shared::crypto::digest::{base64, from_base64};
use shared::crypto::link::LinkClaims;
use shared::testing::{Mail, TestApp};

/// The token of a link.
pub fn sign(key: &[u8], claims: &LinkClaims) -> String {
    shared::testing::link(key, claims).expose().to_owned()
}

/// The token of the link to a page of the application, in the last mail to an address.
pub fn token(app: &TestApp, email: &str, page: &str) -> String {
    let mail = app.cloud().mails_to(email).pop().expect("a mail");
    in_text(&mail.text, &format!("https://app.example.com/{page}")).expect("a link")
}

/// The same, of any application, in the newest of these mails that has such a link.
pub fn newest_token(mails: &[Mail], page: &str) -> Option<String> {
    mails.iter().rev().find_map(|mail| in_text(&mail.text, &format!("/{page}")))
}

fn in_text(text: &str, address: &str) -> Option<String> {
    let (_, token) = text.split_once(&format!("{address}#token="))?;
    token.split_whitespace().next().map(str::to_owned)
}

/// The key of mailed links, derived by KMS.
pub fn key(app: &TestApp) -> Vec<u8> {
    let label = base64(b"bulkhead/mailed-link/1");
    let request = json!({ "KeyId": app.config().derivation_key, "MacAlgorithm": "HMAC_SHA_256", "Message": label });
    let answer = app.cloud().call("TrentService.GenerateMac", &request).unwrap();
    from_base64(answer["Mac"].as_str().unwrap()).unwrap()
}
