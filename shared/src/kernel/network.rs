//! Network addresses: the caller's address in each of its forms.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The host's IPv4 address, if an IPv6 address only embeds one. Otherwise all of IPv4 would be one IPv6 network, or one
/// IPv4 host would be 65,536 of them.
pub fn unwrapped(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(outer) => carried(outer).map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

/// The network of a caller that counts as one address: an IPv6 customer has at least a /64 (RFC 6177).
pub fn customer_network(ip: &str) -> String {
    match ip.parse().map(unwrapped) {
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Ok(IpAddr::V4(address)) => address.to_string(),
        Err(_) => ip.to_owned(),
    }
}

fn carried(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, high, low] = address.segments();
    let ipv4 = |high: u16, low: u16| Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)));
    match (a, b, c, d, e, f) {
        // Mapped (RFC 4291, section 2.5.5.2) and behind NAT64's well-known prefix (RFC 6052, section 2.1).
        (0, 0, 0, 0, 0, 0xffff) | (0x64, 0xff9b, 0, 0, 0, 0) => ipv4(high, low),
        // 6to4 gives each IPv4 address a /48 (RFC 3056, section 2).
        (0x2002, ..) => ipv4(b, c),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_embedded_ipv4_address_is_unwrapped() {
        for (address, inside) in [
            ("192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("64:ff9b::192.0.2.1", "192.0.2.1"),
            ("2002:c000:201::1", "192.0.2.1"),
            ("2002:c000:201:ffff::1", "192.0.2.1"),
            ("64:ff9b:1::192.0.2.1", "64:ff9b:1::192.0.2.1"),
            ("2001:db8::192.0.2.1", "2001:db8::192.0.2.1"),
            ("::1", "::1"),
        ] {
            assert_eq!(address.parse().map(unwrapped), inside.parse::<IpAddr>(), "{address}");
        }
    }
}
