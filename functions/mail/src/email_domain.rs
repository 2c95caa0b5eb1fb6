//! The domain of e-mail addresses, in the form in which an address has it.

use std::borrow::Cow;
use std::net::IpAddr;

use serde::{Deserialize, Deserializer, de};
use shared::kernel::visible_text::without_unseen_ends;
use unicode_normalization::UnicodeNormalization;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

use crate::email_address::{LONGEST_BYTES, domain_of};

/// A domain name in ASCII (UTS 46), lower case: equal to [`EmailAddress::domain`](crate::EmailAddress::domain) of each address
/// in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailDomain(String);

/// Why a text is not the domain of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotADomain {
    #[error("must not be empty: it is what follows the @ of an address, like example.com")]
    Empty,
    #[error("must have at most {LONGEST_BYTES} bytes")]
    TooLong,
    #[error("must have only what follows the @ of an address, like example.com")]
    Address,
    #[error("must be the name of a domain, like example.com, and not an IP address")]
    IpAddress,
    #[error(
        "must be the name of a domain, like example.com: labels of letters, digits and hyphens with dots between them"
    )]
    Malformed,
}

impl EmailDomain {
    pub fn parse(text: &str) -> Result<Self, NotADomain> {
        let text = without_unseen_ends(text);
        if text.is_empty() {
            return Err(NotADomain::Empty);
        }
        // Before any work on it: normalising makes a text up to 18 times longer.
        if text.len() > LONGEST_BYTES {
            return Err(NotADomain::TooLong);
        }
        let folded: String = text.nfkc().flat_map(char::to_lowercase).nfkc().collect();
        if folded.contains('@') {
            return Err(NotADomain::Address);
        }
        if folded.trim_matches(['[', ']']).trim_start_matches("ipv6:").parse::<IpAddr>().is_ok() {
            return Err(NotADomain::IpAddress);
        }
        domain_of(&folded).map(|domain| Self(domain.into_owned())).map_err(|_| NotADomain::Malformed)
    }

    /// The domain in the form in which an address has it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_text(self) -> String {
        self.0
    }
}

impl<'de> Deserialize<'de> for EmailDomain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&Cow::<'de, str>::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl utoipa::PartialSchema for EmailDomain {
    fn schema() -> RefOr<Schema> {
        let schema = ObjectBuilder::new().schema_type(Type::String).examples(["example.com"]);
        schema.description(Some("The domain of email addresses.")).max_length(Some(LONGEST_BYTES)).into()
    }
}

impl utoipa::ToSchema for EmailDomain {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("EmailDomain")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::EmailAddress;

    #[test]
    fn a_domain_has_the_form_that_it_has_in_an_address() {
        for text in ["example.com", " Example.COM", "b\u{fc}cher.example", "\u{ff45}xample.com"] {
            let address: EmailAddress = format!("ada@{}", text.trim()).parse().unwrap();
            assert_eq!(EmailDomain::parse(text).unwrap().into_text(), address.domain(), "{text}");
        }
    }

    #[test]
    fn a_text_that_is_no_domain_is_refused_by_the_rule_that_it_breaks() {
        use NotADomain::*;
        for (text, why) in [
            ("", Empty),
            (" \u{200b}\n", Empty),
            ("@example.com", Address),
            ("ada@example.com", Address),
            ("ada\u{ff20}example.com", Address),
            (&"a.".repeat(200), TooLong),
            ("192.0.2.1", IpAddress),
            ("[192.0.2.1]", IpAddress),
            ("[IPv6:2001:db8::1]", IpAddress),
            ("2001:db8::1", IpAddress),
            ("com", Malformed),
            ("*.example.com", Malformed),
            ("a..b", Malformed),
            ("example.com.", Malformed),
            ("exa mple.com", Malformed),
            ("exam\u{0}ple.com", Malformed),
            ("example.com\r\nexample.org", Malformed),
            ("https://example.com", Malformed),
            ("-example.com", Malformed),
            ("1.2.3", Malformed),
            (&format!("{}.com", "b".repeat(64)), Malformed),
        ] {
            assert_eq!(EmailDomain::parse(text), Err(why), "{text:?}");
        }
    }
}
