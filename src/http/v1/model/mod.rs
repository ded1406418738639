//! The objects of the API. They say what a client sees; the rules are in `domain`.

mod api_key;
mod audit;
mod audit_proof;
mod comment;
mod conversation;
mod credential;
mod delegation;
mod device;
mod grant;
mod job;
mod live;
mod message;
mod notification;
mod people;
mod search;
mod webhook;

use poem_openapi::types::{ParseFromJSON, ToJSON, Type};
use poem_openapi::{Enum, Object};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::domain::{self, Error, role, session, team, user};

pub use api_key::{ApiKey, ApiKeyOfSomebody, ApiKeyWithToken, scope_names};
pub use audit::{AuditRow, Outcome};
pub use audit_proof::{AuditCheckpoint, AuditGrowth, AuditRowProof};
pub use comment::{Comment, Watcher};
pub use conversation::{Conversation, MyConversations, Participant};
pub use credential::{
    Credential, CredentialKind, CredentialPayload, CredentialReveal, CredentialShare, CredentialVersion,
    GeneratedPassword, ImportReport, RevealedPayload,
};
pub use delegation::{CustodyLink, Delegation, DelegationState, Priority};
pub use device::{KnownDevice, ListedSession};
pub use grant::{Grant, GrantKind, OpenGrant};
pub use job::{Job, JobRun};
pub use live::{Happening, Reason, StreamEvent};
pub use message::{Message, ReportedMessage, Stretch, window_request};
pub use notification::{Notification, NotificationPreference, Notifications};
pub use people::{Account, AccountState};
pub use search::{Findable, SearchHit};
pub use webhook::{Delivery, DeliveryState, Webhook, WebhookState, WebhookWithSecret};

/// A moment as the API writes it.
pub fn moment(at: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.micros()) * 1_000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// A moment as the API reads it, if there is one; `pointer` says where it stood.
pub fn timestamp(pointer: &str, at: Option<OffsetDateTime>) -> Result<Option<Timestamp>, Error> {
    let parse = |at| Timestamp::of(at).ok_or_else(|| Error::invalid(pointer, "must be in the years 0 to 9999 of UTC"));
    at.map(parse).transpose()
}

/// Reads the parameters of a list.
pub fn page_request(limit: Option<u32>, cursor: Option<&str>) -> Result<PageRequest, Error> {
    PageRequest::parse(limit, cursor).ok_or_else(|| Error::invalid("cursor", "is not a cursor of this list"))
}

/// Ids as typed ones, each once.
pub fn distinct<T>(ids: &[Uuid]) -> Vec<Id<T>> {
    let mut typed: Vec<Id<T>> = Vec::new();
    for id in ids.iter().map(|id| Id::from_uuid(*id)) {
        if !typed.contains(&id) {
            typed.push(id);
        }
    }
    typed
}

/// One page of a list.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct List<T: Type + ParseFromJSON + ToJSON + Send + Sync> {
    /// The items.
    items: Vec<T>,
    /// Give it as `cursor` to get the next page; absent on the last.
    next_cursor: Option<String>,
}

impl<T: Type + ParseFromJSON + ToJSON + Send + Sync> List<T> {
    /// A page, each item turned.
    pub fn of<U>(page: Page<U>, turn: impl FnMut(U) -> T) -> Self {
        let Page { items, next } = page.map(turn);
        Self { items, next_cursor: next.map(|cursor| cursor.to_string()) }
    }

    /// A list that is always whole.
    pub fn whole(items: Vec<T>) -> Self {
        Self { items, next_cursor: None }
    }
}

/// Owner → Admin → Manager → Member.
#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "lowercase")]
pub enum Role {
    /// Answers for the scope.
    Owner,
    /// Runs the scope.
    Admin,
    /// Hands out work.
    Manager,
    /// Works.
    Member,
}

impl From<role::Role> for Role {
    fn from(role: role::Role) -> Self {
        match role {
            role::Role::Owner => Self::Owner,
            role::Role::Admin => Self::Admin,
            role::Role::Manager => Self::Manager,
            role::Role::Member => Self::Member,
        }
    }
}

impl From<Role> for role::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Owner => Self::Owner,
            Role::Admin => Self::Admin,
            Role::Manager => Self::Manager,
            Role::Member => Self::Member,
        }
    }
}

/// A person as others see them.
#[derive(Object)]
pub struct Person {
    id: Uuid,
    name: String,
}

impl From<domain::delegation::Person> for Person {
    fn from(person: domain::delegation::Person) -> Self {
        Self { id: person.id.uuid(), name: person.name.as_str().to_owned() }
    }
}

