//! Tokens under attack: forged, mistyped, relabelled, and compared with weak hashes.

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
    assert_eq!(minted.token.expose(), "mlt_s_HtKu8BroTXHxXWc9r11DVTjBNksONh88HLrBGnvdY2MBA1cS3Y12O2m9nwogxYQ5CyMO9p");
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
    let key = primitive::keyed(&entropy::bytes(&SeededEntropy::new(1)));
    let whole = primitive::mac(&key, &[mint(TokenKind::Session).token.expose().as_bytes()]);
    assert_eq!(of(TokenKind::Session, 1), whole, "a token with one character more or less is another");
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
    let hashed = hash(&mine, Cost::STANDARD, &entropy).unwrap();
    assert!(hashed.starts_with("$2b$10$") && hashed.len() == 60, "{hashed}");
    assert!(matches(&mine, &hashed, Cost::STANDARD));
    assert_ne!(hash(&mine, Cost::STANDARD, &entropy).unwrap(), hashed, "each hash has its own salt");
    assert!(!matches(&other, &hashed, Cost::STANDARD));
    assert!(!matches(&mine, "not a hash", Cost::STANDARD));
}

#[test]
fn costs_and_texts_that_weaken_bcrypt_are_refused() {
    let entropy = SeededEntropy::new(1);
    let peppered = mint(TokenKind::Session).peppered;
    let long = Secret::new("x".repeat(73));
    assert_eq!(hash(&long, Cost::STANDARD, &entropy), Err(CryptoError::Malformed));
    for cost in [4, 9, 13] {
        let stored = bcrypt::non_truncating_hash_with_salt(peppered.expose(), cost, [0; 16]).unwrap().to_string();
        assert!(!matches(&peppered, &stored, Cost::STANDARD), "a hash of cost {cost} in the row matches nothing");
    }
}

/// From the test suite of Openwall's `crypt_blowfish`.
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
