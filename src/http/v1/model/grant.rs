//! Grants as the API shows them, to those who made them and to those they are for.

use poem_openapi::{Enum, Object};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Person, Role, moment};
use crate::domain::grant::{self, ThingKind};
use crate::store::grant::OpenToMe;

/// What can be opened to a guest.
#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "lowercase")]
pub enum GrantKind {
    /// A delegation with its comments.
    Delegation,
    /// A conversation with its messages.
    Conversation,
}

impl From<GrantKind> for ThingKind {
    fn from(kind: GrantKind) -> Self {
        match kind {
            GrantKind::Delegation => Self::Delegation,
            GrantKind::Conversation => Self::Conversation,
        }
    }
}

impl From<ThingKind> for GrantKind {
    fn from(kind: ThingKind) -> Self {
        match kind {
            ThingKind::Delegation => Self::Delegation,
            ThingKind::Conversation => Self::Conversation,
        }
    }
}

/// One thing of a team, opened to one person outside of it.
#[derive(Object)]
pub struct Grant {
    id: Uuid,
    team_id: Uuid,
    resource_type: GrantKind,
    resource_id: Uuid,
    /// To whom.
    guest: Person,
    role: Role,
    /// Who opened it.
    granted_by: Uuid,
    created_at: OffsetDateTime,
    expires_at: OffsetDateTime,
}

impl From<grant::Grant> for Grant {
    fn from(grant: grant::Grant) -> Self {
        Self {
            id: grant.id.uuid(),
            team_id: grant.team.uuid(),
            resource_type: grant.thing.kind.into(),
            resource_id: grant.thing.id.uuid(),
            guest: grant.guest.into(),
            role: grant.role.into(),
            granted_by: grant.granted_by.uuid(),
            created_at: moment(grant.created_at),
            expires_at: moment(grant.expires_at),
        }
    }
}

/// Something that is open to me.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct OpenGrant {
    id: Uuid,
    team_id: Uuid,
    team_name: String,
    resource_type: GrantKind,
    resource_id: Uuid,
    /// What it is called; absent for a conversation without a name.
    title: Option<String>,
    role: Role,
    expires_at: OffsetDateTime,
}

impl From<OpenToMe> for OpenGrant {
    fn from(OpenToMe { grant, team_name, title }: OpenToMe) -> Self {
        Self {
            id: grant.id.uuid(),
            team_id: grant.team.uuid(),
            team_name: team_name.as_str().to_owned(),
            resource_type: grant.thing.kind.into(),
            resource_id: grant.thing.id.uuid(),
            title,
            role: grant.role.into(),
            expires_at: moment(grant.expires_at),
        }
    }
}
