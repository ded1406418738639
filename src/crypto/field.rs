//! Sealed values: one column of one row, encrypted so that it opens in its own place and nowhere else.

use subtle::ConstantTimeEq;
use uuid::Uuid;
use zeroize::Zeroize;

use super::CryptoError;
use super::keyring::{Dek, KeyId};
use super::primitive::{self, Kdf, NONCE, TAG};
use crate::base::entropy::{self, Entropy};
use crate::base::secret::Secret;

/// Magic, format version, and suite 1: HKDF-SHA256 with AES-256-GCM.
const PREFIX: [u8; 5] = *b"MLT\x01\x01";
const SALT: usize = 16;
const COMMITMENT: usize = 32;
const HEADER: usize = PREFIX.len() + KeyId::LENGTH + SALT + NONCE + COMMITMENT;

/// Bytes a sealed value is longer than its plaintext.
pub const OVERHEAD: usize = HEADER + TAG;

/// Where a value belongs. Bound into the encryption: moved to another place it does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The table's name.
    pub table: &'static str,
    /// The column's name.
    pub column: &'static str,
    /// The row's id.
    pub row: Uuid,
    /// The id of the user, team or instance whose data key seals it.
    pub owner: Uuid,
}

impl Place {
    /// Appends the additional data: each part with its length, so that `ab`+`c` is not `a`+`bc`.
    fn push_aad(&self, out: &mut Vec<u8>, header: &[u8]) {
        let names = [self.table.as_bytes(), self.column.as_bytes()];
        for part in [header, names[0], names[1], self.row.as_bytes(), self.owner.as_bytes()] {
            primitive::push_prefixed(out, part);
        }
    }

    const fn aad_length(&self) -> usize {
        5 * 8 + HEADER + self.table.len() + self.column.len() + 2 * 16
    }
}

/// A sealed value as it is stored: the only form of sealed data that the store accepts.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

impl Sealed {
    /// Takes what a sealed column holds; whether it opens is seen by [`open`].
    pub const fn from_stored(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes to store, without a copy.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Which data key sealed it, as its header says: what a rotation has left to do.
    ///
    /// # Errors
    /// `Malformed`.
    pub fn key_id(&self) -> Result<KeyId, CryptoError> {
        Parts::read(&self.0).map(|parts| parts.key_id).ok_or(CryptoError::Malformed)
    }
}

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

/// The keys of one value, from the data key and the value's salt (HKDF, RFC 5869).
///
/// A key per value, because random 96-bit nonces under one key run out after 2^32 values (NIST SP 800-38D section
/// 8.3); a commitment, because AES-GCM alone lets one ciphertext open under two keys (key commitment in RFC 9771).
struct ValueKeys {
    key: Secret<[u8; 32]>,
    commitment: Secret<[u8; COMMITMENT]>,
}

impl ValueKeys {
    fn derive(dek: &Dek, salt: &[u8; SALT]) -> Self {
        let kdf = Kdf::extract(salt, dek.bytes());
        Self { key: kdf.expand(&[b"milton/v1/field/key"]), commitment: kdf.expand(&[b"milton/v1/field/commitment"]) }
    }
}

/// Seals a value: magic, version, suite, key id, salt, nonce, commitment, ciphertext, tag.
pub fn seal(dek: &Dek, place: Place, plaintext: &[u8], entropy: &dyn Entropy) -> Sealed {
    // One call for both: the operating system takes 0.45 µs each time.
    let random = entropy::bytes::<{ SALT + NONCE }>(entropy);
    let (mut salt, mut nonce) = ([0; SALT], [0; NONCE]);
    salt.copy_from_slice(&random[..SALT]);
    nonce.copy_from_slice(&random[SALT..]);
    let keys = ValueKeys::derive(dek, &salt);

    // The additional data stand behind the text for a moment, so that one allocation does for everything.
    let mut out = Vec::with_capacity(HEADER + plaintext.len() + place.aad_length());
    for part in [&PREFIX[..], dek.id().as_bytes(), &random, keys.commitment.expose(), plaintext] {
        out.extend_from_slice(part);
    }
    let end = out.len();
    let mut header = [0; HEADER];
    header.copy_from_slice(&out[..HEADER]);
    place.push_aad(&mut out, &header);
    let (value, aad) = out.split_at_mut(end);
    let tag = primitive::encrypt(keys.key.expose(), &nonce, aad, &mut value[HEADER..]);
    out.truncate(end);
    out.extend_from_slice(&tag);
    Sealed(out)
}

/// Opens a value in its place.
///
/// # Errors
/// `Malformed`, `WrongKey` (another data key's id), `NotCommitted`, `DoesNotOpen` (altered or moved). Each means
/// that data is damaged or attacked: raise an alert, and never go on with an empty value.
pub fn open(dek: &Dek, place: Place, sealed: &[u8]) -> Result<Secret<Vec<u8>>, CryptoError> {
    open_bytes(dek, place, sealed).map(Secret::new)
}

/// Opens a value that is UTF-8 text.
///
/// # Errors
/// As [`open`], and `NotText`.
pub fn open_text(dek: &Dek, place: Place, sealed: &[u8]) -> Result<String, CryptoError> {
    String::from_utf8(open_bytes(dek, place, sealed)?).map_err(|error| {
        error.into_bytes().zeroize();
        CryptoError::NotText
    })
}

fn open_bytes(dek: &Dek, place: Place, sealed: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let parts = Parts::read(sealed).ok_or(CryptoError::Malformed)?;
    if parts.key_id != dek.id() {
        return Err(CryptoError::WrongKey);
    }
    let keys = ValueKeys::derive(dek, parts.salt);
    if !bool::from(keys.commitment.expose().ct_eq(parts.commitment)) {
        return Err(CryptoError::NotCommitted);
    }
    let end = parts.text.len();
    let mut out = Vec::with_capacity(end + place.aad_length());
    out.extend_from_slice(parts.text);
    place.push_aad(&mut out, &sealed[..HEADER]);
    let (text, aad) = out.split_at_mut(end);
    primitive::decrypt(keys.key.expose(), parts.nonce, aad, text, parts.tag)?;
    out.truncate(end);
    Ok(out)
}

/// A sealed value, taken apart.
struct Parts<'a> {
    key_id: KeyId,
    salt: &'a [u8; SALT],
    nonce: &'a [u8; NONCE],
    commitment: &'a [u8; COMMITMENT],
    text: &'a [u8],
    tag: &'a [u8; TAG],
}

impl<'a> Parts<'a> {
    fn read(sealed: &'a [u8]) -> Option<Self> {
        let rest = sealed.strip_prefix(&PREFIX)?;
        let (key_id, rest) = rest.split_first_chunk()?;
        let (salt, rest) = rest.split_first_chunk()?;
        let (nonce, rest) = rest.split_first_chunk()?;
        let (commitment, rest) = rest.split_first_chunk()?;
        let (text, tag) = rest.split_last_chunk()?;
        Some(Self { key_id: KeyId::from_bytes(*key_id), salt, nonce, commitment, text, tag })
    }
}

#[cfg(test)]
#[path = "field_tests.rs"]
mod tests;
