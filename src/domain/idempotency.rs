//! Requests that a client may send again without doing their work twice (`Idempotency-Key`, after
//! draft-ietf-httpapi-idempotency-key-header).

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::Error;

/// How long an answer is kept for whoever asks again.
pub const KEPT: Duration = Duration::from_hours(24);

/// The longest key, in characters.
const LONGEST: usize = 255;

/// A request's own name, given by its client, and what it asked for: of both the database has the SHA-256 alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Of the key.
    pub key: [u8; 32],
    /// Of method, path and body.
    pub request: [u8; 32],
}

impl Mark {
    /// Reads a key: 1 to 255 visible ASCII characters, with or without the quotes of a structured string (RFC 8941).
    /// `Invalid` for any other.
    pub fn parse(key: &str, method: &str, path: &str, body: &[u8]) -> Result<Self, Error> {
        let bare = key.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap_or(key);
        if !(1..=LONGEST).contains(&bare.len()) || !bare.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::invalid("Idempotency-Key", "must be 1 to 255 visible ASCII characters"));
        }
        let parts = [method.as_bytes(), b" ", path.as_bytes(), b"\n", body];
        let request = parts.iter().fold(Sha256::new(), Digest::chain_update);
        Ok(Self { key: Sha256::digest(bare).into(), request: request.finalize().into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_same_with_quotes_and_a_request_is_method_path_and_body() {
        let mark = |key, method, path, body: &[u8]| Mark::parse(key, method, path, body).unwrap();
        let one = mark("k-1", "POST", "/a", b"{}");
        assert_eq!(mark("\"k-1\"", "POST", "/a", b"{}"), one);
        assert_ne!(mark("k-2", "POST", "/a", b"{}").key, one.key);
        for other in [mark("k-1", "PUT", "/a", b"{}"), mark("k-1", "POST", "/b", b"{}"), mark("k-1", "POST", "/a", b"")]
        {
            assert_eq!(other.key, one.key);
            assert_ne!(other.request, one.request);
        }
    }

    #[test]
    fn what_is_no_key_is_told_so() {
        for bad in ["", "\"\"", "a b", "schlüssel", &"x".repeat(256), "tab\t"] {
            assert!(matches!(Mark::parse(bad, "POST", "/", b""), Err(Error::Invalid(_))), "{bad}");
        }
        assert!(Mark::parse(&"x".repeat(255), "POST", "/", b"").is_ok());
    }
}
