//! Networks that something may be used from, in CIDR notation (RFC 4632, RFC 4291 section 2.3).

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

use super::Error;

/// How many networks one list may name.
pub const MAX_NETWORKS: usize = 16;

/// A list of networks. The empty one is no list at all: everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// Reads networks such as `192.0.2.0/24` and single addresses; `pointer` says where the list stood. `Invalid` for an
    /// empty list, which could be taken for "nowhere", and for one with more than [`MAX_NETWORKS`].
    pub fn parse(pointer: &str, list: &[String]) -> Result<Self, Error> {
        if list.is_empty() || list.len() > MAX_NETWORKS {
            return Err(Error::invalid(pointer, format!("must name between 1 and {MAX_NETWORKS} networks")));
        }
        let networks = list.iter().enumerate().map(|(nth, text)| {
            let found =
                read(text).ok_or("must be a network such as 192.0.2.0/24".to_owned()).and_then(refuse_host_bits);
            found.map_err(|detail| Error::invalid(format!("{pointer}/{nth}"), detail))
        });
        networks.collect::<Result<_, _>>().map(Self)
    }

    /// Reads what [`Networks::to_stored`] wrote. A list that does not read as one is a fault, never "everywhere".
    pub fn from_stored(text: &str) -> Result<Self, Error> {
        let unreadable = || Error::internal("a stored network is not one");
        let networks = text.split(' ').map(|network| read(network).ok_or_else(unreadable));
        networks.collect::<Result<_, _>>().map(Self)
    }

    /// The networks with a space between them; `None` for everywhere.
    pub fn to_stored(&self) -> Option<String> {
        (!self.0.is_empty()).then(|| self.names().collect::<Vec<_>>().join(" "))
    }

    /// Each network in CIDR notation.
    pub fn names(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(IpNet::to_string)
    }

    /// Whether an address lies within one of them. Where nobody knows the address, only "everywhere" does.
    pub fn admit(&self, address: Option<IpAddr>) -> bool {
        let within = |address: IpAddr| self.0.iter().any(|network| network.contains(&address.to_canonical()));
        self.0.is_empty() || address.is_some_and(within)
    }
}

/// A network, or an address as the network that holds it alone. IPv4 within IPv6 (`::ffff:0:0/96`) is IPv4.
fn read(text: &str) -> Option<IpNet> {
    let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).ok()?;
    let IpNet::V6(v6) = network else { return Some(network) };
    match (v6.addr().to_ipv4_mapped(), v6.prefix_len().checked_sub(96)) {
        (Some(address), Some(prefix)) => Ipv4Net::new(address, prefix).ok().map(IpNet::V4),
        _ => Some(network),
    }
}

/// An address within a network is not its name: whoever writes one may have meant either.
fn refuse_host_bits(network: IpNet) -> Result<IpNet, String> {
    let whole = network.trunc();
    if whole == network { Ok(network) } else { Err(format!("has bits beyond its prefix: the network is {whole}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(list: &[&str]) -> Result<Networks, Error> {
        Networks::parse("/networks", &list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    fn at(networks: &Networks, address: &str) -> bool {
        networks.admit(Some(address.parse().unwrap()))
    }

    #[test]
    fn an_address_is_within_or_it_is_not() {
        let office = networks(&["192.0.2.0/24", "2001:db8::/32", "198.51.100.7"]).unwrap();
        for inside in ["192.0.2.0", "192.0.2.255", "2001:db8:ffff::1", "198.51.100.7", "::ffff:192.0.2.9"] {
            assert!(at(&office, inside), "{inside}");
        }
        for outside in ["192.0.3.0", "2001:db9::", "198.51.100.8", "::192.0.2.9", "::ffff:192.0.3.1", "::1"] {
            assert!(!at(&office, outside), "{outside}");
        }
        assert!(!office.admit(None), "an unknown address is nowhere");
        assert!(Networks::default().admit(None) && at(&Networks::default(), "203.0.113.1"));
    }

    #[test]
    fn mapped_addresses_are_one_with_their_own() {
        let mapped = networks(&["::ffff:192.0.2.0/120"]).unwrap();
        assert_eq!(mapped, networks(&["192.0.2.0/24"]).unwrap());
        assert!(at(&mapped, "192.0.2.1") && at(&mapped, "::ffff:192.0.2.1"));
        assert!(!at(&networks(&["::/0"]).unwrap(), "192.0.2.1"), "all of IPv6 is nothing of IPv4");
    }

    #[test]
    fn what_is_stored_comes_back_and_nothing_else_is_everywhere() {
        let some = networks(&["192.0.2.0/24", "2001:db8::1"]).unwrap();
        assert_eq!(some.to_stored().as_deref(), Some("192.0.2.0/24 2001:db8::1/128"));
        assert_eq!(Networks::from_stored(&some.to_stored().unwrap()).unwrap(), some);
        assert_eq!(Networks::default().to_stored(), None);
        for broken in ["", " ", "192.0.2.0/24 ", "everywhere"] {
            assert!(Networks::from_stored(broken).is_err(), "{broken:?}");
        }
    }

    #[test]
    fn what_is_no_network_is_named() {
        for bad in
            ["", "192.0.2.0/33", "192.0.2", "example.org", "192.0.2.0/-1", "192.0.2.1/24", "2001:db8::1/64", "::/129"]
        {
            let Err(Error::Invalid(fields)) = networks(&["192.0.2.0/24", bad]) else { panic!("{bad}") };
            assert_eq!(fields[0].pointer, "/networks/1", "{bad}");
        }
        assert!(networks(&[]).is_err() && networks(&["::1"; 17]).is_err() && networks(&["::1"; 16]).is_ok());
    }
}
