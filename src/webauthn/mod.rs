//! Floor 2: WebAuthn, as a relying party: asks browsers for passkeys, and believes only what it can check.
//!
//! What the `webauthn-rs` crate decides, it decides ([Web Authentication Level 3](https://www.w3.org/TR/webauthn-3/)
//! section 7); no other module names it. Three things are settled here: the user is always verified (a fingerprint, a
//! PIN), because a passkey stands for a person and not for a thing in somebody's pocket; passkeys are discoverable,
//! because nobody is asked for a name at sign-in; and a signature counter that goes back is a refusal. The challenges
//! come from the crate's own generator, which the operating system seeds.
//!
//! Options go to browsers, and credentials come from them, in the JSON forms of Level 3 section 5.1:
//! `PublicKeyCredential.parseCreationOptionsFromJSON`, `parseRequestOptionsFromJSON`, and `credential.toJSON()`.

mod answer;
mod relying_party;

pub use answer::{Assertion, Attestation, Key};
pub use relying_party::{Challenge, Holder, RelyingParty};
