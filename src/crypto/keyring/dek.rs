//! Data keys: one per user and per team, stored wrapped; destroying one makes everything sealed under it unreadable.

use std::str::FromStr;
use std::sync::Arc;

use uuid::Uuid;

use crate::base::entropy::{self, Entropy};
use crate::base::secret::Secret;
use crate::crypto::CryptoError;
use crate::crypto::primitive::{self, Kdf, NONCE, TAG};

/// The wrapping format: version, KEK number (4 bytes, big endian), nonce, encrypted key, tag.
const VERSION: u8 = 1;
const HEADER: usize = 1 + 4;
const WRAPPED: usize = HEADER + NONCE + 32 + TAG;

/// What kind of thing owns a data key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OwnerKind {
    /// The instance itself: what belongs to no user and no team.
    Instance,
    /// A user.
    User,
    /// A team.
    Team,
}

impl OwnerKind {
    /// As stored, and as bound into the wrapped key.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Instance => "instance",
            Self::User => "user",
            Self::Team => "team",
        }
    }
}

impl FromStr for OwnerKind {
    type Err = CryptoError;
    fn from_str(text: &str) -> Result<Self, CryptoError> {
        [Self::Instance, Self::User, Self::Team]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(CryptoError::Malformed)
    }
}

/// Whose data a key seals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Owner {
    /// What it is.
    pub kind: OwnerKind,
    /// Its id.
    pub id: Uuid,
}

/// A data key's name: 8 bytes derived from the key, so that no counter has to be kept. Not secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId([u8; KeyId::LENGTH]);

impl KeyId {
    /// Bytes of a key id.
    pub const LENGTH: usize = 8;

    /// The id that stands in a header.
    pub const fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// As it stands in a header.
    pub const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }
}

impl std::fmt::Debug for KeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyId({:016x})", u64::from_be_bytes(self.0))
    }
}

/// A data encryption key. Cheap to clone; wiped when the last clone is dropped.
#[derive(Clone)]
pub struct Dek {
    id: KeyId,
    key: Arc<Secret<[u8; 32]>>,
}

impl Dek {
    pub(super) fn generate(entropy: &dyn Entropy) -> Self {
        Self::from_key(Secret::new(entropy::bytes(entropy)))
    }

    fn from_key(key: Secret<[u8; 32]>) -> Self {
        let derived = Kdf::extract(b"", key.expose()).expand(&[b"milton/v1/dek-id"]);
        let mut id = [0; KeyId::LENGTH];
        id.copy_from_slice(&derived.expose()[..KeyId::LENGTH]);
        Self { id: KeyId(id), key: Arc::new(key) }
    }

    /// Which key this is, as the header of each value sealed under it says.
    pub const fn id(&self) -> KeyId {
        self.id
    }

    pub(in crate::crypto) fn bytes(&self) -> &[u8; 32] {
        self.key.expose()
    }
}

