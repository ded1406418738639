//! People as the API shows them to those who run the server.

use poem_openapi::{Enum, Object};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Role, moment};
use crate::domain::user::UserState;
use crate::store::people;

/// Whether an account may act.
#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "lowercase")]
pub enum AccountState {
    /// May act.
    Active,
    /// Locked out by an administrator.
    Suspended,
    /// Its holder asked for its deletion and may still take that back.
    Leaving,
}

impl From<UserState> for AccountState {
    fn from(state: UserState) -> Self {
        match state {
            UserState::Active => Self::Active,
            UserState::Suspended => Self::Suspended,
            UserState::Leaving => Self::Leaving,
        }
    }
}

impl From<AccountState> for UserState {
    fn from(state: AccountState) -> Self {
        match state {
            AccountState::Active => Self::Active,
            AccountState::Suspended => Self::Suspended,
            AccountState::Leaving => Self::Leaving,
        }
    }
}

/// An account at a glance.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Account {
    id: Uuid,
    name: String,
    /// What they said, unless a provider vouched for it when they came.
    email: Option<String>,
    /// The role on the server; absent when there is none.
    instance_role: Option<Role>,
    state: AccountState,
    created_at: OffsetDateTime,
    /// How many sessions are live.
    sessions: i64,
}

impl From<people::Overview> for Account {
    fn from(people::Overview { user, sessions }: people::Overview) -> Self {
        Self {
            id: user.id.uuid(),
            name: user.name.as_str().to_owned(),
            email: user.email.map(|email| email.as_str().to_owned()),
            instance_role: user.instance_role.map(Role::from),
            state: user.state.into(),
            created_at: moment(user.created_at),
            sessions,
        }
    }
}
