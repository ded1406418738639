//! Signatures of webhooks by the [Standard Webhooks](https://www.standardwebhooks.com) specification, version `v1`:
//! HMAC-SHA256 over `id.timestamp.body`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::CryptoError;
use super::primitive;
use crate::base::entropy::{self, Entropy};
use crate::base::secret::Secret;

const PREFIX: &str = "whsec_";

/// What a receiver and Milton share: 32 random bytes (the specification takes 24 to 64).
#[derive(Debug)]
pub struct SigningSecret(Secret<[u8; 32]>);

impl SigningSecret {
    /// A new one.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(Secret::new(entropy::bytes(entropy)))
    }

    /// `whsec_` and the bytes in base64, as the specification writes it.
    pub fn to_text(&self) -> Secret<String> {
        Secret::new(format!("{PREFIX}{}", STANDARD.encode(self.0.expose())))
    }

    /// Reads what [`SigningSecret::to_text`] wrote.
    ///
    /// # Errors
    /// `Malformed`.
    pub fn parse(text: &str) -> Result<Self, CryptoError> {
        let bytes = text.strip_prefix(PREFIX).and_then(|text| STANDARD.decode(text).ok());
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes.map(|bytes| Self(Secret::new(bytes))).ok_or(CryptoError::Malformed)
    }

    /// The signature of one attempt, as it stands in the header: `v1,` and the code in base64. `id` has no dot in it, so
    /// that the seams are unambiguous; `timestamp` in seconds.
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let timestamp = timestamp.to_string();
        let parts = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
        format!("v1,{}", STANDARD.encode(primitive::mac(&primitive::keyed(self.0.expose()), &parts)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::entropy::SeededEntropy;

    /// The example that the specification's own libraries are tested with. Its secret has 24 bytes; HMAC fills keys with
    /// zeros (RFC 2104), so it may be filled here as well.
    #[test]
    fn the_published_example() {
        let mut key = [0; 32];
        key[..24].copy_from_slice(&STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap());
        let signature = SigningSecret(Secret::new(key)).sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let secret = SigningSecret::generate(&SeededEntropy::new(1));
        let text = secret.to_text();
        assert_eq!(text.expose().len(), PREFIX.len() + 44);
        let again = SigningSecret::parse(text.expose()).unwrap();
        assert_eq!(again.sign("a", 1, b"b"), secret.sign("a", 1, b"b"));
        for bad in ["", "whsec_", "whsec_AAAA", &text.expose()[PREFIX.len()..], &text.expose().to_uppercase()] {
            assert!(SigningSecret::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn each_part_counts() {
        let sign = |seed, id, at, body| SigningSecret::generate(&SeededEntropy::new(seed)).sign(id, at, body);
        let first = sign(1, "id", 1, b"body");
        for other in
            [sign(2, "id", 1, b"body"), sign(1, "ie", 1, b"body"), sign(1, "id", 2, b"body"), sign(1, "id", 1, b"bodz")]
        {
            assert_ne!(first, other);
        }
    }
}
