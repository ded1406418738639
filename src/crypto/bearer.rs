//! Bearer tokens: `mlt_<kind>_<selector16><secret32><mac22>`, made, recognised, and compared with their stored hash.
//!
//! The MAC refuses forged and mistyped tokens in microseconds; the selector finds the row; bcrypt over a peppered
//! HMAC keeps a stolen database from yielding a token.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bcrypt::HashParts;
use subtle::ConstantTimeEq;

use super::primitive::{self, MacState};
use super::{CryptoError, base62};
use crate::base::entropy::{self, Entropy};
use crate::base::secret::Secret;

/// How dear the bcrypt hashes of tokens are. Stored hashes may be dearer, up to 12, never cheaper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost(u32);

impl Cost {
    /// Cost 10: 62 ms on the machine it was measured on.
    pub const STANDARD: Self = Self(10);
    /// As cheap as bcrypt goes, for tests, which make hashes by the thousand. Nothing in the product may name it:
    /// `tests/it/floors.rs` looks.
    pub const CHEAP: Self = Self(4);
    /// The dearest that is compared.
    const DEAREST: u32 = 12;

    fn admits(self, cost: u32) -> bool {
        (self.0..=Self::DEAREST).contains(&cost)
    }
}

const HEAD: usize = "mlt_s_".len();
const SELECTOR: usize = 16;
const SECRET: usize = 32;
const BODY: usize = HEAD + SELECTOR + SECRET;
/// Characters of a token.
pub const LENGTH: usize = BODY + base62::NUMBER_LENGTH;

/// What a token is for; another kind's token does not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// A signed-in session.
    Session,
    /// An API key.
    ApiKey,
    /// A one-time sign-in link.
    SignInLink,
    /// An invitation.
    Invitation,
}

impl TokenKind {
    const fn letter(self) -> u8 {
        match self {
            Self::Session => b's',
            Self::ApiKey => b'k',
            Self::SignInLink => b'l',
            Self::Invitation => b'i',
        }
    }

    fn from_letter(letter: u8) -> Option<Self> {
        let kinds = [Self::Session, Self::ApiKey, Self::SignInLink, Self::Invitation];
        kinds.into_iter().find(|kind| kind.letter() == letter)
    }
}

/// A new token: shown once, then only its selector and the hash of its peppered form remain.
#[derive(Debug)]
pub struct Minted {
    /// The token itself.
    pub token: Secret<String>,
    /// What finds its row.
    pub selector: String,
    /// What goes into [`hash`].
    pub peppered: Secret<String>,
}

/// A token that this instance made. Whether it is still valid, its row says.
#[derive(Debug)]
pub struct Presented {
    /// What it is for.
    pub kind: TokenKind,
    /// What finds its row.
    pub selector: String,
    /// Names the token in a cache of comparisons; means nothing to another process.
    pub fingerprint: [u8; 32],
    peppered: Secret<[u8; 32]>,
}

impl Presented {
    /// What [`matches`] compares with the stored hash.
    pub fn peppered(&self) -> Secret<String> {
        encode_peppered(&self.peppered)
    }
}

/// The keys of tokens, each as an HMAC-SHA256 state (RFC 2104).
pub struct TokenKeys {
    mac: MacState,
    pepper: MacState,
    fingerprint: MacState,
}

impl TokenKeys {
    pub(super) fn new(mac: &Secret<[u8; 32]>, pepper: &Secret<[u8; 32]>, entropy: &dyn Entropy) -> Self {
        let fingerprint = Secret::new(entropy::bytes(entropy));
        let [mac, pepper, fingerprint] = [mac, pepper, &fingerprint].map(|key| primitive::keyed(key.expose()));
        Self { mac, pepper, fingerprint }
    }

