//! Sealed values under attack: moved, altered, cut, relabelled.

use proptest::prelude::*;

use super::*;
use crate::base::entropy::SeededEntropy;
use crate::crypto::keyring::{Keyring, RootKey};
use crate::crypto::primitive::hex;

const HOME: Place = Place { table: "delegations", column: "title", row: Uuid::from_u128(1), owner: Uuid::from_u128(2) };

fn dek(seed: u64) -> Dek {
    let entropy = SeededEntropy::new(seed);
    Keyring::open(&RootKey::generate(&entropy), Uuid::nil(), &entropy).generate_dek(&entropy)
}

fn sealed(plaintext: &[u8]) -> Vec<u8> {
    seal(&dek(1), HOME, plaintext, &SeededEntropy::new(9)).into_bytes()
}

fn refusal(place: Place, sealed: &[u8]) -> CryptoError {
    open(&dek(1), place, sealed).unwrap_err()
}

#[test]
fn a_value_opens_in_its_place() {
    let value = sealed("Ölwechsel".as_bytes());
    assert_eq!(value.len(), "Ölwechsel".len() + OVERHEAD);
    assert_eq!(open_text(&dek(1), HOME, &value).unwrap(), "Ölwechsel");
    assert_eq!(open(&dek(1), HOME, &sealed(b"")).unwrap().expose(), b"");
    assert_eq!(open_text(&dek(1), HOME, &sealed(b"\xff")), Err(CryptoError::NotText));
    assert_eq!(Sealed::from_stored(value).key_id(), Ok(dek(1).id()));
}

#[test]
fn a_value_opens_nowhere_else() {
    let value = sealed(b"text");
    let elsewhere = [
        Place { table: "messages", ..HOME },
        Place { column: "body", ..HOME },
        Place { row: Uuid::from_u128(3), ..HOME },
        Place { owner: Uuid::from_u128(3), ..HOME },
        Place { row: HOME.owner, owner: HOME.row, ..HOME },
        Place { table: "delegationst", column: "itle", ..HOME },
    ];
    for place in elsewhere {
        assert_eq!(refusal(place, &value), CryptoError::DoesNotOpen, "{place:?}");
    }
    assert_eq!(open(&dek(2), HOME, &value).unwrap_err(), CryptoError::WrongKey);
}

#[test]
fn a_relabelled_value_meets_the_commitment_first() {
    let mut value = sealed(b"text");
    value[PREFIX.len()..][..KeyId::LENGTH].copy_from_slice(dek(2).id().as_bytes());
    assert_eq!(open(&dek(2), HOME, &value).unwrap_err(), CryptoError::NotCommitted);
}

#[test]
fn each_part_of_the_header_has_its_own_guard() {
    let starts = [
        (0, CryptoError::Malformed),            // magic
        (3, CryptoError::Malformed),            // version
        (4, CryptoError::Malformed),            // suite
        (5, CryptoError::WrongKey),             // key id
        (13, CryptoError::NotCommitted),        // salt
        (29, CryptoError::DoesNotOpen),         // nonce
        (41, CryptoError::NotCommitted),        // commitment
        (HEADER, CryptoError::DoesNotOpen),     // ciphertext
        (HEADER + 4, CryptoError::DoesNotOpen), // tag
    ];
    for (at, error) in starts {
        let mut value = sealed(b"text");
        value[at] ^= 1;
        assert_eq!(refusal(HOME, &value), error, "byte {at}");
    }
}

/// The header is bound as additional data too, so that a later format cannot be passed off as this one: the same key
/// and text with a header that was not there when it was sealed does not open.
#[test]
fn the_header_is_part_of_the_additional_data() {
    let value = sealed(b"text");
    let parts = Parts::read(&value).unwrap();
    let keys = ValueKeys::derive(&dek(1), parts.salt);
    let mut header = value[..HEADER].to_vec();
    header[4] ^= 2;
    let mut aad = Vec::new();
    HOME.push_aad(&mut aad, &header);
    let mut text = parts.text.to_vec();
    let opened = primitive::decrypt(keys.key.expose(), parts.nonce, &aad, &mut text, parts.tag);
    assert_eq!(opened, Err(CryptoError::DoesNotOpen));
}

#[test]
fn two_seals_of_one_text_share_no_salt_nonce_or_commitment() {
    let entropy = SeededEntropy::new(1);
    let [a, b] = [(); 2].map(|()| seal(&dek(1), HOME, b"text", &entropy).into_bytes());
    let (a, b) = (Parts::read(&a).unwrap(), Parts::read(&b).unwrap());
    assert!(a.salt != b.salt && a.nonce != b.nonce && a.commitment != b.commitment && a.text != b.text);
}

/// Computed apart from this code, with Python's hmac and cryptography modules: the format is frozen.
#[test]
fn the_format_is_frozen() {
    assert_eq!(
        sealed(b"text"),
        hex(concat!(
            "4d4c540101cd655df6bc321a717b9999cfff29df5798f8843dcbd07472af92db2f47ed92765a0b6b86c75c3d267706de",
            "eec54ccb7d1b63e414d88402e3c97eed2649f3dc03c566c0b5258ce66341f6a2eb484c4aac688af9785a1ad606"
        ))
    );
}

#[test]
fn debug_shows_the_length_alone() {
    assert_eq!(format!("{:?}", Sealed::from_stored(sealed(b"text"))), "Sealed(93 bytes)");
}

#[test]
fn the_room_reserved_is_the_room_used() {
    let mut aad = Vec::new();
    HOME.push_aad(&mut aad, &[0; HEADER]);
    assert_eq!(aad.len(), HOME.aad_length());
}

proptest! {
    #[test]
    fn any_text_comes_back(text: Vec<u8>, seed: u64) {
        let value = seal(&dek(1), HOME, &text, &SeededEntropy::new(seed));
        let opened = open(&dek(1), HOME, value.as_bytes()).unwrap();
        prop_assert_eq!(opened.expose(), &text);
    }

    #[test]
    fn no_flipped_bit_opens(bit in 0..(OVERHEAD + 24) * 8) {
        let mut value = sealed(b"twenty-four bytes of it.");
        value[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(open(&dek(1), HOME, &value).is_err());
    }

    #[test]
    fn no_other_length_opens(length in 0..OVERHEAD * 2) {
        let mut value = sealed(b"text");
        let whole = value.len();
        value.resize(length, 0);
        prop_assert_eq!(open(&dek(1), HOME, &value).is_ok(), length == whole);
    }

    #[test]
    fn noise_never_opens_and_never_panics(noise: Vec<u8>) {
        prop_assert!(open(&dek(1), HOME, &noise).is_err());
        prop_assert!(open(&dek(1), HOME, &[&PREFIX[..], &noise].concat()).is_err());
    }
}
