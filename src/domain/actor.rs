//! Who acts, and from where: the first argument of everything that changes or reads anything.

use std::net::IpAddr;

use crate::base::id::Id;

use super::Error;
use super::api_key::ApiKey;
use super::session::SessionProof;
use super::user::User;

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A signed-in person.
    User(SignedIn),
    /// Somebody who has not signed in.
    Anonymous,
    /// One of Milton's own timers, by name.
    Job(&'static str),
    /// Whoever sits at the host's command line.
    Operator,
}

/// A person behind a verified token. Proof of the past only: the store reads state and roles anew for each act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// The person.
    pub user: Id<User>,
    /// What the token stands for.
    pub proof: Proof,
}

/// What a token stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// A sign-in.
    Session(SessionProof),
    /// A key that its holder made for a program.
    ApiKey(Id<ApiKey>),
}

impl SignedIn {
    /// The sign-in. `Forbidden` for an API key, which has none.
    pub const fn session(&self) -> Result<SessionProof, Error> {
        match self.proof {
            Proof::Session(session) => Ok(session),
            Proof::ApiKey(_) => Err(Error::Forbidden(None)),
        }
    }
}

impl Actor {
    /// The kind's name in the audit log.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Anonymous => "anonymous",
            Self::Job(_) => "job",
            Self::Operator => "operator",
        }
    }

    /// The person, when there is one.
    pub const fn user(&self) -> Option<Id<User>> {
        match self {
            Self::User(signed_in) => Some(signed_in.user),
            _ => None,
        }
    }
}

/// An actor together with the circumstances that the audit log keeps.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who acts.
    pub actor: Actor,
    /// The request's id; empty outside of HTTP.
    pub request_id: String,
    /// What the client calls its request, at most 64 bytes; proves nothing.
    pub client_request_id: Option<String>,
    /// The client's address.
    pub address: Option<IpAddr>,
    /// What the client calls itself, at most 256 bytes.
    pub user_agent: Option<String>,
}

impl Caller {
    /// An actor without a network: a timer or the command line.
    pub const fn local(actor: Actor) -> Self {
        Self { actor, request_id: String::new(), client_request_id: None, address: None, user_agent: None }
    }
}
