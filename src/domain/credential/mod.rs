//! Credentials: what is kept in a vault, whose it is, and what of it may be seen without revealing it.
//!
//! # The rules
//!
//! A credential lives in one [`Vault`], a person's or a team's, and never moves. It is of one [`Kind`], which says what its
//! payload holds. Each change of the payload is a new [`Version`]; the ones before stay until their time is over, and one
//! of them comes back as a new version with the old payload.
//!
//! Without revealing, its name and its [`Facts`] can be seen: the login's user name and first address, the day on which
//! a certificate ends. They follow from the newest payload and are sealed as it is. Everything else leaves the
//! vault by a reveal alone, which wants a fresh sign-in and is on record before a byte of it is answered.
//!
//! In a team, Owners and Admins open everything. A Manager sees everything, and opens what they put there and what was
//! shared with them; a Member sees and opens what was shared with them, by name or with everybody from a role up.
//! A share binds to the membership: whoever leaves the team loses it, and a lower role loses what was shared above it.

mod certificate;
mod hidden;
pub mod import;
mod payload;
pub mod recipe;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::delegation::Person;
use super::permission::Permission;
use super::role::Role;
use super::team::Team;
use super::text::Title;
use super::user::User;
use crate::base::clock::Timestamp;
use crate::base::id::Id;

pub use hidden::Hidden;
pub use payload::{Field, MAX_PAYLOAD, Parts, Payload};

/// Something that opens a door elsewhere.
#[derive(Clone, Debug)]
pub struct Credential {
    /// The credential.
    pub id: Id<Credential>,
    /// Whose it is.
    pub vault: Vault,
    /// What it is.
    pub kind: Kind,
    /// Sealed in the database, and found by its blind index.
    pub name: Title,
    /// What else can be seen without revealing it; sealed in the database.
    pub facts: Facts,
    /// Who put it there; `None` once their account is erased.
    pub created_by: Option<Person>,
    /// The number of its newest payload.
    pub newest: i64,
    /// Raised by each change; the source of the `ETag`.
    pub version: i64,
    /// When it was put there.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Where a credential lives, and so whose key seals it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vault {
    /// A person's own.
    Personal(Id<User>),
    /// A team's.
    Team(Id<Team>),
}

impl Vault {
    /// What one must be allowed to do in this vault, by what it is called in a team's.
    pub const fn permission(self, in_a_team: Permission) -> Permission {
        match (self, in_a_team) {
            (Self::Team(_), permission) => permission,
            (Self::Personal(_), Permission::CredentialReveal) => Permission::PersonalCredentialReveal,
            (Self::Personal(_), _) => Permission::PersonalCredentialManage,
        }
    }

    /// The id of its owner.
    pub const fn owner(self) -> Uuid {
        match self {
            Self::Personal(user) => user.uuid(),
            Self::Team(team) => team.uuid(),
        }
    }
}

/// What a credential is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A user name and a password, with where they belong.
    Login,
    /// A key for a program.
    ApiKey,
    /// A text.
    Note,
    /// A certificate with its chain and its private key.
    Certificate,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Login, Self::ApiKey, Self::Note, Self::Certificate];

    /// The kind's name in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::ApiKey => "api-key",
            Self::Note => "note",
            Self::Certificate => "certificate",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// What can be seen of a payload without revealing it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Facts {
    /// A login's user name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<Hidden>,
    /// A login's first address, as it was written: nobody has looked where it leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Hidden>,
    /// When a certificate ends, in microseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
}

/// One payload of a credential, without what it holds.
#[derive(Clone, Debug)]
pub struct Version {
    /// Its number, from 1 on.
    pub number: i64,
    /// Who wrote it; `None` once their account is erased.
    pub created_by: Option<Person>,
    /// When.
    pub created_at: Timestamp,
    /// When a newer one took its place.
    pub superseded_at: Option<Timestamp>,
}

/// To whom a team's credential is opened beside those whose role opens all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// To one person of the team.
    Person(Id<User>),
    /// To everybody from this role up.
    From(Role),
}

/// A share of a team's credential.
#[derive(Clone, Debug)]
pub struct Share {
    /// The share.
    pub id: Id<Share>,
    /// With whom, when it is one person.
    pub person: Option<Person>,
    /// From which role up, when it is not.
    pub role: Option<Role>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// One reveal: who saw a payload, and when.
#[derive(Clone, Debug)]
pub struct Revealed {
    /// The row of the audit log that stands for it.
    pub seq: i64,
    /// Who; `None` once their account is erased.
    pub person: Option<(Id<User>, String)>,
    /// When.
    pub at: Timestamp,
    /// Which version; unknown once the person's account is erased.
    pub version: Option<i64>,
}
