//! The address of a Bluesky server: an origin only.

use shared::kernel::visible_text::without_unseen_ends;
use url::Url;

/// The service where most accounts sign in. It forwards to the server that hosts the account.
pub const DEFAULT_SERVICE: &str = "https://bsky.social";

/// The longest host name (RFC 1035, section 2.3.4, without the root's dot).
const HOST_BYTES: usize = 253;
/// The longest address as text, before parsing, which may slightly change the length of non-ASCII names.
const ADDRESS_BYTES: usize = 1_024;

/// A server's origin, such as `https://bsky.social/`. None if it has a path, a query, a user or a scheme other than
/// `http` and `https`. The outbound client decides whether `http` is allowed: on loopback in a development build.
pub fn origin(text: &str) -> Option<Url> {
    if text.len() > ADDRESS_BYTES {
        return None;
    }
    let url = Url::parse(&without_unseen_ends(text)).ok()?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.host_str().is_some_and(|host| (1..=HOST_BYTES).contains(&host.len()))
        && url.username().is_empty()
        && url.password().is_none()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none();
    plain.then_some(url)
}

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

    #[test]
    fn a_service_that_is_no_origin_is_refused() {
        assert_eq!(origin(DEFAULT_SERVICE).unwrap().as_str(), "https://bsky.social/");
        assert_eq!(origin(" https://PDS.Example.com:8443/ ").unwrap().as_str(), "https://pds.example.com:8443/");
        assert_eq!(origin("\u{2068}https://bsky.social\u{2069}").unwrap().as_str(), "https://bsky.social/");
        assert!(origin("http://localhost:2583").is_some());
        for wrong in [
            "",
            "bsky.social",
            "ftp://bsky.social",
            "https://bsky.social/xrpc",
            "https://bsky.social/?a",
            "https://bsky.social/#a",
            "https://user@bsky.social",
            "https://user:password@bsky.social",
            "javascript:alert(1)",
            &format!("https://{}com", "a.".repeat(126)),
            &format!("https://{}.com", "a".repeat(300_000)),
        ] {
            assert!(origin(wrong).is_none(), "{wrong} was accepted");
        }
    }

    #[test]
    fn parameters_are_encoded() {
        let server = origin("https://pds.example.com").unwrap();
        assert_eq!(method_url(&server, "a.b.c", &[]).as_str(), "https://pds.example.com/xrpc/a.b.c");
        let url = method_url(&server, "a.b.c", &[("repo", "did:plc:a&b=c"), ("rkey", "x y")]);
        assert_eq!(url.as_str(), "https://pds.example.com/xrpc/a.b.c?repo=did%3Aplc%3Aa%26b%3Dc&rkey=x+y");
    }
}
