//! The address of a server where accounts sign in: an origin only.

use serde::{Deserialize, Deserializer, de};
use shared::kernel::problems::Problem;
use shared::kernel::visible_text::without_unseen_ends;
use url::Url;
use utoipa::ToSchema;

/// The address of the server where an account signs in.
#[derive(Clone, Debug, ToSchema)]
#[schema(as = PlatformService, value_type = String, example = "https://bsky.social")]
pub struct Service(Url);

impl Service {
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let url = origin(text).ok_or("must be a server address without a path, such as https://bsky.social")?;
        shared::aws::outbound::check(&url).map_err(|_| "must be a public https address")?;
        Ok(Self(url))
    }

    pub fn url(&self) -> &Url {
        &self.0
    }

    /// As stored and shown: without the trailing slash.
    pub fn as_text(&self) -> String {
        self.0.as_str().trim_end_matches('/').to_owned()
    }
}

impl<'de> Deserialize<'de> for Service {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

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

/// The origin that was stored when an account was connected.
pub fn stored_origin(text: &str) -> Result<Url, Problem> {
    origin(text).ok_or_else(|| Problem::internal("a stored server address is invalid"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_service_that_is_no_origin_is_refused() {
        assert_eq!(origin("https://bsky.social").unwrap().as_str(), "https://bsky.social/");
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
}
