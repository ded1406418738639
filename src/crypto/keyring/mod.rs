//! The keys of one instance: root → KEK → DEK, blind-index keys and token keys, each from its own HKDF label.

mod dek;
mod root;

use subtle::ConstantTimeEq;
use uuid::Uuid;

pub use dek::{Dek, KeyId, Owner, OwnerKind};
pub use root::RootKey;

use super::CryptoError;
use super::bearer::TokenKeys;
use super::blind_index::{self, BlindColumn, BlindIndex};
use super::merkle::Hash;
use super::note::Signer;
use super::primitive::{self, Kdf, MacState};
use crate::base::entropy::Entropy;
use crate::base::secret::Secret;

/// The KEK that wraps new data keys; its number stands in the header of each wrapped key.
const CURRENT_KEK: u32 = 1;

/// Every key that is derived once and used for as long as the process lives.
///
/// HKDF-SHA256 (RFC 5869) with the root key, the instance's id as salt and `milton/v1/` + label as info: two
/// instances with one root key share nothing, and no label's key tells anything about another's.
pub struct Keyring {
    kek: Secret<[u8; 32]>,
    check: [u8; 32],
    audit_head: MacState,
    audit_seed: Secret<[u8; 32]>,
    export_seed: Secret<[u8; 32]>,
    log: String,
    blind: [MacState; BlindColumn::ALL.len()],
    tokens: TokenKeys,
}

impl Keyring {
    /// Derives the keys. The entropy gives the key of token fingerprints, which dies with the process.
    pub fn open(root: &RootKey, instance: Uuid, entropy: &dyn Entropy) -> Self {
        let kdf = Kdf::extract(instance.as_bytes(), root.bytes());
        let derive = |label: &str| kdf.expand(&[b"milton/v1/", label.as_bytes()]);
        Self {
            kek: derive(&format!("kek/{CURRENT_KEK}")),
            check: *derive("key-check").expose(),
            audit_head: primitive::keyed(derive("audit-head/1").expose()),
            audit_seed: derive("audit-sign/1"),
            export_seed: derive("export-sign/1"),
            log: format!("milton/{instance}"),
            blind: BlindColumn::ALL.map(|column| {
                let label = format!("bidx/{}/{}", column.as_str(), blind_index::VERSION);
                primitive::keyed(derive(&label).expose())
            }),
            tokens: TokenKeys::new(&derive("token-mac/1"), &derive("token-pepper/1"), entropy),
        }
    }

    /// What the database stores to recognise its root key; tells nothing about any key.
    pub fn key_check(&self) -> [u8; 32] {
        self.check
    }

    /// Whether the stored check belongs to this root key and instance, in constant time. Ask before the first
    /// write: data sealed under a wrong key would be lost.
    pub fn matches_check(&self, stored: &[u8]) -> bool {
        self.check[..].ct_eq(stored).into()
    }

    /// Binds the head of the audit log to the root key: whoever has the file alone cannot make another head.
    pub fn audit_head_mac(&self, size: u64, root: &Hash) -> [u8; 32] {
        primitive::mac(&self.audit_head, &[&size.to_be_bytes(), root])
    }

    /// Whether a stored MAC belongs to this head, in constant time.
    pub fn matches_audit_head(&self, size: u64, root: &Hash, stored: &[u8]) -> bool {
        self.audit_head_mac(size, root)[..].ct_eq(stored).into()
    }

    /// Signs the heads of one epoch of the audit log. Each epoch is a log of its own: `milton/`, the instance, `/`, its
    /// number; the key is the same.
    pub fn audit_signer(&self, epoch: u32) -> Signer {
        Signer::new(&format!("{}/{epoch}", self.log), &self.audit_seed)
    }

    /// Signs what leaves this instance for good: exports, and receipts of what was removed.
    pub fn export_signer(&self) -> Signer {
        Signer::new(&format!("{}/export", self.log), &self.export_seed)
    }

    /// Which epoch of this instance's audit log a text says it is the head of. Anybody can say so.
    pub fn epoch_of(&self, origin: &str) -> Option<u32> {
        let digits = origin.strip_prefix(&self.log)?.strip_prefix('/')?;
        digits.parse().ok().filter(|epoch: &u32| epoch.to_string() == digits)
    }

    /// The index under which a text is found without being readable; see [`BlindColumn`] for what counts as equal.
    pub fn blind_index(&self, column: BlindColumn, text: &str) -> BlindIndex {
        BlindIndex::compute(&self.blind[column as usize], column, text)
    }

    /// The keys of bearer tokens.
    pub fn token_keys(&self) -> &TokenKeys {
        &self.tokens
    }

