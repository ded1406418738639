//! HMAC, HKDF and AES-GCM in the one way Milton uses them, so that no caller handles lengths or nonces twice.

use aes_gcm::{AeadInOut, Aes256Gcm, KeyInit};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::CryptoError;
use crate::base::secret::Secret;

/// A keyed HMAC-SHA256 state (RFC 2104), cloned for each use: 0.2 µs instead of 0.4 for a short text.
pub(super) type MacState = Hmac<Sha256>;

/// Bytes of an AES-GCM nonce.
pub(super) const NONCE: usize = 12;
/// Bytes of an AES-GCM tag.
pub(super) const TAG: usize = 16;

/// The HMAC state of a 32-byte key.
pub(super) fn keyed(key: &[u8; 32]) -> MacState {
    // RFC 2104 fills a short key with zeros to the block's 64 bytes; doing so here leaves no error to handle.
    let mut block = Zeroizing::new([0; 64]);
    block[..32].copy_from_slice(key);
    MacState::new((&*block).into())
}

/// The HMAC over the parts as if they were one text; the caller sees to it that the seams are unambiguous.
pub(super) fn mac(state: &MacState, parts: &[&[u8]]) -> [u8; 32] {
    let mut state = state.clone();
    for part in parts {
        state.update(part);
    }
    state.finalize().into_bytes().into()
}

/// HKDF-SHA256 (RFC 5869) after the extract step: gives one 32-byte key per info.
pub(super) struct Kdf(Hkdf<Sha256>);

impl Kdf {
    pub(super) fn extract(salt: &[u8], key: &[u8]) -> Self {
        Self(Hkdf::new(Some(salt), key))
    }

    #[allow(clippy::expect_used)] // RFC 5869 refuses more than 255 blocks; this is one
    pub(super) fn expand(&self, info: &[&[u8]]) -> Secret<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        self.0.expand_multi_info(info, &mut *key).expect("one block is within HKDF's limit");
        Secret::new(*key)
    }
}

/// Encrypts in place with AES-256-GCM (NIST SP 800-38D) and gives the tag.
#[allow(clippy::expect_used)] // the crate refuses texts above 64 GiB; no buffer here can be that long
pub(super) fn encrypt(key: &[u8; 32], nonce: &[u8; NONCE], aad: &[u8], text: &mut [u8]) -> [u8; TAG] {
    let tag = Aes256Gcm::new(key.into()).encrypt_inout_detached(nonce.into(), aad, text.into());
    tag.expect("a text in memory is within GCM's limit").into()
}

/// Decrypts in place; the text is left as it was when the tag does not match.
pub(super) fn decrypt(
    key: &[u8; 32],
    nonce: &[u8; NONCE],
    aad: &[u8],
    text: &mut [u8],
    tag: &[u8; TAG],
) -> Result<(), CryptoError> {
    let cipher = Aes256Gcm::new(key.into());
    cipher.decrypt_inout_detached(nonce.into(), aad, text.into(), tag.into()).map_err(|_| CryptoError::DoesNotOpen)
}

/// Appends a part with its length (8 bytes, big endian), so that two lists of parts never look the same.
pub(super) fn push_prefixed(out: &mut Vec<u8>, part: &[u8]) {
    out.extend_from_slice(&(part.len() as u64).to_be_bytes());
    out.extend_from_slice(part);
}

#[cfg(test)]
pub(super) fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hkdf_answers_rfc_5869_case_1() {
        let kdf = Kdf::extract(&hex("000102030405060708090a0b0c"), &[0x0b; 22]);
        let okm = kdf.expand(&[&hex("f0f1f2f3f4"), &hex("f5f6f7f8f9")]);
        assert_eq!(okm.expose()[..], hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"));
    }

    #[test]
    fn hmac_answers_rfc_4231_cases_1_and_2() {
        // Both keys are shorter than 32 bytes; HMAC fills keys with zeros, so they may be filled here as well.
        let with = |key: &[u8], parts: &[&[u8]]| {
            let mut block = [0; 32];
            block[..key.len()].copy_from_slice(key);
            mac(&keyed(&block), parts)
        };
        assert_eq!(
            with(&[0x0b; 20], &[b"Hi There"])[..],
            hex("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
        );
        assert_eq!(
            with(b"Jefe", &[b"what do ya want ", b"for nothing?"])[..],
            hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        );
    }

    /// Test case 16 of the GCM specification submitted to NIST (by `McGrew` and Viega).
    #[test]
    fn aes_256_gcm_answers_case_16() {
        let key: [u8; 32] = hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308").try_into().unwrap();
        let nonce = hex("cafebabefacedbaddecaf888").try_into().unwrap();
        let aad = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let plain = hex(concat!(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72",
            "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
        ));
        let mut text = plain.clone();
        let tag = encrypt(&key, &nonce, &aad, &mut text);
        assert_eq!(tag[..], hex("76fc6ece0f4e1768cddf8853bb2d551b"));
        assert_eq!(
            text,
            hex(concat!(
                "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa",
                "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
            ))
        );
        assert_eq!(decrypt(&key, &nonce, b"other", &mut text.clone(), &tag), Err(CryptoError::DoesNotOpen));
        decrypt(&key, &nonce, &aad, &mut text, &tag).unwrap();
        assert_eq!(text, plain);
    }

    #[test]
    fn prefixed_parts_keep_their_seams() {
        let join = |parts: &[&[u8]]| {
            let mut out = Vec::new();
            for part in parts {
                push_prefixed(&mut out, part);
            }
            out
        };
        assert_ne!(join(&[b"ab", b"c"]), join(&[b"a", b"bc"]));
        assert_eq!(join(&[b"a"]), b"\0\0\0\0\0\0\0\x01a");
    }
}
