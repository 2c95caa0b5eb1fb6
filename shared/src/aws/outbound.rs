//! Calls to addresses outside AWS: public hosts only, no redirects, bounded in time and size.
//!
//! Users name the host (a Bluesky server, a webhook), so each call is a chance for server-side request forgery (OWASP
//! API7:2023). This module resolves names, checks every address, and connects only to checked addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A guarded HTTP client. Connections are pooled across invocations.
pub struct Outbound {
    /// Built by the first call, because it reads every root certificate.
    client: OnceLock<Result<reqwest::Client, String>>,
    #[cfg(feature = "testing")]
    wire: Arc<super::wire::Wire>,
}

/// One call.
pub struct OutboundRequest {
    pub method: http::Method,
    pub url: Url,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// Covers the time from the first byte sent to the last byte received.
    pub timeout: Duration,
    /// A larger response body is refused. Parsed JSON takes many times its size.
    pub most_answer_bytes: usize,
}

pub struct OutboundAnswer {
    pub status: u16,
    pub headers: http::HeaderMap,
    pub body: Bytes,
}

/// Why there is no response, by what the server may have received.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    #[error("the address {0} is not allowed: it is not public, or not https")]
    Forbidden(String),
    #[error("nothing was sent: {0}")]
    NotSent(String),
    /// The request was sent, or may have been: it is unknown whether it had an effect.
    #[error("no response arrived: {0}")]
    Unknown(String),
    /// The call succeeded or was refused, but its response is too long to read.
    #[error("the response has more than {0} bytes")]
    TooLarge(usize),
}

impl Outbound {
    pub(crate) fn new(#[cfg(feature = "testing")] wire: Arc<super::wire::Wire>) -> Self {
        Self {
            client: OnceLock::new(),
            #[cfg(feature = "testing")]
            wire,
        }
    }

    pub(crate) async fn send(&self, request: OutboundRequest) -> Result<OutboundAnswer, OutboundError> {
        check(&request.url)?;
        #[cfg(feature = "testing")]
        let request = {
            let elsewhere = self.wire.simulated().and_then(|network| network.address(&request.url));
            OutboundRequest { url: elsewhere.unwrap_or(request.url), ..request }
        };
        #[cfg(feature = "testing")]
        {
            use super::grants::Holder;
            use super::wire::Fate;
            let call = format!("HTTP.{} {}", request.method, request.url.path());
            if let Some(answer) = self.wire.simulated().and_then(|network| network.internet(&call, &request)) {
                return answer.await;
            }
            match self.wire.meet(&call, Holder::Own, &[]) {
                Fate::CrashBefore => match self.wire.crash().await {},
                Fate::CrashAfter => {
                    let _answer = self.call(request).await;
                    match self.wire.crash().await {}
                }
                Fate::LoseAnswer => {
                    let _answer = self.call(request).await;
                    return Err(OutboundError::Unknown("the response was lost".to_owned()));
                }
                Fate::Hold => self.wire.hold().await,
                Fate::Pass | Fate::Refuse | Fate::Busy(_) => {}
            }
        }
        self.call(request).await
    }

    async fn call(&self, request: OutboundRequest) -> Result<OutboundAnswer, OutboundError> {
        let client = self.client.get_or_init(client).as_ref();
        let client = client.map_err(|error| OutboundError::NotSent(error.clone()))?;
        let mut call = client.request(request.method, request.url).timeout(request.timeout).body(request.body);
        for (name, value) in request.headers {
            call = call.header(name, value);
        }
        let mut answer = call.send().await.map_err(|error| {
            let text = error.without_url();
            if text.is_connect() || text.is_builder() {
                OutboundError::NotSent(text.to_string())
            } else {
                OutboundError::Unknown(text.to_string())
            }
        })?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let mut body = Vec::new();
        loop {
            let chunk =
                answer.chunk().await.map_err(|error| OutboundError::Unknown(error.without_url().to_string()))?;
            let Some(chunk) = chunk else { break };
            if body.len() + chunk.len() > request.most_answer_bytes {
                return Err(OutboundError::TooLarge(request.most_answer_bytes));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(OutboundAnswer { status, headers, body: body.into() })
    }
}

fn client() -> Result<reqwest::Client, String> {
    reqwest::Client::builder()
        .https_only(!loopback_admitted())
        .min_tls_version(reqwest::tls::Version::TLS_1_3)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .user_agent(concat!("Bulkhead/", env!("CARGO_PKG_VERSION")))
        .dns_resolver(Arc::new(PublicOnly))
        .build()
        .map_err(|error| error.to_string())
}

/// Whether this build may call loopback addresses: only a build for the local cloud.
const fn loopback_admitted() -> bool {
    cfg!(any(feature = "development", feature = "testing"))
}

/// Checks a URL without resolving it: scheme, credentials, literal addresses. Names are checked once resolved.
pub fn check(url: &Url) -> Result<(), OutboundError> {
    let forbidden = || OutboundError::Forbidden(url.host_str().unwrap_or_default().to_owned());
    if !url.username().is_empty() || url.password().is_some() {
        return Err(forbidden());
    }
    let local = loopback_admitted() && is_local(url);
    let literal = match url.host() {
        Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        Some(Host::Domain(_)) => None,
        None => return Err(forbidden()),
    };
    if local {
        return Ok(());
    }
    if url.scheme() != "https" || literal.is_some_and(|address| !may_call(address)) {
        return Err(forbidden());
    }
    Ok(())
}

fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn may_call(address: IpAddr) -> bool {
    is_public(address) || (loopback_admitted() && address.is_loopback())
}

/// Whether an address is on the public internet (IANA special-purpose registries, RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b)))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    // Addresses that embed an IPv4 address (mapped, 6to4, NAT64) are all refused.
    let global_unicast = segments[0] & 0xe000 == 0x2000;
    let special = segments[0] == 0x2002
        || (segments[0] == 0x2001 && segments[1] < 0x0200)
        || (segments[0] == 0x2001 && segments[1] == 0x0db8)
        || segments[0] == 0x3fff;
    global_unicast && !special
}

/// Resolves a name to its public addresses only, so no connection goes elsewhere.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| may_call(address.ip())).collect();
            if public.is_empty() {
                return Err(format!("{} has no public address", name.as_str()).into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_purpose_addresses_are_not_public() {
        for inside in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.168.1.1",
            "192.0.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fc00::1",
            "fe80::1",
            "ff02::1",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "2001:db8::1",
        ] {
            assert!(!inside.parse().is_ok_and(is_public), "{inside} was considered public");
        }
        for outside in ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "2a00:1450:4001::1"] {
            assert!(outside.parse().is_ok_and(is_public), "{outside} was refused");
        }
    }

    #[test]
    fn a_url_with_credentials_or_a_private_literal_is_refused() {
        for url in [
            "https://u:p@example.com/",
            "https://169.254.169.254/latest",
            "https://[::ffff:10.0.0.1]/",
            "http://example.com/",
        ] {
            assert!(url.parse().is_ok_and(|url| check(&url).is_err()), "{url} was accepted");
        }
        assert!("https://bsky.social/xrpc".parse().is_ok_and(|url| check(&url).is_ok()));
    }
}
