//! Floor 1: keys and what is done with them. Knows bytes, keys and places; knows nothing of Milton's business.

mod base62;
pub mod bearer;
pub mod blind_index;
pub mod field;
pub mod keyring;
pub mod merkle;
pub mod note;
mod primitive;
pub mod webhook_signature;

pub use bearer::{Minted, Presented, TokenKeys, TokenKind};
pub use blind_index::{BlindColumn, BlindIndex};
pub use field::{Place, Sealed};
pub use keyring::{Dek, KeyId, Keyring, Owner, OwnerKind, RootKey};
pub use merkle::Frontier;
pub use webhook_signature::SigningSecret;

/// Why a key, a sealed value or a token was refused. Never carries data, so it may be logged as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CryptoError {
    /// The bytes do not have the length, magic, version or alphabet they should have.
    #[error("malformed")]
    Malformed,
    /// The header names another key than the one at hand.
    #[error("made under another key")]
    WrongKey,
    /// The commitment in the header belongs to another key: somebody made it, it did not happen.
    #[error("the key commitment does not match")]
    NotCommitted,
    /// The authentication tag does not match: altered, or moved from another place.
    #[error("altered or moved")]
    DoesNotOpen,
    /// It opened, but is not the UTF-8 text that was asked for.
    #[error("not UTF-8 text")]
    NotText,
    /// A token with the right shape and the wrong keyed MAC.
    #[error("not a token of this instance")]
    ForgedToken,
    /// The root key has less than 32 bytes.
    #[error("the root key is too short: 43 characters of unpadded base64url (32 bytes) are wanted")]
    RootKeyTooShort,
    /// The root key has more than 32 bytes.
    #[error("the root key is too long: 43 characters of unpadded base64url (32 bytes) are wanted")]
    RootKeyTooLong,
    /// The root key has the right length and a character that does not belong.
    #[error("the root key is not unpadded base64url (A-Z a-z 0-9 - _)")]
    RootKeyNotBase64,
}