/// An account.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct User {
    id: Uuid,
    name: String,
    /// What they said, unless a provider vouched for it when they came.
    email: Option<String>,
    /// The role on the server; absent when there is none.
    instance_role: Option<Role>,
}

impl From<user::User> for User {
    fn from(user: user::User) -> Self {
        Self {
            id: user.id.uuid(),
            name: user.name.as_str().to_owned(),
            email: user.email.map(|email| email.as_str().to_owned()),
            instance_role: user.instance_role.map(Role::from),
        }
    }
}

/// A sign-in's lifetime.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Session {
    id: Uuid,
    /// `console` keeps its token in a cookie, `client` sends it.
    kind: String,
    /// How it began: `link`, `invitation`, `provider`, `passkey` or `qr`.
    method: String,
    /// When the person last proved who they are.
    auth_time: OffsetDateTime,
    /// When it ends, whatever happens.
    expires_at: OffsetDateTime,
    /// Until when dangerous acts need no new proof; absent for a session that another device vouched for.
    step_up_until: Option<OffsetDateTime>,
}

impl From<session::Session> for Session {
    fn from(session: session::Session) -> Self {
        Self {
            id: session.id.uuid(),
            kind: session.kind.as_str().to_owned(),
            method: session.method.as_str().to_owned(),
            auth_time: moment(session.auth_time),
            expires_at: moment(session.expires_at),
            step_up_until: session.fresh_until().map(moment),
        }
    }
}

/// A team.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Team {
    id: Uuid,
    name: String,
    /// The caller's role in it.
    my_role: Role,
    created_at: OffsetDateTime,
    /// When it was deleted; absent while it is open.
    deleted_at: Option<OffsetDateTime>,
    /// Until when an Owner can bring it back; absent while it is open.
    purge_at: Option<OffsetDateTime>,
    /// Its version, for `If-Match`.
    etag: String,
}

impl From<crate::app::team::MyTeam> for Team {
    fn from(mine: crate::app::team::MyTeam) -> Self {
        Self {
            id: mine.team.id.uuid(),
            name: mine.team.name.as_str().to_owned(),
            my_role: mine.role.into(),
            created_at: moment(mine.team.created_at),
            deleted_at: mine.team.deleted_at.map(moment),
            purge_at: mine.team.purge_at().map(moment),
            etag: super::answer::etag(mine.team.version),
        }
    }
}

/// A person in a team.
#[derive(Object)]
pub struct Member {
    user_id: Uuid,
    name: String,
    role: Role,
    joined_at: OffsetDateTime,
}

impl From<team::Member> for Member {
    fn from(member: team::Member) -> Self {
        Self {
            user_id: member.user.uuid(),
            name: member.name.as_str().to_owned(),
            role: member.role.into(),
            joined_at: moment(member.joined_at),
        }
    }
}

/// What became of an invitation.
#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "lowercase")]
pub enum InvitationState {
    /// Whoever holds its token may come in.
    Open,
    /// Somebody came in.
    Used,
    /// Its time ran out.
    Expired,
    /// It was taken back.
    Revoked,
}

impl From<team::InvitationState> for InvitationState {
    fn from(state: team::InvitationState) -> Self {
        match state {
            team::InvitationState::Open => Self::Open,
            team::InvitationState::Used => Self::Used,
            team::InvitationState::Expired => Self::Expired,
            team::InvitationState::Revoked => Self::Revoked,
        }
    }
}

impl From<InvitationState> for team::InvitationState {
    fn from(state: InvitationState) -> Self {
        match state {
            InvitationState::Open => Self::Open,
            InvitationState::Used => Self::Used,
            InvitationState::Expired => Self::Expired,
            InvitationState::Revoked => Self::Revoked,
        }
    }
}

/// A door into a team. Its token is shown once, when it is made.
#[derive(Object)]
pub struct Invitation {
    id: Uuid,
    team_id: Uuid,
    role: Role,
    state: InvitationState,
    /// Who opened it.
    invited_by: Uuid,
    /// Whether it is bound to one e-mail address.
    email_bound: bool,
    created_at: OffsetDateTime,
    expires_at: OffsetDateTime,
}

impl From<team::Invitation> for Invitation {
    fn from(invitation: team::Invitation) -> Self {
        Self {
            id: invitation.id.uuid(),
            team_id: invitation.team.uuid(),
            role: invitation.role.into(),
            state: invitation.state.into(),
            invited_by: invitation.invited_by.uuid(),
            email_bound: invitation.email_bound,
            created_at: moment(invitation.created_at),
            expires_at: moment(invitation.expires_at),
        }
    }
}