impl std::fmt::Debug for Dek {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dek").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Wraps with AES-256-GCM under KEK number `number`. Random nonces are safe for 2^32 wraps under one KEK (NIST SP
/// 800-38D section 8.3): one per user and team, and one each per rotation, stays far below.
pub(super) fn wrap(dek: &Dek, owner: Owner, number: u32, kek: &Secret<[u8; 32]>, entropy: &dyn Entropy) -> Vec<u8> {
    let header = header(number);
    let nonce = entropy::bytes(entropy);
    let mut text = zeroize::Zeroizing::new(*dek.bytes());
    let tag = primitive::encrypt(kek.expose(), &nonce, &aad(header, owner), &mut *text);
    [&header[..], &nonce, &text[..], &tag].concat()
}

pub(super) fn unwrap(wrapped: &[u8], owner: Owner, number: u32, kek: &Secret<[u8; 32]>) -> Result<Dek, CryptoError> {
    let (header, nonce, mut text, tag) = split(wrapped).ok_or(CryptoError::Malformed)?;
    if header[0] != VERSION {
        return Err(CryptoError::Malformed);
    }
    if header != self::header(number) {
        return Err(CryptoError::WrongKey);
    }
    primitive::decrypt(kek.expose(), &nonce, &aad(header, owner), &mut *text, &tag)?;
    Ok(Dek::from_key(Secret::new(*text)))
}

fn header(number: u32) -> [u8; HEADER] {
    let [a, b, c, d] = number.to_be_bytes();
    [VERSION, a, b, c, d]
}

type Parts = ([u8; HEADER], [u8; NONCE], zeroize::Zeroizing<[u8; 32]>, [u8; TAG]);

fn split(wrapped: &[u8]) -> Option<Parts> {
    let wrapped: &[u8; WRAPPED] = wrapped.try_into().ok()?;
    let (header, rest) = wrapped.split_first_chunk()?;
    let (nonce, rest) = rest.split_first_chunk()?;
    let (text, tag) = rest.split_first_chunk()?;
    Some((*header, *nonce, zeroize::Zeroizing::new(*text), tag.try_into().ok()?))
}

fn aad(header: [u8; HEADER], owner: Owner) -> Vec<u8> {
    let mut aad = Vec::with_capacity(96);
    for part in [&header[..], b"data_keys", owner.kind.as_str().as_bytes(), owner.id.as_bytes()] {
        primitive::push_prefixed(&mut aad, part);
    }
    aad
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::entropy::SeededEntropy;

    const OWNER: Owner = Owner { kind: OwnerKind::User, id: Uuid::from_u128(7) };

    fn kek(fill: u8) -> Secret<[u8; 32]> {
        Secret::new([fill; 32])
    }

    fn wrapped() -> (Dek, Vec<u8>) {
        let entropy = SeededEntropy::new(1);
        let dek = Dek::generate(&entropy);
        let wrapped = wrap(&dek, OWNER, 1, &kek(1), &entropy);
        (dek, wrapped)
    }

    #[test]
    fn a_wrapped_key_comes_back_with_its_id() {
        let (dek, wrapped) = wrapped();
        assert_eq!(wrapped.len(), 65);
        let back = unwrap(&wrapped, OWNER, 1, &kek(1)).unwrap();
        assert_eq!(back.bytes(), dek.bytes());
        assert_eq!(back.id(), dek.id());
    }

    #[test]
    fn another_owner_or_kek_does_not_unwrap() {
        let (_, wrapped) = wrapped();
        let fails = |owner, number, fill| unwrap(&wrapped, owner, number, &kek(fill)).unwrap_err();
        assert_eq!(fails(Owner { kind: OwnerKind::Team, ..OWNER }, 1, 1), CryptoError::DoesNotOpen);
        assert_eq!(fails(Owner { id: Uuid::from_u128(8), ..OWNER }, 1, 1), CryptoError::DoesNotOpen);
        assert_eq!(fails(OWNER, 1, 2), CryptoError::DoesNotOpen);
        assert_eq!(fails(OWNER, 2, 1), CryptoError::WrongKey);
    }

    /// Computed apart from this code, with Python's hmac and cryptography modules.
    #[test]
    fn the_format_is_frozen() {
        let expected = concat!(
            "01000000018c7654ecfd7b0b623b803e2f4fa1df2edde2e75edebd71fe0a2f3b12a45c02398b18786cd44aca90377a74",
            "6bf8257998a4bda49f297e2928170ce084"
        );
        assert_eq!(wrapped().1, primitive::hex(expected));
    }

    #[test]
    fn another_version_is_malformed() {
        let (_, mut wrapped) = wrapped();
        wrapped[0] = 2;
        assert_eq!(unwrap(&wrapped, OWNER, 1, &kek(1)).unwrap_err(), CryptoError::Malformed);
    }

    #[test]
    fn the_kek_number_cannot_be_relabelled() {
        let (_, mut wrapped) = wrapped();
        wrapped[4] = 2;
        assert_eq!(unwrap(&wrapped, OWNER, 2, &kek(1)).unwrap_err(), CryptoError::DoesNotOpen);
    }

    #[test]
    fn wrapping_twice_never_looks_the_same() {
        let entropy = SeededEntropy::new(1);
        let dek = Dek::generate(&entropy);
        assert_ne!(wrap(&dek, OWNER, 1, &kek(1), &entropy), wrap(&dek, OWNER, 1, &kek(1), &entropy));
    }

    #[test]
    fn owner_kinds_come_back_and_debug_shows_no_key() {
        for kind in [OwnerKind::Instance, OwnerKind::User, OwnerKind::Team] {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        assert_eq!("Team".parse::<OwnerKind>(), Err(CryptoError::Malformed));
        let dek = wrapped().0;
        assert_eq!(format!("{dek:?}"), format!("Dek {{ id: {:?}, .. }}", dek.id()));
    }

    proptest! {
        #[test]
        fn no_flipped_bit_and_no_other_length_unwraps(bit in 0..WRAPPED * 8, length in 0..WRAPPED * 2) {
            let (_, mut wrapped) = wrapped();
            let mut cut = wrapped.clone();
            cut.resize(length, 0);
            prop_assert_eq!(unwrap(&cut, OWNER, 1, &kek(1)).is_ok(), length == WRAPPED);
            wrapped[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(unwrap(&wrapped, OWNER, 1, &kek(1)).is_err());
        }
    }
}
