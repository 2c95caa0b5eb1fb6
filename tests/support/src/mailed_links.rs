//! Mailed links, signed like those of the job that mails them.

use serde_json::{Value, json};
use shared::crypto::digest::{base64, from_base64};
use shared::crypto::link::LinkClaims;

/// The token of a link.
pub fn sign(key: &[u8], claims: &LinkClaims) -> String {
    shared::testing::link(key, claims).expose().to_owned()
}

/// The key of mailed links, derived by KMS.
pub async fn key() -> Vec<u8> {
    let name = std::env::var("BULKHEAD_TEST_NAME").unwrap_or_else(|_| "bht".to_owned());
    let body = json!({
        "KeyId": format!("alias/{name}-derivation"),
        "MacAlgorithm": "HMAC_SHA_256",
        "Message": base64(b"bulkhead/mailed-link/1"),
    });
    let answer = reqwest::Client::new()
        .post(std::env::var("AWS_ENDPOINT_URL").unwrap())
        .header("x-amz-target", "TrentService.GenerateMac")
        .header("content-type", "application/x-amz-json-1.1")
        .body(body.to_string())
        .send();
    let answer: Value = answer.await.unwrap().error_for_status().unwrap().json().await.unwrap();
    from_base64(answer["Mac"].as_str().unwrap()).unwrap()
}
