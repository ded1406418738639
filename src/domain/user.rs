//! People.

use crate::base::clock::Timestamp;
use crate::base::id::Id;

use super::role::Role;
use super::text::{Email, Name};

/// A person with an account.
#[derive(Clone, Debug)]
pub struct User {
    /// Never recycled.
    pub id: Id<User>,
    /// How others see them; sealed in the database.
    pub name: Name,
    /// Optional: a person who came by a link may have none. What they say, unless a provider vouched for it. Sealed in
    /// the database.
    pub email: Option<Email>,
    /// Their role on the server; `None` permits nothing.
    pub instance_role: Option<Role>,
    /// Whether they may act.
    pub state: UserState,
    /// When the account began.
    pub created_at: Timestamp,
}

/// Whether an account may act.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UserState {
    /// May act.
    Active,
    /// Locked out by an administrator.
    Suspended,
    /// Its holder asked for its deletion and may still take that back.
    Leaving,
}

impl UserState {
    /// The state's name in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Leaving => "leaving",
        }
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Active, Self::Suspended, Self::Leaving].into_iter().find(|state| state.as_str() == name)
    }
}
