//! The address of a Bluesky server, and of its methods.

use url::Url;

/// The service where most accounts sign in. It forwards to the server that hosts the account.
pub const DEFAULT_SERVICE: &str = "https://bsky.social";

/// The address of an XRPC method (atproto.com/specs/xrpc): `/xrpc/<name>` on the server.
pub fn method_url(server: &Url, method: &str, parameters: &[(&str, &str)]) -> Url {
    let mut url = server.clone();
    url.set_path(&format!("/xrpc/{method}"));
    if !parameters.is_empty() {
        url.query_pairs_mut().extend_pairs(parameters);
    }
    url
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::server_address::origin;

    #[test]
    fn parameters_are_encoded() {
        let server = origin("https://pds.example.com").unwrap();
        assert_eq!(method_url(&server, "a.b.c", &[]).as_str(), "https://pds.example.com/xrpc/a.b.c");
        let url = method_url(&server, "a.b.c", &[("repo", "did:plc:a&b=c"), ("rkey", "x y")]);
        assert_eq!(url.as_str(), "https://pds.example.com/xrpc/a.b.c?repo=did%3Aplc%3Aa%26b%3Dc&rkey=x+y");
    }
}
