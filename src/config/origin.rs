//! A web origin (RFC 6454): scheme, host and port, written the way browsers send it.

use std::fmt;

use super::setting::Setting;

/// An `https` origin, or plain `http` on this machine (for somebody who develops a client against the API).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// The origin of a server on this machine.
    pub fn localhost(port: u16) -> Self {
        let text = format!("https://localhost:{port}");
        Self(text.strip_suffix(":443").map_or_else(|| text.clone(), str::to_owned))
    }

    /// As in an `Origin` header: no slash at its end, no default port.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host's name or address, without brackets.
    pub fn host(&self) -> &str {
        split(&self.0).map_or("", |(_, host, _)| host)
    }

    /// Whether it is `https`.
    pub fn is_secure(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Setting for Origin {
    fn expected() -> String {
        "an origin without a path, such as https://milton.example.org".into()
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.strip_suffix('/').unwrap_or(text).to_lowercase();
        let (scheme, host, port) = split(&text)?;
        let here = matches!(host, "localhost" | "127.0.0.1" | "::1");
        let default = match scheme {
            "https" => "443",
            "http" if here => "80",
            _ => return None,
        };
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
        if host.is_empty() || !host.chars().all(good) || port.is_some_and(|port| port.parse::<u16>().is_err()) {
            return None;
        }
        let bare = text.strip_suffix(&format!(":{default}")).filter(|_| port == Some(default));
        Some(Self(bare.unwrap_or(&text).to_owned()))
    }
}

/// Scheme, host and port.
fn split(text: &str) -> Option<(&str, &str, Option<&str>)> {
    let (scheme, rest) = text.split_once("://")?;
    if let Some(rest) = rest.strip_prefix('[') {
        let (host, tail) = rest.split_once(']')?;
        host.parse::<std::net::Ipv6Addr>().ok()?;
        let port = if tail.is_empty() { None } else { Some(tail.strip_prefix(':')?) };
        return Some((scheme, host, port));
    }
    match rest.split_once(':') {
        Some((host, port)) => Some((scheme, host, Some(port))),
        None => Some((scheme, rest, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_as_browsers_write_them() {
        let origin = |text| Origin::parse(text).map(|origin| origin.0);
        assert_eq!(origin("https://Milton.Example.org/").as_deref(), Some("https://milton.example.org"));
        assert_eq!(origin("https://milton.example.org:443").as_deref(), Some("https://milton.example.org"));
        assert_eq!(origin("https://[2001:db8::1]:8443").as_deref(), Some("https://[2001:db8::1]:8443"));
        assert_eq!(origin("http://localhost:5173").as_deref(), Some("http://localhost:5173"));
        assert_eq!(Origin::parse("https://[2001:db8::1]:8443").unwrap().host(), "2001:db8::1");
        assert_eq!(Origin::localhost(443).as_str(), "https://localhost");
    }

    #[test]
    fn what_is_no_origin() {
        for text in
            ["", "https://", "http://example.org", "https://a/b", "https://a?b", "https://u@a", "https://a:b", "*"]
        {
            assert_eq!(Origin::parse(text), None, "{text}");
        }
    }
}
