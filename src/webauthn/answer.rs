//! What browsers answer, and what is kept of it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;
use webauthn_rs::prelude::{Passkey, PublicKeyCredential, RegisterPublicKeyCredential};

use crate::base::secret::Secret;
use crate::domain::Error;

/// A new credential, as its maker tells it (`RegistrationResponseJSON`). Nothing of it is checked yet.
pub struct Attestation(pub(super) RegisterPublicKeyCredential);

/// A credential's signature (`AuthenticationResponseJSON`). Nothing of it is checked yet.
pub struct Assertion(pub(super) PublicKeyCredential);

impl Attestation {
    /// Reads what a browser sent. `Invalid` at `/credential` for what has another form.
    pub fn parse(credential: Value) -> Result<Self, Error> {
        read(credential).map(Self)
    }
}

impl Assertion {
    /// Reads what a browser sent. `Invalid` at `/credential` for what has another form.
    pub fn parse(credential: Value) -> Result<Self, Error> {
        read(credential).map(Self)
    }

    /// Which credential signed, as it says.
    pub fn credential_id(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.get_credential_id())
    }

    /// Whose credential it is, as the authenticator says.
    pub fn holder(&self) -> Option<Uuid> {
        self.0.get_user_unique_id().and_then(|handle| Uuid::from_slice(handle).ok())
    }
}

fn read<T: DeserializeOwned>(credential: Value) -> Result<T, Error> {
    let wrong = |_| Error::invalid("/credential", "must be what the credential's toJSON() gives");
    serde_json::from_value(credential).map_err(wrong)
}

/// A credential that was checked: its public key, its signature counter and how it may be used.
#[derive(Clone, Debug)]
pub struct Key(pub(super) Passkey);

impl Key {
    /// The credential's id, in base64url.
    pub fn credential_id(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.cred_id())
    }

    /// The form to seal and store.
    pub fn to_stored(&self) -> Result<Secret<String>, Error> {
        to_stored(&self.0)
    }

    /// Reads what was stored.
    pub fn from_stored(text: &str) -> Result<Self, Error> {
        from_stored(text).map(Self)
    }
}

pub(super) fn to_stored(value: &impl serde::Serialize) -> Result<Secret<String>, Error> {
    serde_json::to_string(value).map(Secret::new).map_err(Error::internal)
}

pub(super) fn from_stored<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(Error::internal)
}