    /// Makes a token: 95 random bits of selector, 190 of secret.
    pub fn mint(&self, kind: TokenKind, entropy: &dyn Entropy) -> Minted {
        // Room for the whole: a reallocation would leave a copy behind that nobody wipes.
        let mut token = String::with_capacity(LENGTH);
        token.push_str("mlt_");
        token.push(char::from(kind.letter()));
        token.push('_');
        base62::push_random(&mut token, SELECTOR + SECRET, entropy);
        let mac = self.mac_of(token.as_bytes());
        base62::push_number(&mut token, mac);
        let body = &token.as_bytes()[..BODY];
        Minted {
            selector: token[HEAD..HEAD + SELECTOR].to_owned(),
            peppered: encode_peppered(&self.pepper(kind, &body[HEAD..])),
            token: Secret::new(token),
        }
    }

    /// Recognises a token by its shape and MAC, before the database and before bcrypt.
    ///
    /// # Errors
    /// `Malformed`, `ForgedToken`.
    pub fn check(&self, text: &str) -> Result<Presented, CryptoError> {
        let (kind, body, mac) = split(text).ok_or(CryptoError::Malformed)?;
        if !bool::from(self.mac_of(body.as_bytes()).ct_eq(&mac)) {
            return Err(CryptoError::ForgedToken);
        }
        Ok(Presented {
            kind,
            selector: body[HEAD..HEAD + SELECTOR].to_owned(),
            fingerprint: primitive::mac(&self.fingerprint, &[text.as_bytes()]),
            peppered: self.pepper(kind, &body.as_bytes()[HEAD..]),
        })
    }

    /// HMAC-SHA256 truncated to its first 128 bits (RFC 2104 section 5).
    fn mac_of(&self, body: &[u8]) -> u128 {
        let mac = primitive::mac(&self.mac, &[body]);
        mac[..16].iter().fold(0, |number, byte| number << 8 | u128::from(*byte))
    }

    /// HMAC over kind, selector and secret; lengths are fixed, so the seams are too.
    fn pepper(&self, kind: TokenKind, selector_and_secret: &[u8]) -> Secret<[u8; 32]> {
        Secret::new(primitive::mac(&self.pepper, &[&[kind.letter()], selector_and_secret]))
    }
}

impl std::fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenKeys([secret])")
    }
}

/// Kind, the part under the MAC, and the MAC. Only the MAC's alphabet is looked at: the MAC answers for the rest.
fn split(text: &str) -> Option<(TokenKind, &str, u128)> {
    let token: &[u8; LENGTH] = text.as_bytes().try_into().ok()?;
    let [b'm', b'l', b't', b'_', letter, b'_', digits @ ..] = token else { return None };
    let mac = base62::parse_number(digits.last_chunk()?)?;
    Some((TokenKind::from_letter(*letter)?, text.get(..BODY)?, mac))
}

/// 43 characters: bcrypt cuts at 72 bytes and stops at NUL, and base64 of an HMAC meets neither.
fn encode_peppered(mac: &Secret<[u8; 32]>) -> Secret<String> {
    Secret::new(URL_SAFE_NO_PAD.encode(mac.expose()))
}

/// The bcrypt hash to store. Takes 60–250 ms of a core: never on an async worker.
///
/// # Errors
/// `Malformed` for a text that bcrypt would cut.
pub fn hash(peppered: &Secret<String>, cost: Cost, entropy: &dyn Entropy) -> Result<String, CryptoError> {
    bcrypt::non_truncating_hash_with_salt(peppered.expose(), cost.0, entropy::bytes(entropy))
        .map(|parts| parts.to_string())
        .map_err(|_| CryptoError::Malformed)
}

/// Whether the hash is of this token, in constant time; as slow as [`hash`]. A stored hash that is malformed or is
/// cheaper than `cost` or dearer than 12 matches nothing: a tampered row can neither weaken the comparison nor make it last.
pub fn matches(peppered: &Secret<String>, hash: &str, cost: Cost) -> bool {
    hash.parse::<HashParts>().is_ok_and(|parts| cost.admits(parts.get_cost()))
        && bcrypt::non_truncating_verify(peppered.expose(), hash).unwrap_or(false)
}

#[cfg(test)]
#[path = "bearer_tests.rs"]
mod tests;
