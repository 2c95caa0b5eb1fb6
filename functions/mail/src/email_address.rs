//! An e-mail address in its one normal form, in which it is stored, looked up, compared and written to.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};
use serde::{Deserialize, Deserializer, Serialize, de};
use shared::kernel::problem_codes;
use shared::kernel::problems::{ProblemCode, Refusal};
use shared::kernel::visible_text::without_unseen_ends;
use unicode_normalization::UnicodeNormalization;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

/// The longest address that fits into an SMTP path (RFC 5321, section 4.5.3.1.3, less the brackets), in bytes.
pub const LONGEST_BYTES: usize = 254;
/// The longest part before the `@` (RFC 5321, section 4.5.3.1.1), in bytes.
pub const LONGEST_LOCAL_PART_BYTES: usize = 64;

/// An e-mail address, normalised by one rule:
///
/// 1. White space and invisible characters around it are dropped.
/// 2. Unicode NFKC, then lower case: `ＭＩＫＥ@example.com`, `Mike@Example.com` and `mike@example.com` are one address.
/// 3. The part before the last `@` must then be ASCII: letters, digits and ``!#$%&'*+-/=?^_`{|}~``, with single dots
///    inside. Amazon SES delivers to no other (it has no SMTPUTF8), and so no letter of another script that looks like
///    a Latin one (Cyrillic `а`, dotless `ı`) can stand in it. Dots and `+tags` are kept: what they mean is the
///    provider's to say.
/// 4. The domain becomes ASCII by UTS 46 (non-transitional, STD3 rules), so that a look-alike domain is another,
///    visible address: `exаmple.com` with a Cyrillic `а` is `xn--exmple-4nf.com`. It has at least two labels, and the
///    last is not a number: no IP addresses, no quoted local parts, no comments.
/// 5. At most 254 bytes, 64 of them before the `@`.
///
/// Mail goes to this form and never to what was typed. An account can therefore not be reached through an address that
/// only normalises to its owner's.
///
/// It is personal data: `Debug` hides it, and it has no `Display`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress(String);

/// Why a text is no address that mail can be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAddress {
    #[error("must have at most {LONGEST_BYTES} bytes")]
    TooLong,
    #[error("must have one part before an @ and a domain after it, like name@example.com")]
    NoDomain,
    #[error("must have at most {LONGEST_LOCAL_PART_BYTES} characters before the @")]
    LocalPartTooLong,
    #[error("may have only letters a to z, digits, single dots and !#$%&'*+-/=?^_`{{|}}~ before the @")]
    LocalPartUnsupported,
    #[error("must end in the name of a domain, like example.com")]
    DomainMalformed,
    /// Syntactically an address; refused only where a letter is to be sent to it.
    #[error("must be at a domain that can receive mail")]
    DomainUnreachable,
}

impl Refusal for NotAnAddress {
    fn problem(&self) -> ProblemCode {
        problem_codes::INVALID_INPUT
    }

    fn field(&self) -> Option<&'static str> {
        Some("email")
    }
}

/// Top-level domains that are not in the public DNS, so that mail to them only bounces: IANA's registry of special-use
/// domain names (RFC 6761), and `internal`, which ICANN reserved for private use in 2024.
const NOT_IN_THE_DNS: [&str; 8] = ["alt", "example", "internal", "invalid", "local", "localhost", "onion", "test"];

impl EmailAddress {
    /// Whether its domain can receive mail.
    pub fn can_receive_mail(&self) -> bool {
        let top = self.domain().rsplit('.').next().unwrap_or_default();
        !NOT_IN_THE_DNS.contains(&top)
    }

    /// The address in its normal form, for the mail's header and for a key.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the `@`.
    pub fn local_part(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(local_part, _)| local_part)
    }

    /// The domain, in ASCII.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl FromStr for EmailAddress {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let text = without_unseen_ends(text);
        // Before any work on it: normalising makes a text up to 18 times longer.
        if text.len() > LONGEST_BYTES {
            return Err(NotAnAddress::TooLong);
        }
        // Lower case can leave what NFKC would still change, so NFKC is applied to its result again.
        let folded: String = text.nfkc().flat_map(char::to_lowercase).nfkc().collect();
        let (local_part, domain) = folded.rsplit_once('@').ok_or(NotAnAddress::NoDomain)?;
        let local_part = local_part_of(local_part)?;
        let address = format!("{local_part}@{}", domain_of(domain)?);
        if address.len() > LONGEST_BYTES { Err(NotAnAddress::TooLong) } else { Ok(Self(address)) }
    }
}

/// A dot-atom (RFC 5322, section 3.2.3).
fn local_part_of(text: &str) -> Result<&str, NotAnAddress> {
    let is_atom = |atom: &str| !atom.is_empty() && atom.bytes().all(is_atom_byte);
    match text {
        "" => Err(NotAnAddress::NoDomain),
        _ if text.len() > LONGEST_LOCAL_PART_BYTES => Err(NotAnAddress::LocalPartTooLong),
        _ if text.split('.').all(is_atom) => Ok(text),
        _ => Err(NotAnAddress::LocalPartUnsupported),
    }
}

fn is_atom_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

pub(crate) fn domain_of(text: &str) -> Result<Cow<'_, str>, NotAnAddress> {
    let domain = Uts46::new()
        .to_ascii(text.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify)
        .map_err(|_| NotAnAddress::DomainMalformed)?;
    match domain.rsplit_once('.') {
        Some((_, last)) if !last.bytes().all(|byte| byte.is_ascii_digit()) => Ok(domain),
        _ => Err(NotAnAddress::DomainMalformed),
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(…)")
    }
}

