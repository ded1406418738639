//! An authenticator and the browser it is used with. Written by hand, because no library signs what must not be signed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::world::URL;

/// Flags of the authenticator data (WebAuthn section 6.1): somebody touched it, and it made sure who.
pub const PRESENT: u8 = 0x01;
pub const VERIFIED: u8 = 0x04;
const HAS_CREDENTIAL: u8 = 0x40;

/// One passkey in somebody's pocket.
pub struct Authenticator {
    key: KeyPair,
    pub id: Vec<u8>,
    /// The user handle it was made for, in base64url.
    pub holder: Option<String>,
    /// Raised by each signature when it is not zero; zero stays zero.
    pub counter: u32,
}

/// What browser and authenticator say of the moment, truly or not.
#[derive(Clone, Copy)]
pub struct Moment {
    pub origin: &'static str,
    pub rp_id: &'static str,
    pub flags: u8,
    /// `None` for what it should be.
    pub kind: Option<&'static str>,
}

impl Moment {
    pub const TRUE: Self = Self { origin: URL, rp_id: "milton.test", flags: PRESENT | VERIFIED, kind: None };
}

pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Authenticator {
    /// One with a key pair of its own that no server knows.
    pub fn new(id: &[u8]) -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        Self { key, id: id.to_vec(), holder: None, counter: 1 }
    }

    /// Answers what `create` was asked, as `credential.toJSON()` tells it.
    pub fn create(&mut self, options: &Value, moment: Moment) -> Value {
        self.holder = options["user"]["id"].as_str().map(str::to_owned);
        let client = client_data("webauthn.create", options, moment);
        let data = self.data(moment, moment.flags | HAS_CREDENTIAL, &self.credential());
        let mut attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59".to_vec();
        attestation.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        attestation.extend(&data);
        json!({
            "id": base64url(&self.id),
            "rawId": base64url(&self.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {"credProps": {"rk": true}},
            "response": {
                "clientDataJSON": base64url(client),
                "attestationObject": base64url(attestation),
                "authenticatorData": base64url(data),
                "publicKeyAlgorithm": -7,
                "transports": ["internal", "hybrid"],
            },
        })
    }

    /// Answers what `get` was asked, as `credential.toJSON()` tells it.
    pub fn get(&mut self, options: &Value, moment: Moment) -> Value {
        self.counter += u32::from(self.counter > 0);
        let client = client_data("webauthn.get", options, moment);
        let data = self.data(moment, moment.flags, &[]);
        let signature = self.key.sign(&[&data[..], &Sha256::digest(&client)].concat()).unwrap();
        json!({
            "id": base64url(&self.id),
            "rawId": base64url(&self.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": base64url(client),
                "authenticatorData": base64url(data),
                "signature": base64url(signature),
                "userHandle": self.holder,
            },
        })
    }

    /// Authenticator data (WebAuthn section 6.1).
    fn data(&self, moment: Moment, flags: u8, credential: &[u8]) -> Vec<u8> {
        let rp_id_hash = Sha256::digest(moment.rp_id);
        [&rp_id_hash[..], &[flags], &self.counter.to_be_bytes(), credential].concat()
    }

    /// Attested credential data (WebAuthn section 6.5.1) with the public key as COSE says it (RFC 9053).
    fn credential(&self) -> Vec<u8> {
        let point = self.key.public_key_raw();
        let (x, y) = (&point[1..33], &point[33..65]);
        let key = [b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20", x, b"\x22\x58\x20", y].concat();
        let length = u16::try_from(self.id.len()).unwrap().to_be_bytes();
        [&[0; 16][..], &length, &self.id, &key].concat()
    }
}

/// What the browser adds (WebAuthn section 5.8.1).
fn client_data(kind: &str, options: &Value, moment: Moment) -> String {
    let kind = moment.kind.unwrap_or(kind);
    json!({"type": kind, "challenge": options["challenge"], "origin": moment.origin, "crossOrigin": false}).to_string()
}
