//! A range of addresses in CIDR notation (RFC 4632, RFC 4291).

use std::net::IpAddr;

use super::setting::Setting;

/// Addresses that share their first `prefix` bits; a single address shares all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    prefix: u32,
}

impl Network {
    /// Whether the address lies in it. An IPv4 address mapped into IPv6 counts as the IPv4 address it is.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.base, address.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                let drop = 32 - self.prefix;
                base.to_bits().checked_shr(drop).unwrap_or(0) == address.to_bits().checked_shr(drop).unwrap_or(0)
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                let drop = 128 - self.prefix;
                base.to_bits().checked_shr(drop).unwrap_or(0) == address.to_bits().checked_shr(drop).unwrap_or(0)
            }
            _ => false,
        }
    }
}

impl Setting for Network {
    fn expected() -> String {
        "an address or a range such as 10.0.0.0/8".into()
    }

    fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let base: IpAddr = address.parse().ok()?;
        let bits = if base.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Some(bits), |prefix| prefix.parse().ok())?;
        (prefix <= bits).then_some(Self { base, prefix })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_contain_their_addresses_alone() {
        let within = |range: &str, address: &str| Network::parse(range).unwrap().contains(address.parse().unwrap());
        assert!(within("10.0.0.0/8", "10.255.1.2") && !within("10.0.0.0/8", "11.0.0.1"));
        assert!(within("10.1.2.3", "10.1.2.3") && !within("10.1.2.3", "10.1.2.4"));
        assert!(within("0.0.0.0/0", "203.0.113.9") && !within("0.0.0.0/0", "2001:db8::1"));
        assert!(within("2001:db8::/32", "2001:db8:1::5") && within("::/0", "::1"));
        assert!(within("127.0.0.0/8", "::ffff:127.0.0.1"));
        assert!(["", "10.0.0.0/33", "10.0.0/8", "::/129", "a/8"].iter().all(|text| Network::parse(text).is_none()));
    }
}
