//! The domain of e-mail addresses, in the form in which an address has it.

use std::borrow::Cow;

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
#[error("must be a domain without the @, like example.com")]
pub struct NotADomain;

impl EmailDomain {
    pub fn parse(text: &str) -> Result<Self, NotADomain> {
        let text = without_unseen_ends(text);
        if text.len() > LONGEST_BYTES {
            return Err(NotADomain);
        }
        let folded: String = text.nfkc().flat_map(char::to_lowercase).nfkc().collect();
        domain_of(&folded).map(|domain| Self(domain.into_owned())).map_err(|_| NotADomain)
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
        for text in
            ["", "@example.com", "ada@example.com", "com", "*.example.com", "192.0.2.1", "a..b", &"a.".repeat(200)]
        {
            assert_eq!(EmailDomain::parse(text), Err(NotADomain), "{text}");
        }
    }
}
