//! The root key: 32 random bytes outside the database, from which every other key is derived.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::base::entropy::{self, Entropy};
use crate::base::secret::Secret;
use crate::crypto::CryptoError;

/// Characters of a root key as text: 32 bytes in unpadded base64url (RFC 4648 section 5).
const TEXT_LENGTH: usize = 43;

/// The instance's root key. Wiped when dropped; never shown.
#[derive(Debug)]
pub struct RootKey(Secret<[u8; 32]>);

impl RootKey {
    /// Reads 43 characters of unpadded base64url; ASCII whitespace around them is dropped.
    ///
    /// # Errors
    /// `RootKeyTooShort`, `RootKeyTooLong`, `RootKeyNotBase64`.
    pub fn parse(text: &str) -> Result<Self, CryptoError> {
        let text = text.trim_ascii();
        match text.len() {
            0..TEXT_LENGTH => return Err(CryptoError::RootKeyTooShort),
            TEXT_LENGTH => {}
            _ => return Err(CryptoError::RootKeyTooLong),
        }
        let mut key = Zeroizing::new([0; 32]);
        match URL_SAFE_NO_PAD.decode_slice(text, &mut *key) {
            Ok(32) => Ok(Self(Secret::new(*key))),
            _ => Err(CryptoError::RootKeyNotBase64),
        }
    }

    /// A new root key.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(Secret::new(entropy::bytes(entropy)))
    }

    /// The key as the text that [`RootKey::parse`] reads.
    pub fn encode(&self) -> Secret<String> {
        Secret::new(URL_SAFE_NO_PAD.encode(self.bytes()))
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::entropy::SeededEntropy;

    const TEXT: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    fn refusal(text: &str) -> CryptoError {
        RootKey::parse(text).unwrap_err()
    }

    #[test]
    fn a_key_comes_back_and_whitespace_around_it_is_dropped() {
        let key = RootKey::generate(&SeededEntropy::new(1));
        assert_eq!(RootKey::parse(key.encode().expose()).unwrap().bytes(), key.bytes());
        let parsed = RootKey::parse(&format!("\t {TEXT}\r\n")).unwrap();
        assert_eq!(parsed.bytes()[..], (0..32).collect::<Vec<u8>>());
        assert_eq!(parsed.encode().expose(), TEXT);
    }

    #[test]
    fn anything_but_32_bytes_of_base64url_is_refused_with_its_reason() {
        assert_eq!(refusal(""), CryptoError::RootKeyTooShort);
        assert_eq!(refusal(&TEXT[1..]), CryptoError::RootKeyTooShort);
        assert_eq!(refusal(&format!("{TEXT}=")), CryptoError::RootKeyTooLong);
        assert_eq!(refusal(&TEXT.replace('A', "+")), CryptoError::RootKeyNotBase64);
        assert_eq!(refusal(&TEXT.replacen('E', " ", 1)), CryptoError::RootKeyNotBase64);
        assert_eq!(refusal(&TEXT.replace("h8", "h9")), CryptoError::RootKeyNotBase64, "bits beyond the 32nd byte");
        assert_eq!(refusal(&"é".repeat(21)), CryptoError::RootKeyTooShort);
    }

    #[test]
    fn debug_shows_no_key() {
        assert_eq!(format!("{:?}", RootKey::parse(TEXT).unwrap()), "RootKey([secret])");
    }
}