    /// A new data key, for one user or team.
    pub fn generate_dek(&self, entropy: &dyn Entropy) -> Dek {
        Dek::generate(entropy)
    }

    /// Wraps a data key for storage (65 bytes), bound to its owner.
    pub fn wrap(&self, dek: &Dek, owner: Owner, entropy: &dyn Entropy) -> Vec<u8> {
        dek::wrap(dek, owner, CURRENT_KEK, &self.kek, entropy)
    }

    /// The data key inside what [`Keyring::wrap`] gave.
    ///
    /// # Errors
    /// `Malformed`, `WrongKey` for another KEK's number, `DoesNotOpen` when altered or another owner's.
    pub fn unwrap_dek(&self, wrapped: &[u8], owner: Owner) -> Result<Dek, CryptoError> {
        dek::unwrap(wrapped, owner, CURRENT_KEK, &self.kek)
    }
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keyring([secret])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::entropy::SeededEntropy;
    use crate::crypto::TokenKind;

    fn keyring(seed: u64, instance: u128) -> Keyring {
        let entropy = SeededEntropy::new(seed);
        Keyring::open(&RootKey::generate(&entropy), Uuid::from_u128(instance), &entropy)
    }

    #[test]
    fn the_head_of_the_log_knows_its_root_key_its_size_and_its_root() {
        let mac = keyring(1, 1).audit_head_mac(7, &[3; 32]);
        assert!(keyring(1, 1).matches_audit_head(7, &[3; 32], &mac));
        assert!(!keyring(2, 1).matches_audit_head(7, &[3; 32], &mac), "another root key");
        assert!(!keyring(1, 2).matches_audit_head(7, &[3; 32], &mac), "another instance");
        assert!(!keyring(1, 1).matches_audit_head(8, &[3; 32], &mac), "another size");
        assert!(!keyring(1, 1).matches_audit_head(7, &[4; 32], &mac), "another root");
        assert!(!keyring(1, 1).matches_audit_head(7, &[3; 32], &mac[..31]), "cut short");
    }

    #[test]
    fn the_check_knows_its_root_key_and_its_instance() {
        let check = keyring(1, 1).key_check();
        assert!(keyring(1, 1).matches_check(&check));
        assert!(!keyring(2, 1).matches_check(&check), "another root key");
        assert!(!keyring(1, 2).matches_check(&check), "another instance");
        assert!(!keyring(1, 1).matches_check(&check[..31]));
        assert!(!keyring(1, 1).matches_check(b""));
    }

    /// Computed apart from this code, with Python's hmac module: the labels and the order of salt, key and info are
    /// part of the file format, and a change would lose every database.
    #[test]
    fn derivation_is_frozen() {
        let root = RootKey::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").unwrap();
        let instance = Uuid::from_u128(0x0123_4567_89ab_7def_8123_4567_89ab_cdef);
        let keyring = Keyring::open(&root, instance, &SeededEntropy::new(1));
        assert_eq!(
            keyring.key_check()[..],
            primitive::hex("37df29965b88a9164cef5c627cd48819a8d6e2b0d2359a68f2b2596111eaed1d")
        );
        assert_eq!(
            keyring.kek.expose()[..],
            primitive::hex("99b9578be8732c5d306fd208fbec008b1db1fcd872886e19e01f48a45b42da1a")
        );
        let minted = keyring.token_keys().mint(TokenKind::Session, &SeededEntropy::new(7));
        assert_eq!(
            minted.token.expose(),
            "mlt_s_HtKu8BroTXHxXWc9r11DVTjBNksONh88HLrBGnvdY2MBA1cS360qUVZTkT4lPuLM2fGgMe"
        );
        assert_eq!(minted.peppered.expose(), "LrispS1q9a2yfnQLzR_6Y2pm7hcSBMfu11BRJALSH20");
        let email = keyring.blind_index(BlindColumn::UserEmail, "Ana@Example.org");
        assert_eq!(
            email.as_bytes()[..],
            primitive::hex("018ea66c9b5e42cafd1b55cbca873a1f1d06bcbcdd72d374dd0fe74c34700351")
        );
    }

    #[test]
    fn every_label_gives_its_own_key() {
        let keyring = keyring(1, 1);
        let of = |column| *keyring.blind_index(column, "ana@example.org").as_bytes();
        assert_ne!(of(BlindColumn::UserEmail), of(BlindColumn::InvitationEmail));
        assert_ne!(of(BlindColumn::UserEmail), of(BlindColumn::IdentitySubject));
        assert_ne!(keyring.kek.expose(), &keyring.key_check());
    }

    #[test]
    fn debug_shows_no_key() {
        assert_eq!(format!("{:?}", keyring(1, 1)), "Keyring([secret])");
    }
}
