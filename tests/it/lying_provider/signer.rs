//! Signs ID tokens, rightly or wrongly. Written by hand, because no library signs what must not be signed.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use rcgen::{KeyPair, RsaKeySize, SigningKey};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{CLIENT_SECRET, Lie};

/// A key that no provider publishes.
static STRANGER: LazyLock<KeyPair> = LazyLock::new(new_key);

/// The provider's key and its name.
pub struct Signer {
    key: KeyPair,
    number: u32,
}

impl Signer {
    pub fn new() -> Self {
        Self { key: new_key(), number: 1 }
    }

    /// Takes a new key under a new name.
    pub fn rotate(&mut self) {
        *self = Self { key: new_key(), number: self.number + 1 };
    }

    /// The published key as a JWK. A 2048-bit RSA key has one DER shape: modulus and exponent sit at fixed places.
    pub fn public_key(&self) -> Value {
        let der = self.key.public_key_raw();
        let (n, e) = (URL_SAFE_NO_PAD.encode(&der[9..265]), URL_SAFE_NO_PAD.encode(&der[267..270]));
        json!({ "kty": "RSA", "use": "sig", "kid": self.key_id(), "n": n, "e": e })
    }

    /// An ID token of these claims.
    pub fn id_token(&self, lie: Lie, claims: Value) -> String {
        self.token("JWT", lie, claims)
    }

    /// A token that calls itself something.
    pub fn token(&self, typ: &str, lie: Lie, mut claims: Value) -> String {
        let (algorithm, kid) = match lie {
            Lie::AlgNone => ("none", self.key_id()),
            Lie::Hs256WithPublicKey | Lie::Hs256WithClientSecret => ("HS256", self.key_id()),
            Lie::UnknownKey => ("RS256", "key-unknown".to_owned()),
            _ => ("RS256", self.key_id()),
        };
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = encode(&json!({ "alg": algorithm, "kid": kid, "typ": typ }));
        let input = format!("{header}.{}", encode(&claims));
        let signature = match lie {
            Lie::AlgNone => Vec::new(),
            Lie::Hs256WithPublicKey => hs256(self.key.public_key_pem().as_bytes(), &input),
            Lie::Hs256WithClientSecret => hs256(CLIENT_SECRET.as_bytes(), &input),
            Lie::BadSignature | Lie::UnknownKey => STRANGER.sign(input.as_bytes()).unwrap(),
            _ => self.key.sign(input.as_bytes()).unwrap(),
        };
        if lie == Lie::ChangedClaims {
            claims["sub"] = json!("owner");
        }
        format!("{header}.{}.{}", encode(&claims), URL_SAFE_NO_PAD.encode(signature))
    }

    fn key_id(&self) -> String {
        format!("key-{}", self.number)
    }
}

fn new_key() -> KeyPair {
    KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap()
}

fn hs256(key: &[u8], input: &str) -> Vec<u8> {
    Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(input).finalize().into_bytes().to_vec()
}
