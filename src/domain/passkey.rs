//! Passkeys, and the ceremonies in which one is made or proves somebody.
//!
//! A ceremony (WebAuthn's word for a question and its answer) is a small state machine:
//!
//! | state   | a right answer        | a wrong answer      | [`CEREMONY_LIFETIME`] passes |
//! |---------|-----------------------|---------------------|------------------------------|
//! | begun   | used, with its effect | used, and refused   | expired                      |
//! | used    | used, and refused     | used, and refused   | used                         |
//! | expired | expired, and refused  | expired, and refused| expired                      |
//!
//! An answer counts as right only for the purpose the ceremony was begun for, and within the session that began it. One
//! that comes from elsewhere is refused and leaves the ceremony as it is: nobody can spoil another's.

use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::base::id::Id;

use super::error::Error;
use super::text::Name;

/// How many passkeys a person may have.
pub const MAX_PASSKEYS: usize = 20;
/// How long a ceremony may take.
pub const CEREMONY_LIFETIME: Duration = Duration::from_mins(5);

/// A key pair whose private half an authenticator keeps, as its holder sees it.
#[derive(Clone, Debug)]
pub struct Passkey {
    /// The passkey.
    pub id: Id<Passkey>,
    /// What its holder calls it. Sealed in the database.
    pub name: Name,
    /// Raised by each change of the name; the source of the `ETag`.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last proved its holder.
    pub last_used_at: Option<Timestamp>,
}

/// A ceremony under way; the type of its id.
#[derive(Debug)]
pub enum Ceremony {}

/// What a ceremony is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// To make a passkey.
    Register,
    /// To prove anew who one is.
    StepUp,
    /// To sign in.
    SignIn,
}

impl Purpose {
    /// The purpose's name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::StepUp => "step-up",
            Self::SignIn => "sign-in",
        }
    }
}

/// Why an answer was refused. The audit log hears it; whoever answered hears [`Error::PasskeyRefused`] and no more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// No such ceremony is under way for this purpose in this session.
    Ceremony,
    /// No such passkey, or not one of whoever answers.
    Credential,
    /// The passkey is there already.
    Registered,
    /// Its holder is suspended.
    Suspended,
    /// The answer is to another question.
    Challenge,
    /// The answer was given to another site.
    Origin,
    /// The authenticator took another site for ours.
    RelyingParty,
    /// The authenticator did not make sure who uses it.
    Unverified,
    /// The signature is not the passkey's.
    Signature,
    /// The signature counter went back: there are two of what should be one.
    Cloned,
    /// Something else about it is wrong.
    Malformed,
}

impl Refusal {
    /// The reason's name in the audit log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ceremony => "ceremony",
            Self::Credential => "credential",
            Self::Registered => "registered",
            Self::Suspended => "suspended",
            Self::Challenge => "challenge",
            Self::Origin => "origin",
            Self::RelyingParty => "relying-party",
            Self::Unverified => "unverified",
            Self::Signature => "signature",
            Self::Cloned => "cloned",
            Self::Malformed => "malformed",
        }
    }
}

/// Why an answer proves nothing.
#[derive(Debug)]
pub enum Unproven {
    /// It is no good.
    Refused(Refusal),
    /// It could not be checked.
    Failed(Error),
}

impl From<Refusal> for Unproven {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Error> for Unproven {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}
