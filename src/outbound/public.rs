//! Which addresses belong to the public internet: all but those that IANA's registries set apart.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An IPv4 block: its first address and the length of its prefix.
type Block4 = ([u8; 4], u32);
/// An IPv6 block: the first two groups of its first address (none is told apart by more) and the length of its prefix.
type Block6 = ([u16; 2], u32);

/// What is not globally reachable by the [IANA IPv4 Special-Purpose Address
/// Registry](https://www.iana.org/assignments/iana-ipv4-special-registry), and multicast.
const SPECIAL_4: [Block4; 15] = [
    ([0, 0, 0, 0], 8),       // this network, RFC 791
    ([10, 0, 0, 0], 8),      // private, RFC 1918
    ([100, 64, 0, 0], 10),   // shared by carriers, RFC 6598
    ([127, 0, 0, 0], 8),     // loopback, RFC 1122
    ([169, 254, 0, 0], 16),  // link-local, RFC 3927; clouds tell their secrets at 169.254.169.254
    ([172, 16, 0, 0], 12),   // private, RFC 1918
    ([192, 0, 0, 0], 24),    // protocol assignments, RFC 6890
    ([192, 0, 2, 0], 24),    // documentation, RFC 5737
    ([192, 88, 99, 0], 24),  // 6to4 relays, RFC 7526
    ([192, 168, 0, 0], 16),  // private, RFC 1918
    ([198, 18, 0, 0], 15),   // benchmarks, RFC 2544
    ([198, 51, 100, 0], 24), // documentation, RFC 5737
    ([203, 0, 113, 0], 24),  // documentation, RFC 5737
    ([224, 0, 0, 0], 4),     // multicast, RFC 5771
    ([240, 0, 0, 0], 4),     // reserved, RFC 1112, and broadcast, RFC 8190
];

/// What IANA has given out for unicast so far (RFC 4291, RFC 3587). All else is refused without being named: loopback,
/// unspecified, unique-local, link-local, multicast, discard-only, segment routing, and the blocks that hold IPv4
/// addresses: mapped `::ffff:0:0/96`, compatible `::/96`, translated `64:ff9b::/96` and `64:ff9b:1::/48` (NAT64).
const GLOBAL_6: Block6 = ([0x2000, 0], 3);
/// What is not globally reachable within [`GLOBAL_6`] by the [IANA IPv6 Special-Purpose Address
/// Registry](https://www.iana.org/assignments/iana-ipv6-special-registry), or holds an IPv4 address.
const SPECIAL_6: [Block6; 4] = [
    ([0x2001, 0], 23),     // protocol assignments, RFC 2928: Teredo, benchmarks, ORCHID
    ([0x2001, 0xdb8], 32), // documentation, RFC 3849
    ([0x2002, 0], 16),     // 6to4, RFC 3056: holds an IPv4 address
    ([0x3fff, 0], 20),     // documentation, RFC 9637
];

/// Whether an address belongs to the public internet. `IpAddr::is_global` of the standard library will say the same one
/// day; it is not stable.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !SPECIAL_4.iter().any(|block| within_4(address, *block)),
        IpAddr::V6(address) => within_6(address, GLOBAL_6) && !SPECIAL_6.iter().any(|block| within_6(address, *block)),
    }
}

fn within_4(address: Ipv4Addr, (first, prefix): Block4) -> bool {
    (u32::from(address) ^ u32::from_be_bytes(first)) >> (32 - prefix) == 0
}

fn within_6(address: Ipv6Addr, ([first, second], prefix): Block6) -> bool {
    let first = Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0);
    (u128::from(address) ^ u128::from(first)) >> (128 - prefix) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(address: &str) -> bool {
        is_public(address.parse().unwrap())
    }

    #[test]
    fn the_internet_is_public() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "203.0.112.255",
            "203.0.114.0",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2001:4860:4860::8888",
            "2001:200::",
            "2a00:1450:4001::1",
            "2003::1",
            "3ffe:ffff::",
        ] {
            assert!(public(address), "{address}");
        }
    }

    #[test]
    fn what_is_set_apart_is_not() {
        for address in [
            "0.0.0.0",
            "0.255.255.255",
            "10.0.0.0",
            "10.255.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.0.0",
            "169.254.169.254",
            "169.254.255.255",
            "172.16.0.0",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.0.170",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.0",
            "192.168.255.255",
            "198.18.0.0",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::8.8.8.8",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::a00:1",
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "100::1",
            "100:0:0:1::1",
            "2001::1",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:1ff:ffff::",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "2002:808:808::1",
            "3fff::1",
            "3fff:fff::1",
            "4000::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fdff::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "ffff::",
        ] {
            assert!(!public(address), "{address}");
        }
    }
}
