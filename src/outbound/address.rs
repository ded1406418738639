//! Addresses that requests may be sent to, as far as their text tells.

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

/// Characters of an address, in ASCII.
const MAX_LENGTH: usize = 2_000;
/// From this port on, ports are for whoever wants one (RFC 6335 section 6).
const FIRST_FREE_PORT: u16 = 1_024;

/// Why nothing may be sent to an address, in words for its author.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unfit(pub &'static str);

/// An `http` or `https` address in which nothing but its host is left to look at. Never printed by `Debug`: what stands in
/// its path may be as good as a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(Url);

impl Address {
    /// Reads an address. Hosts are read as browsers read them (WHATWG URL): `0x7f.1`, `2130706433` and `0177.0.0.1` are
    /// `127.0.0.1`.
    ///
    /// # Errors
    /// What stands against it; `plain` says whether `http` is thinkable at all.
    pub fn parse(text: &str, plain: bool) -> Result<Self, Unfit> {
        let url = Url::parse(text).map_err(|_| Unfit("must be an address such as https://example.org/hook"))?;
        // As it is written out: what is not ASCII grows.
        if url.as_str().len() > MAX_LENGTH {
            return Err(Unfit("must be at most 2000 characters long"));
        }
        let usual = match url.scheme() {
            "https" => 443,
            "http" if plain => 80,
            _ => return Err(Unfit("must begin with https://")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Unfit("must not hold a user name or password"));
        }
        if url.fragment().is_some() {
            return Err(Unfit("must not hold a fragment"));
        }
        match url.port_or_known_default() {
            Some(port) if port == usual || port >= FIRST_FREE_PORT => Ok(Self(url)),
            _ => Err(Unfit("must use the usual port or one from 1024 on")),
        }
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether what is sent there is encrypted.
    pub(super) fn is_tls(&self) -> bool {
        self.0.scheme() == "https"
    }

    pub(super) fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or_default()
    }

    /// The host's own address, where that is what stands there; else its name.
    pub(super) fn host(&self) -> Result<IpAddr, &str> {
        match self.0.host() {
            Some(Host::Ipv4(address)) => Ok(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Ok(IpAddr::V6(address)),
            Some(Host::Domain(name)) => Err(name),
            None => Err(""),
        }
    }

    /// What goes into the `Host` header (RFC 9110 section 7.2).
    pub(super) fn authority(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        self.0.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Path and query.
    pub(super) fn target(&self) -> &str {
        &self.0[url::Position::BeforePath..url::Position::AfterQuery]
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} bytes]", self.0.as_str().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_addresses_without_secrets_in_them() {
        for good in
            ["https://example.org", "https://example.org/a?b=c", "https://example.org:8443/", "https://[2606::1]/"]
        {
            assert!(Address::parse(good, false).is_ok(), "{good}");
        }
        let long = format!("https://example.org/{}", "a".repeat(MAX_LENGTH));
        let growing = format!("https://example.org/{}", "ä".repeat(MAX_LENGTH / 4));
        for bad in [
            "",
            "example.org",
            "/hook",
            "ftp://example.org",
            "file:///etc/passwd",
            "gopher://example.org",
            "http://example.org",
            "https://",
            "https://ana@example.org",
            "https://:secret@example.org",
            "https://example.org/#part",
            "https://example.org:25/",
            "https://example.org:80/",
            "https://example.org:0/",
            "https://example.org:65536/",
            "https://1.2.3.4.5/",
            "https://[::1",
            "javascript:alert(1)",
            long.as_str(),
            growing.as_str(),
        ] {
            assert!(Address::parse(bad, false).is_err(), "{bad}");
        }
        assert!(
            Address::parse("http://example.org:443/", true).is_err() && Address::parse("http://a.test", true).is_ok()
        );
    }

    #[test]
    fn numbers_are_addresses_however_they_are_written() {
        for host in
            ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.0.0.1."]
        {
            let address = Address::parse(&format!("https://{host}/"), false).unwrap();
            assert_eq!(address.host().ok(), Some("127.0.0.1".parse().unwrap()), "{host}");
        }
    }

    #[test]
    fn nothing_shows_in_debug() {
        assert_eq!(format!("{:?}", Address::parse("https://a.test/s3cret", false).unwrap()), "[21 bytes]");
    }
}
