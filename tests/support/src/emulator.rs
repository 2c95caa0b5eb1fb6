//! The AWS emulator of `make test`.

use std::sync::LazyLock;

use reqwest::{Client, Method, RequestBuilder};

/// One for all requests, which share its connections.
pub static CLIENT: LazyLock<Client> = LazyLock::new(Client::new);

/// A request to a service. The emulator reads the service and the account from the credential, and verifies nothing.
pub fn emulator(method: Method, path: &str, service: &str) -> RequestBuilder {
    let endpoint = std::env::var("AWS_ENDPOINT_URL").expect("AWS_ENDPOINT_URL names the local cloud: run `make test`");
    let credential = format!("Credential=test/20260101/us-east-1/{service}/aws4_request");
    let signed = format!("AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=0");
    CLIENT.request(method, format!("{endpoint}{path}")).header("authorization", signed)
}
