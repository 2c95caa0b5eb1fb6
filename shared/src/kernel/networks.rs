//! The networks from which a workspace, or a plane, may be used, in CIDR notation (RFC 4632, section 3.1; RFC 4291, section 2.3).

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::openapi::{ArrayBuilder, ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// The most networks of a workspace. Admission reads them with each request: 30 of the longest add 1,400 bytes to the
/// directory entry.
pub const MOST_NETWORKS: usize = 30;

/// An IPv4 or IPv6 network without host bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(IpNet);

/// Why a text is not a network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotANetwork {
    #[error("must be a network like 192.0.2.0/24 or 2001:db8::/32, or a single IP address")]
    Malformed,
    #[error("has bits after its prefix; the network is {0}")]
    HostBits(IpNet),
    #[error("must be written as the IPv4 network {0}")]
    Mapped(IpNet),
    #[error("covers every address; send an empty list to admit all networks")]
    Everything,
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let single = || text.parse::<IpAddr>().map(IpNet::from);
        let network = text.parse::<IpNet>().or_else(|_| single()).map_err(|_| NotANetwork::Malformed)?;
        if let Some(inside) = mapped(&network) {
            return Err(NotANetwork::Mapped(inside.trunc()));
        }
        match network.trunc() {
            whole if whole.prefix_len() == 0 => Err(NotANetwork::Everything),
            exact if exact == network => Ok(Self(network)),
            exact => Err(NotANetwork::HostBits(exact)),
        }
    }
}

/// The IPv4 network of an IPv4-mapped one (RFC 4291, section 2.5.5.2). The address of a caller is compared in its IPv4 form,
/// so a mapped network would admit no address.
fn mapped(network: &IpNet) -> Option<IpNet> {
    let IpNet::V6(network) = network else { return None };
    let inside = network.addr().to_ipv4_mapped()?;
    let prefix = network.prefix_len().checked_sub(96)?;
    IpNet::new(inside.into(), prefix).ok()
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// The networks of a workspace or a plane, none of which contains another. Empty: every address is admitted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Networks(Vec<Network>);

/// Why a list of networks is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotNetworks {
    #[error("must have at most {MOST_NETWORKS} networks")]
    TooMany,
    #[error("must not overlap: {inner} is part of {outer}, so remove one of them")]
    Overlap { inner: Network, outer: Network },
}

impl Networks {
    pub fn new(networks: Vec<Network>) -> Result<Self, NotNetworks> {
        if networks.len() > MOST_NETWORKS {
            return Err(NotNetworks::TooMany);
        }
        for (number, later) in networks.iter().enumerate() {
            for earlier in &networks[..number] {
                for (inner, outer) in [(*later, *earlier), (*earlier, *later)] {
                    if outer.0.contains(&inner.0) {
                        return Err(NotNetworks::Overlap { inner, outer });
                    }
                }
            }
        }
        Ok(Self(networks))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a caller at this address is admitted. An address that cannot be read is not, unless the list is empty.
    pub fn admit(&self, address: Option<&str>) -> bool {
        let address = address.and_then(|address| address.parse::<IpAddr>().ok());
        self.is_empty() || address.is_some_and(|address| self.contain(address.to_canonical()))
    }

    fn contain(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.0.contains(&address))
    }
}

impl<'de> Deserialize<'de> for Networks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Vec::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl PartialSchema for Networks {
    fn schema() -> RefOr<Schema> {
        let network = ObjectBuilder::new().schema_type(Type::String).examples(["203.0.113.0/24"]);
        let network = network.description(Some("An IPv4 or IPv6 network in CIDR notation."));
        let description = "The networks from which the workspace can be used; empty for all.";
        ArrayBuilder::new().items(network).max_items(Some(MOST_NETWORKS)).description(Some(description)).into()
    }
}

