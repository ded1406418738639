//! The relying party: asks for a new passkey or for a passkey's signature, and checks what comes back.

use serde_json::{Value, json};
use uuid::Uuid;
use webauthn_rs::prelude::{DiscoverableAuthentication, PasskeyRegistration, Url};
use webauthn_rs::prelude::{Webauthn, WebauthnBuilder, WebauthnError};

use super::answer::{self, Assertion, Attestation, Key};
use crate::base::secret::Secret;
use crate::domain::Error;
use crate::domain::passkey::{CEREMONY_LIFETIME, Refusal, Unproven};

/// This server, as authenticators know it: by its host name and origin.
pub struct RelyingParty(Webauthn);

/// A question for a browser.
pub struct Challenge {
    /// The `publicKey` member of what the browser's `create` or `get` takes, in its JSON form.
    pub options: Value,
    /// What the answer is checked with. It stays on the server.
    pub state: Secret<String>,
}

/// For whom a passkey shall be. The names are for people to tell their passkeys apart; authenticators keep them.
#[derive(Clone, Copy, Debug)]
pub struct Holder<'a> {
    /// Comes back with each signature; says nothing of the person.
    pub id: Uuid,
    /// The person's name.
    pub name: &'a str,
    /// What tells this account from the person's others, such as an address.
    pub account: &'a str,
}

impl RelyingParty {
    /// The server that people reach at this address; `None` when it has no host name.
    pub fn at(public_url: &str) -> Option<Self> {
        let origin = Url::parse(public_url).ok()?;
        let builder = WebauthnBuilder::new(origin.domain()?, &origin).ok()?;
        builder.rp_name("Milton").timeout(CEREMONY_LIFETIME).build().ok().map(Self)
    }

    /// Asks for a new passkey, on an authenticator that has none of `known`.
    pub fn ask_for_key<'a>(
        &self,
        holder: Holder<'_>,
        known: impl Iterator<Item = &'a Key>,
    ) -> Result<Challenge, Error> {
        let known = known.map(|key| key.0.cred_id().clone()).collect();
        let (question, state) = self
            .0
            .start_passkey_registration(holder.id, holder.account, holder.name, Some(known))
            .map_err(Error::internal)?;
        let mut options = serde_json::to_value(question.public_key).map_err(Error::internal)?;
        options["authenticatorSelection"]["residentKey"] = json!("required");
        options["authenticatorSelection"]["requireResidentKey"] = json!(true);
        Ok(Challenge { options, state: answer::to_stored(&state)? })
    }

    /// The new passkey, if the answer is good.
    pub fn check_key(&self, state: &Secret<String>, answer: &Attestation) -> Result<Key, Unproven> {
        let state: PasskeyRegistration = answer::from_stored(state.expose())?;
        let passkey = self.0.finish_passkey_registration(&answer.0, &state).map_err(|error| refusal(&error))?;
        Ok(Key(passkey))
    }

    /// Asks for the signature of one of `allowed`; of any passkey for this server when there are none.
    pub fn ask_for_proof<'a>(&self, allowed: impl Iterator<Item = &'a Key>) -> Result<Challenge, Error> {
        let (question, state) = self.0.start_discoverable_authentication().map_err(Error::internal)?;
        let mut options = serde_json::to_value(question.public_key).map_err(Error::internal)?;
        options["allowCredentials"] =
            allowed.map(|key| json!({"type": "public-key", "id": key.credential_id()})).collect();
        Ok(Challenge { options, state: answer::to_stored(&state)? })
    }

    /// The passkey with its counter where it stands now, if the signature is good.
    pub fn check_proof(&self, state: &Secret<String>, answer: &Assertion, key: &Key) -> Result<Key, Unproven> {
        let state: DiscoverableAuthentication = answer::from_stored(state.expose())?;
        let checked = self.0.finish_discoverable_authentication_v2(&answer.0, state, &key.0);
        let proof = checked.map_err(|error| refusal(&error))?;
        let mut used = key.clone();
        used.0.update_credential(&proof);
        Ok(used)
    }
}

/// What the crate found wrong, as far as it is worth telling apart.
const fn refusal(error: &WebauthnError) -> Refusal {
    match error {
        WebauthnError::MismatchedChallenge => Refusal::Challenge,
        WebauthnError::InvalidRPOrigin => Refusal::Origin,
        WebauthnError::InvalidRPIDHash => Refusal::RelyingParty,
        WebauthnError::UserNotVerified | WebauthnError::UserNotPresent => Refusal::Unverified,
        WebauthnError::AuthenticationFailure | WebauthnError::SignatureInvalid => Refusal::Signature,
        WebauthnError::CredentialPossibleCompromise => Refusal::Cloned,
        WebauthnError::CredentialNotFound => Refusal::Credential,
        _ => Refusal::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passkeys_want_a_host_name() {
        for name in ["https://milton.example.org", "https://localhost:8443", "http://localhost:8080", "https://milton"]
        {
            assert!(RelyingParty::at(name).is_some(), "{name}");
        }
        for address in ["https://192.0.2.1", "https://[2001:db8::1]:8443", "https://127.0.0.1:8443", "milton", ""] {
            assert!(RelyingParty::at(address).is_none(), "{address}");
        }
    }
}