impl Serialize for EmailAddress {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for EmailAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl utoipa::PartialSchema for EmailAddress {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("An email address. It is stored in lower case, its domain in ASCII."))
            .max_length(Some(LONGEST_BYTES))
            .examples(["name@example.com"])
            .into()
    }
}

impl utoipa::ToSchema for EmailAddress {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("EmailAddress")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn normal(text: &str) -> Result<String, NotAnAddress> {
        text.parse::<EmailAddress>().map(|address| address.0)
    }

    #[test]
    fn spellings_of_one_address_are_one() {
        for spelling in [
            "mike@example.com",
            "  Mike@Example.COM\n",
            "ＭＩＫＥ＠ｅｘａｍｐｌｅ．ｃｏｍ",
            "mi\u{212A}e@example.com",
            "ⓜⓘⓚⓔ@example.com",
            "mike@example。com",
            "\u{2068}mike@example.com\u{2069}",
            "\u{202A}mike@example.com\u{202C}\u{200B}",
        ] {
            assert_eq!(normal(spelling).as_deref(), Ok("mike@example.com"), "{spelling}");
        }
    }

    #[test]
    fn a_domain_outside_the_public_dns_receives_no_mail() {
        let receives = |text: &str| text.parse::<EmailAddress>().unwrap().can_receive_mail();
        assert!(receives("a@example.com") && receives("a@test.example.org") && receives("a@invalid.net"));
        for domain in ["accounts.invalid", "a.TEST", "b.example", "host.localhost", "x.local", "y.internal", "z.onion"]
        {
            assert!(!receives(&format!("a@{domain}")), "{domain}");
        }
    }

    #[test]
    fn a_look_alike_is_another_address_or_none() {
        // Cyrillic а in the domain; dotless ı, dotted İ and Cyrillic е before the @.
        assert_eq!(normal("mike@ex\u{430}mple.com").as_deref(), Ok("mike@xn--exmple-4nf.com"));
        for text in ["m\u{131}ke@example.com", "M\u{130}KE@example.com", "mik\u{435}@example.com", "mike\u{301}@a.com"]
        {
            assert_eq!(normal(text), Err(NotAnAddress::LocalPartUnsupported), "{text}");
        }
    }

    #[test]
    fn domains_become_ascii() {
        assert_eq!(normal("a@BÜCHER.example").as_deref(), Ok("a@xn--bcher-kva.example"));
        assert_eq!(normal("a@straße.de").as_deref(), Ok("a@xn--strae-oqa.de"));
        assert_eq!(normal("a@xn--bcher-kva.example").as_deref(), Ok("a@xn--bcher-kva.example"));
    }

    #[test]
    fn a_malformed_address_is_refused() {
        use NotAnAddress::*;
        for (text, why) in [
            ("", NoDomain),
            ("mike", NoDomain),
            ("@example.com", NoDomain),
            ("mike@", DomainMalformed),
            ("mike@localhost", DomainMalformed),
            ("mike@127.0.0.1", DomainMalformed),
            ("mike@[127.0.0.1]", DomainMalformed),
            ("mike@example.com.", DomainMalformed),
            ("mike@-example.com", DomainMalformed),
            ("mike@exa mple.com", DomainMalformed),
            ("mike@example..com", DomainMalformed),
            ("mike@example.com\r\nBcc: x@example.com", LocalPartUnsupported),
            ("\"mike\"@example.com", LocalPartUnsupported),
            ("mi ke@example.com", LocalPartUnsupported),
            (".mike@example.com", LocalPartUnsupported),
            ("mi..ke@example.com", LocalPartUnsupported),
            ("mike@home@example.com", LocalPartUnsupported),
            ("mi\u{0}ke@example.com", LocalPartUnsupported),
            ("<mike@example.com>", LocalPartUnsupported),
        ] {
            assert_eq!(normal(text), Err(why), "{text}");
        }
    }

    #[test]
    fn lengths_are_bounded() {
        let local_part = "a".repeat(64);
        let domain = format!("{0}.{0}.{0}.{1}", "b".repeat(61), "com");
        let longest = format!("{local_part}@{domain}");
        assert_eq!(longest.len(), 254);
        assert!(normal(&longest).is_ok());
        assert_eq!(normal(&format!("a{longest}")), Err(NotAnAddress::TooLong));
        assert_eq!(normal(&format!("a{local_part}@b.com")), Err(NotAnAddress::LocalPartTooLong));
        assert_eq!(normal(&format!("a@{}.com", "b".repeat(64))), Err(NotAnAddress::DomainMalformed));
        // 50 characters that NFKC makes 900 of.
        assert!(normal(&format!("{}@b.com", "\u{FDFA}".repeat(50))).is_err());
    }

    #[test]
    fn the_normal_form_is_its_own_normal_form() {
        for text in ["Mike+News@Example.com", "o'brien@bücher.example", "ﬁ@ﬁ.example", "a@Ⅷ.com"] {
            let once = normal(text).unwrap();
            assert_eq!(normal(&once).as_ref(), Ok(&once), "{text}");
        }
    }

    #[test]
    fn an_address_is_not_shown_in_debug_output() {
        let address: EmailAddress = "mike@example.com".parse().unwrap();
        assert_eq!((address.local_part(), address.domain()), ("mike", "example.com"));
        assert!(!format!("{address:?}").contains("mike"));
    }
}
