//! Redirects to a page of our application or to a known host. Client input never chooses the target.

use url::Url;

use crate::kernel::problems::Problem;

/// The target of a redirect. An open redirect would let attackers use our domain for phishing (OWASP ASVS 5.0, 3.7.2),
/// so a target cannot be built from arbitrary text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectTarget(String);

impl RedirectTarget {
    /// A page of the application at `app_url`, with a query. `path` begins with one slash.
    pub fn page(app_url: &str, path: &str, query: &[(&str, &str)]) -> Result<Self, Problem> {
        let base = Url::parse(app_url).map_err(Problem::internal)?;
        let mut url = base.join(path).map_err(Problem::internal)?;
        if url.origin() != base.origin() || !path.starts_with('/') {
            return Err(Problem::internal("a redirect out of the application"));
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(Self(url.into()))
    }

    /// A URL on one of these hosts, over HTTPS.
    pub fn on_host(url: &Url, hosts: &'static [&'static str]) -> Result<Self, Problem> {
        let is_known = url.host_str().is_some_and(|host| hosts.contains(&host));
        let is_plain = url.username().is_empty() && url.password().is_none() && url.port().is_none();
        if url.scheme() == "https" && is_known && is_plain {
            Ok(Self(url.as_str().to_owned()))
        } else {
            Err(Problem::internal("a redirect to a host that is not listed"))
        }
    }

    pub(crate) fn into_text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const APP: &str = "https://app.example.com";
    const HOSTS: &[&str] = &["platform.example"];

    #[test]
    fn a_redirect_out_of_the_application_is_refused() {
        let target = RedirectTarget::page(APP, "/channels", &[("connected", "a b&c")]).unwrap();
        assert_eq!(target.into_text(), "https://app.example.com/channels?connected=a+b%26c");
        for outside in
            ["//evil.example", "https://evil.example/", "/\\evil.example", "\\\\evil.example", "channels", ""]
        {
            assert!(RedirectTarget::page(APP, outside, &[]).is_err(), "{outside}");
        }
    }

    #[test]
    fn a_redirect_to_an_unlisted_host_is_refused() {
        let to = |url: &str| RedirectTarget::on_host(&url.parse().unwrap(), HOSTS);
        assert!(to("https://platform.example/authorize?state=1").is_ok());
        for outside in [
            "http://platform.example/",
            "https://platform.example.evil.example/",
            "https://evil.example/platform.example",
            "https://platform.example@evil.example/",
            "https://user@platform.example/",
            "https://platform.example:8443/",
            "javascript:alert(1)",
        ] {
            assert!(to(outside).is_err(), "{outside}");
        }
    }
}