impl ToSchema for Networks {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Networks")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn networks(texts: &[&str]) -> Result<Networks, NotNetworks> {
        Networks::new(texts.iter().map(|text| text.parse().unwrap()).collect())
    }

    #[test]
    fn a_network_with_host_bits_is_refused_with_the_corrected_network() {
        for (text, corrected) in [
            ("192.0.2.1/24", "192.0.2.0/24"),
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("2001:db8::1/32", "2001:db8::/32"),
            ("203.0.113.129/25", "203.0.113.128/25"),
        ] {
            let refused = text.parse::<Network>().unwrap_err();
            assert_eq!(refused, NotANetwork::HostBits(corrected.parse().unwrap()), "{text}");
            assert_eq!(refused.to_string(), format!("has bits after its prefix; the network is {corrected}"));
        }
    }

    #[test]
    fn a_single_address_is_a_network_of_one_and_other_texts_are_refused() {
        for (text, network) in
            [("192.0.2.1", "192.0.2.1/32"), ("2001:db8::1", "2001:db8::1/128"), ("2001:DB8::/32", "2001:db8::/32")]
        {
            assert_eq!(text.parse::<Network>().unwrap().to_string(), network);
        }
        for text in ["", "192.0.2.0/33", "2001:db8::/129", "192.0.2/24", "192.0.2.0/-1", "a.example", "192.0.2.0/24 "] {
            assert_eq!(text.parse::<Network>(), Err(NotANetwork::Malformed), "{text}");
        }
        for text in ["0.0.0.0/0", "::/0", "10.0.0.0/0"] {
            assert_eq!(text.parse::<Network>(), Err(NotANetwork::Everything), "{text}");
        }
    }

    #[test]
    fn a_mapped_network_is_refused_with_its_ipv4_form() {
        for (text, form) in [
            ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
            ("::ffff:192.0.2.1", "192.0.2.1/32"),
            ("::ffff:10.0.0.1/104", "10.0.0.0/8"),
        ] {
            assert_eq!(text.parse::<Network>(), Err(NotANetwork::Mapped(form.parse().unwrap())), "{text}");
        }
    }

    #[test]
    fn overlapping_and_too_many_networks_are_refused() {
        let (inner, outer) = ("10.1.0.0/16".parse().unwrap(), "10.0.0.0/8".parse().unwrap());
        for order in [["10.0.0.0/8", "10.1.0.0/16"], ["10.1.0.0/16", "10.0.0.0/8"]] {
            assert_eq!(networks(&order), Err(NotNetworks::Overlap { inner, outer }));
        }
        assert!(networks(&["2001:db8::/32", "2001:db8::/32"]).is_err(), "a repeated network");
        assert!(networks(&["10.0.0.0/9", "10.128.0.0/9", "::/1"]).is_ok(), "neighbours do not overlap");
        let many: Vec<String> = (0..=MOST_NETWORKS).map(|number| format!("10.{number}.0.0/16")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(networks(&many), Err(NotNetworks::TooMany));
        assert!(networks(&many[1..]).is_ok());
    }

    #[test]
    fn an_address_is_admitted_in_each_of_its_forms_and_only_inside() {
        let list = networks(&["192.0.2.0/24", "2001:db8::/32", "203.0.113.7"]).unwrap();
        for (address, is_admitted) in [
            ("192.0.2.0", true),
            ("192.0.2.255", true),
            ("::ffff:192.0.2.9", true),
            ("::ffff:c000:0209", true),
            ("192.0.3.0", false),
            ("::ffff:192.0.3.0", false),
            ("2001:db8:ffff::1", true),
            ("2001:db9::1", false),
            ("203.0.113.7", true),
            ("203.0.113.8", false),
            // A translated address is not proof of the IPv4 address that it embeds.
            ("64:ff9b::192.0.2.9", false),
            ("2002:c000:209::1", false),
            ("unknown", false),
            ("", false),
        ] {
            assert_eq!(list.admit(Some(address)), is_admitted, "{address}");
        }
        assert!(!list.admit(None));
        assert!(Networks::default().admit(None) && Networks::default().admit(Some("198.51.100.1")));
    }

    #[test]
    fn the_longest_list_adds_less_than_1400_bytes() {
        let long = |number: usize| format!("2001:db8:{number:x}:ffff:ffff:ffff:ffff:fff0/124");
        let list =
            Networks::new((0x1000..0x1000 + MOST_NETWORKS).map(|number| long(number).parse().unwrap()).collect());
        let size_bytes = serde_json::to_string(&list.unwrap()).unwrap().len();
        assert!((1000..1400).contains(&size_bytes), "{size_bytes}");
    }
}
