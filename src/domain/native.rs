//! Native apps: where one may wait for its code on the person's own machine (RFC 8252), and its challenge (RFC 7636).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use url::{Host, Url};

use super::Error;

/// An app on the person's own machine that wants to be signed in.
#[derive(Clone, Debug)]
pub struct NativeApp {
    /// Where it waits.
    pub redirect: Loopback,
    /// What it wants to see again.
    pub state: Option<String>,
    /// What its verifier must hash to.
    pub challenge: Challenge,
}

impl NativeApp {
    /// Reads the parameters of RFC 6749 (4.1.1) and RFC 7636 (4.3). The only method is S256: `plain` protects nobody.
    pub fn parse(redirect: &str, challenge: &str, method: &str, state: Option<&str>) -> Result<Self, Error> {
        if method != "S256" {
            return Err(Error::invalid("code_challenge_method", "must be S256"));
        }
        let state = state.map(|state| match state.len() {
            0..=500 if state.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(state.to_owned()),
            _ => Err(Error::invalid("state", "must be at most 500 visible ASCII characters")),
        });
        Ok(Self {
            redirect: Loopback::parse(redirect)?,
            challenge: Challenge::parse(challenge)?,
            state: state.transpose()?,
        })
    }

    /// Where the browser is sent with these parameters, and with the app's `state`.
    pub fn answer(&self, parameters: &[(&str, &str)]) -> String {
        let mut url = self.redirect.0.clone();
        url.query_pairs_mut().extend_pairs(parameters).extend_pairs(self.state.iter().map(|state| ("state", state)));
        url.into()
    }
}

/// `http://127.0.0.1:<port>/<path>` or `http://[::1]:<port>/<path>`: this very machine, whichever port is free there
/// (RFC 8252, 7.3). No name, not even `localhost`, which may be resolved to anything (8.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loopback(Url);

impl Loopback {
    /// Refuses every other address, and every other way to write this one: two readers must not disagree about it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let refused =
            || Error::invalid("redirect_uri", "must be http://127.0.0.1:<port>/<path> or http://[::1]:<port>/<path>");
        let plain = text.len() <= 500 && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        let rest =
            ["http://127.0.0.1", "http://[::1]"].iter().find_map(|host| text.strip_prefix(host)).ok_or_else(refused)?;
        if !plain || !rest.is_empty() && !rest.starts_with([':', '/']) {
            return Err(refused());
        }
        let url = Url::parse(text).map_err(|_| refused())?;
        let here = match url.host() {
            Some(Host::Ipv4(address)) => address == std::net::Ipv4Addr::LOCALHOST,
            Some(Host::Ipv6(address)) => address == std::net::Ipv6Addr::LOCALHOST,
            _ => false,
        };
        let bare =
            url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
        if here && bare && url.scheme() == "http" { Ok(Self(url)) } else { Err(refused()) }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// An app's challenge: the SHA-256 of a verifier that it alone knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenge([u8; 32]);

impl Challenge {
    /// Reads 43 characters of base64url.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| Error::invalid("code_challenge", "must be a SHA-256 hash in base64url"))
    }

    /// The challenge that a verifier of 43 to 128 characters stands for.
    pub fn of(verifier: &str) -> Result<Self, Error> {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(unreserved) {
            return Err(Error::invalid("/code_verifier", "must be 43 to 128 unreserved characters"));
        }
        Ok(Self(Sha256::digest(verifier).into()))
    }

    /// The hash.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// As the parameter is written.
    pub fn to_text(self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_waits_on_this_very_machine() {
        for good in
            ["http://127.0.0.1:4711/callback", "http://127.0.0.1:1", "http://[::1]:4711/a/b", "http://127.0.0.1/cb"]
        {
            assert!(Loopback::parse(good).is_ok(), "{good}");
        }
        let evil = [
            "https://127.0.0.1:4711/cb",
            "http://localhost:4711/cb",
            "http://127.0.0.1.evil.example/cb",
            "http://127.0.0.1@evil.example/",
            "http://127.0.0.1:4711@evil.example/",
            "http://evil.example/",
            "http://localhost.evil.example/",
            "http://127.0.0.2:1/",
            "http://127.1:4711/",
            "http://2130706433/",
            "http://0x7f.0.0.1/",
            "http://0177.0.0.1/",
            "http://0.0.0.0/",
            "http://[::]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[0:0:0:0:0:0:0:1]/",
            "HTTP://127.0.0.1/",
            "http://127.0.0.1\\@evil.example/",
            "http://127.0.0.1:4711/?code=mine",
            "http://127.0.0.1:4711/#code=mine",
            "http://user@127.0.0.1:4711/",
            "http:127.0.0.1",
            "//127.0.0.1/",
            "http://127.0.0.1:99999/",
            "http://127.0.0.1:4711/\t/x",
            "javascript:alert(1)",
            "com.example.app:/callback",
            "",
            "http://①27.0.0.1/",
            "http://127.0.0.1。evil.example/",
            "http://127.0.0.1%2eevil.example/",
            "http://127.0.0.1?@evil.example/",
            "http://127.0.0.1#@evil.example/",
        ];
        for text in evil {
            assert!(Loopback::parse(text).is_err(), "{text}");
        }
    }

    /// The example of RFC 7636, appendix B.
    #[test]
    fn a_verifier_makes_its_challenge() {
        let challenge = Challenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap();
        assert_eq!(Challenge::of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap(), challenge);
        assert_eq!(Challenge::parse(&challenge.to_text()).unwrap(), challenge);
        for short in ["", "abc", &"a".repeat(42), &"a".repeat(129), &"ä".repeat(43)] {
            assert!(Challenge::of(short).is_err(), "{short}");
        }
        for text in ["", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"] {
            assert!(Challenge::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_method_is_s256_and_the_state_comes_back_as_it_was() {
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let parse =
            |method: &str, state: &str| NativeApp::parse("http://127.0.0.1:1/cb", challenge, method, Some(state));
        assert!(parse("plain", "x").is_err() && parse("", "x").is_err() && parse("S256", "a\nb").is_err());
        let app = parse("S256", "a&code=b").unwrap();
        assert_eq!(app.answer(&[("code", "c")]), "http://127.0.0.1:1/cb?code=c&state=a%26code%3Db");
    }
}
