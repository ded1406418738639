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

/// The bcrypt cost of new hashes: 62 ms on the machine it was measured on.
pub const DEFAULT_COST: u32 = 10;
/// The bcrypt costs accepted, in settings and in stored hashes.
pub const COSTS: std::ops::RangeInclusive<u32> = 10..=12;

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

/// Kind, the part under the MAC, and the MAC; `None` unless length and alphabet are right.
fn split(text: &str) -> Option<(TokenKind, &str, u128)> {
    let token: &[u8; LENGTH] = text.as_bytes().try_into().ok()?;
    let [b'm', b'l', b't', b'_', letter, b'_', digits @ ..] = token else { return None };
    if !digits.iter().all(u8::is_ascii_alphanumeric) {
        return None;
    }
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
/// `CostRefused` outside [`COSTS`]; `Malformed` for a text that bcrypt would cut.
pub fn hash(peppered: &Secret<String>, cost: u32, entropy: &dyn Entropy) -> Result<String, CryptoError> {
    if !COSTS.contains(&cost) {
        return Err(CryptoError::CostRefused);
    }
    bcrypt::non_truncating_hash_with_salt(peppered.expose(), cost, entropy::bytes(entropy))
        .map(|parts| parts.to_string())
        .map_err(|_| CryptoError::Malformed)
}

/// Whether the hash is of this token, in constant time; as slow as [`hash`]. A stored hash that is malformed or has
/// a cost outside [`COSTS`] matches nothing: a tampered row can neither weaken the comparison nor make it last.
pub fn matches(peppered: &Secret<String>, hash: &str) -> bool {
    hash.parse::<HashParts>().is_ok_and(|parts| COSTS.contains(&parts.get_cost()))
        && bcrypt::non_truncating_verify(peppered.expose(), hash).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::entropy::SeededEntropy;

    const KINDS: [TokenKind; 4] = [TokenKind::Session, TokenKind::ApiKey, TokenKind::SignInLink, TokenKind::Invitation];

    fn keys(mac: u8, pepper: u8, process: u64) -> TokenKeys {
        TokenKeys::new(&Secret::new([mac; 32]), &Secret::new([pepper; 32]), &SeededEntropy::new(process))
    }

    fn mint(kind: TokenKind) -> Minted {
        keys(1, 2, 1).mint(kind, &SeededEntropy::new(7))
    }

    fn refusal(text: &str) -> CryptoError {
        keys(1, 2, 1).check(text).unwrap_err()
    }

    #[test]
    fn a_minted_token_is_recognised() {
        for kind in KINDS {
            let minted = mint(kind);
            let presented = keys(1, 2, 1).check(minted.token.expose()).unwrap();
            assert_eq!(minted.token.expose().len(), 76);
            assert_eq!((presented.kind, &presented.selector), (kind, &minted.selector));
            assert_eq!(presented.peppered().expose(), minted.peppered.expose());
            assert_eq!(minted.peppered.expose().len(), 43);
        }
    }

    /// Computed apart from this code, with Python's hmac module.
    #[test]
    fn the_format_is_frozen() {
        let minted = mint(TokenKind::Session);
        assert_eq!(
            minted.token.expose(),
            "mlt_s_HtKu8BroTXHxXWc9r11DVTjBNksONh88HLrBGnvdY2MBA1cS3Y12O2m9nwogxYQ5CyMO9p"
        );
        assert_eq!(minted.selector, minted.token.expose()[6..22]);
        assert_eq!(minted.peppered.expose(), "SmSr7G8sAVVkDFeKUUZbFsAGr76mHb6My2ii5U8tTps");
    }

    #[test]
    fn a_token_of_another_instance_is_forged() {
        let foreign = keys(3, 2, 1).mint(TokenKind::Session, &SeededEntropy::new(7));
        assert_eq!(refusal(foreign.token.expose()), CryptoError::ForgedToken);
    }

    #[test]
    fn the_kind_is_under_the_mac_and_under_the_pepper() {
        let token = mint(TokenKind::Session).token.expose().replace("mlt_s_", "mlt_k_");
        assert_eq!(refusal(&token), CryptoError::ForgedToken);
        assert_ne!(mint(TokenKind::Session).peppered.expose(), mint(TokenKind::ApiKey).peppered.expose());
    }

    #[test]
    fn other_shapes_are_malformed() {
        let token = mint(TokenKind::Session).token.expose().clone();
        let overflow = format!("{}{}", &token[..BODY], "z".repeat(22));
        for text in ["", "mlt_s_", &token[1..], &format!("{token}0"), &token.replace("_s_", "_x_"), &overflow] {
            assert_eq!(refusal(text), CryptoError::Malformed, "{text}");
        }
        assert_eq!(refusal(&"é".repeat(LENGTH / 2)), CryptoError::Malformed);
        assert_eq!(refusal(&format!("mlt_s_{}", "é".repeat(35))), CryptoError::Malformed);
    }

    #[test]
    fn the_fingerprint_belongs_to_the_token_and_the_process() {
        let of = |kind, process| keys(1, 2, process).check(mint(kind).token.expose()).unwrap().fingerprint;
        assert_eq!(of(TokenKind::Session, 1), of(TokenKind::Session, 1));
        assert_ne!(of(TokenKind::Session, 1), of(TokenKind::Session, 2));
        assert_ne!(of(TokenKind::Session, 1), of(TokenKind::ApiKey, 1));
    }

    #[test]
    fn without_the_pepper_the_hash_is_of_no_use() {
        let token = mint(TokenKind::Session).token;
        let [a, b] = [2, 3].map(|pepper| keys(1, pepper, 1).check(token.expose()).unwrap().peppered());
        assert_ne!(a.expose(), b.expose());
    }

    #[test]
    fn debug_shows_no_token() {
        let minted = mint(TokenKind::Session);
        let presented = keys(1, 2, 1).check(minted.token.expose()).unwrap();
        let shown = format!("{minted:?} {presented:?} {:?}", keys(1, 2, 1));
        assert!(!shown.contains(&minted.token.expose()[22..54]), "{shown}");
        assert!(!shown.contains(minted.peppered.expose()), "{shown}");
    }

    #[test]
    fn a_hash_matches_its_own_token_alone() {
        let entropy = SeededEntropy::new(1);
        let [mine, other] = [TokenKind::Session, TokenKind::ApiKey].map(|kind| mint(kind).peppered);
        let hashed = hash(&mine, DEFAULT_COST, &entropy).unwrap();
        assert!(hashed.starts_with("$2b$10$") && hashed.len() == 60, "{hashed}");
        assert!(matches(&mine, &hashed));
        assert!(!matches(&other, &hashed));
        assert!(!matches(&mine, "not a hash"));
    }

    #[test]
    fn costs_and_texts_that_weaken_bcrypt_are_refused() {
        let entropy = SeededEntropy::new(1);
        let peppered = mint(TokenKind::Session).peppered;
        for cost in [4, 9, 13, 31] {
            assert_eq!(hash(&peppered, cost, &entropy), Err(CryptoError::CostRefused));
        }
        let long = Secret::new("x".repeat(73));
        assert_eq!(hash(&long, DEFAULT_COST, &entropy), Err(CryptoError::Malformed));
        let weak = bcrypt::non_truncating_hash_with_salt(peppered.expose(), 4, [0; 16]).unwrap().to_string();
        assert!(!matches(&peppered, &weak), "a cheap hash in the row matches nothing");
    }

    /// From the test suite of Openwall's crypt_blowfish.
    #[test]
    fn bcrypt_answers_a_public_vector() {
        let hash = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
        assert!(bcrypt::non_truncating_verify("U*U", hash).unwrap());
        assert!(!bcrypt::non_truncating_verify("U*V", hash).unwrap());
    }

    proptest! {
        #[test]
        fn no_other_character_passes(at in 0..LENGTH, character in "[ -~]") {
            let mut token = mint(TokenKind::Session).token.expose().clone();
            let same = token[at..=at] == character;
            token.replace_range(at..=at, &character);
            prop_assert_eq!(keys(1, 2, 1).check(&token).is_ok(), same);
        }

        #[test]
        fn no_text_panics(text: String, tail in ".{70}") {
            prop_assert!(keys(1, 2, 1).check(&text).is_err());
            let token = format!("mlt_s_{tail}");
            prop_assert!(keys(1, 2, 1).check(&token).is_err());
        }
    }
}
