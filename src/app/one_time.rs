//! Random values of 256 bits that somebody else keeps, and of which the database has the SHA-256 alone: nothing slower is
//! needed where there is nothing to guess.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::base::entropy::{self, Entropy};
use crate::base::secret::Secret;

/// What is kept of such a value.
pub(super) fn sha256(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// A new one, in base64url: a form that fits a cookie and an address.
pub(super) fn random_text(entropy: &dyn Entropy) -> Secret<String> {
    let bytes = Secret::new(entropy::bytes::<32>(entropy));
    Secret::new(URL_SAFE_NO_PAD.encode(bytes.expose()))
}
