//! Redirects: to a page of our own application, or to one of a few known hosts. Nothing that a client sends chooses where.

use url::Url;

use crate::kernel::problems::Problem;

/// Where a redirect leads. An open redirect lends our name to others (OWASP ASVS 5.0, 3.7.2), so that a target is made by a
/// rule and not of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectTarget(String);

impl RedirectTarget {
    /// A page of the application that `app_url` names, with a query. `path` begins with one slash.
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

    /// An address on one of these hosts, over https.
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
    fn a_redirect_stays_in_the_application() {
        let target = RedirectTarget::page(APP, "/channels", &[("connected", "a b&c")]).unwrap();
        assert_eq!(target.into_text(), "https://app.example.com/channels?connected=a+b%26c");
        for outside in
            ["//evil.example", "https://evil.example/", "/\\evil.example", "\\\\evil.example", "channels", ""]
        {
            assert!(RedirectTarget::page(APP, outside, &[]).is_err(), "{outside}");
        }
    }

    #[test]
    fn a_redirect_leads_to_a_listed_host_alone() {
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
