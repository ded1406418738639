//! The objects of the API. They say what a client sees; the rules are in `domain`.

use std::collections::HashMap;

use poem_openapi::types::{ParseFromJSON, ToJSON, Type};
use poem_openapi::{Enum, Object};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::base::clock::Timestamp;
use crate::base::hex;
use crate::base::page::{Page, PageRequest};
use crate::domain::{Error, audit, delegation, role, session, team, user};

/// A moment as the API writes it.
pub fn moment(at: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.micros()) * 1_000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// A moment as the API reads it.
pub fn timestamp(at: OffsetDateTime) -> Timestamp {
    Timestamp::from_micros(i64::try_from(at.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX))
}

/// Reads the parameters of a list.
pub fn page_request(limit: Option<u32>, cursor: Option<&str>) -> Result<PageRequest, Error> {
    PageRequest::parse(limit, cursor).ok_or_else(|| Error::invalid("cursor", "is not a cursor of this list"))
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

impl From<delegation::Person> for Person {
    fn from(person: delegation::Person) -> Self {
        Self { id: person.id.uuid(), name: person.name.as_str().to_owned() }
    }
}

/// An account.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct User {
    id: Uuid,
    name: String,
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
pub struct Session {
    id: Uuid,
    /// `console` keeps its token in a cookie, `client` sends it.
    kind: String,
    /// When the person last proved who they are.
    auth_time: OffsetDateTime,
    /// When it ends, whatever happens.
    expires_at: OffsetDateTime,
    /// Until when dangerous acts need no new proof.
    step_up_until: OffsetDateTime,
}

impl From<session::Session> for Session {
    fn from(session: session::Session) -> Self {
        Self {
            id: session.id.uuid(),
            kind: session.kind.as_str().to_owned(),
            auth_time: moment(session.auth_time),
            expires_at: moment(session.expires_at),
            step_up_until: moment(session.auth_time + session::STEP_UP_WINDOW),
        }
    }
}

/// A team.
#[derive(Object)]
pub struct Team {
    id: Uuid,
    name: String,
    /// The caller's role in it.
    my_role: Role,
    created_at: OffsetDateTime,
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

/// An open door into a team. Its token is shown once, when it is made.
#[derive(Object)]
pub struct Invitation {
    id: Uuid,
    team_id: Uuid,
    role: Role,
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
            invited_by: invitation.invited_by.uuid(),
            email_bound: invitation.email_bound,
            created_at: moment(invitation.created_at),
            expires_at: moment(invitation.expires_at),
        }
    }
}

/// Where a delegation stands.
#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "snake_case")]
pub enum DelegationState {
    /// Written down, offered to nobody.
    Draft,
    /// Waits for the assignee's answer.
    Offered,
    /// The assignee said yes.
    Accepted,
    /// The assignee is at it.
    InProgress,
    /// The assignee says it is done.
    Done,
    /// The delegator agrees.
    Confirmed,
    /// The assignee said no.
    Declined,
    /// The delegator took it back.
    Cancelled,
}

impl From<delegation::State> for DelegationState {
    fn from(state: delegation::State) -> Self {
        match state {
            delegation::State::Draft => Self::Draft,
            delegation::State::Offered => Self::Offered,
            delegation::State::Accepted => Self::Accepted,
            delegation::State::InProgress => Self::InProgress,
            delegation::State::Done => Self::Done,
            delegation::State::Confirmed => Self::Confirmed,
            delegation::State::Declined => Self::Declined,
            delegation::State::Cancelled => Self::Cancelled,
        }
    }
}

impl From<DelegationState> for delegation::State {
    fn from(state: DelegationState) -> Self {
        match state {
            DelegationState::Draft => Self::Draft,
            DelegationState::Offered => Self::Offered,
            DelegationState::Accepted => Self::Accepted,
            DelegationState::InProgress => Self::InProgress,
            DelegationState::Done => Self::Done,
            DelegationState::Confirmed => Self::Confirmed,
            DelegationState::Declined => Self::Declined,
            DelegationState::Cancelled => Self::Cancelled,
        }
    }
}

/// How pressing a delegation is.
#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "lowercase")]
pub enum Priority {
    /// When there is time.
    Low,
    /// As usual.
    Normal,
    /// Before the others.
    High,
    /// Now.
    Urgent,
}

impl From<delegation::Priority> for Priority {
    fn from(priority: delegation::Priority) -> Self {
        match priority {
            delegation::Priority::Low => Self::Low,
            delegation::Priority::Normal => Self::Normal,
            delegation::Priority::High => Self::High,
            delegation::Priority::Urgent => Self::Urgent,
        }
    }
}

impl From<Priority> for delegation::Priority {
    fn from(priority: Priority) -> Self {
        match priority {
            Priority::Low => Self::Low,
            Priority::Normal => Self::Normal,
            Priority::High => Self::High,
            Priority::Urgent => Self::Urgent,
        }
    }
}

/// A piece of work that somebody gave to somebody.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Delegation {
    id: Uuid,
    team_id: Uuid,
    title: String,
    body: String,
    state: DelegationState,
    priority: Priority,
    labels: Vec<String>,
    due_at: Option<OffsetDateTime>,
    /// Who gave it.
    delegator: Person,
    /// Who has it, once somebody was chosen.
    assignee: Option<Person>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
    /// Its version, for `If-Match`.
    etag: String,
}

impl From<delegation::Delegation> for Delegation {
    fn from(delegation: delegation::Delegation) -> Self {
        Self {
            id: delegation.id.uuid(),
            team_id: delegation.team.uuid(),
            title: delegation.title.as_str().to_owned(),
            body: delegation.body.as_str().to_owned(),
            state: delegation.state.into(),
            priority: delegation.priority.into(),
            labels: delegation.labels.iter().map(|label| label.as_str().to_owned()).collect(),
            due_at: delegation.due_at.map(moment),
            delegator: delegation.delegator.into(),
            assignee: delegation.assignee.map(Person::from),
            created_at: moment(delegation.created_at),
            updated_at: moment(delegation.updated_at),
            etag: super::answer::etag(delegation.version),
        }
    }
}

/// One link of the chain of custody.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct CustodyLink {
    at: OffsetDateTime,
    /// Who took the step; absent once their account is erased.
    actor: Option<Person>,
    /// Which step; `create` for the first link.
    step: String,
    /// The state it led to.
    state: DelegationState,
    /// Who had the work from then on.
    assignee: Option<Person>,
}

impl From<delegation::CustodyLink> for CustodyLink {
    fn from(link: delegation::CustodyLink) -> Self {
        Self {
            at: moment(link.at),
            actor: link.actor.map(Person::from),
            step: link.step.map_or("create", delegation::Step::as_str).to_owned(),
            state: link.state.into(),
            assignee: link.assignee.map(Person::from),
        }
    }
}

/// Who did something.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct AuditActor {
    /// `user`, `anonymous`, `job` or `operator`.
    kind: String,
    /// The account, while it exists.
    user_id: Option<Uuid>,
    /// Its name, while it exists.
    name: Option<String>,
}

/// How something ended.
#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "lowercase")]
pub enum Outcome {
    /// Done, and durable.
    Success,
    /// Not allowed.
    Denied,
    /// Allowed, and nothing changed all the same.
    Failure,
}

impl From<crate::domain::event::Outcome> for Outcome {
    fn from(outcome: crate::domain::event::Outcome) -> Self {
        match outcome {
            crate::domain::event::Outcome::Success => Self::Success,
            crate::domain::event::Outcome::Denied => Self::Denied,
            crate::domain::event::Outcome::Failure => Self::Failure,
        }
    }
}

impl From<Outcome> for crate::domain::event::Outcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Success => Self::Success,
            Outcome::Denied => Self::Denied,
            Outcome::Failure => Self::Failure,
        }
    }
}

/// One row of the audit log.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct AuditRow {
    /// Its place in the log, from 1 on without a gap.
    seq: i64,
    at: OffsetDateTime,
    /// What happened, such as `delegation.created`.
    event: String,
    outcome: Outcome,
    actor: AuditActor,
    /// `instance`, or a team's id.
    scope: String,
    resource_type: Option<String>,
    resource_id: Option<Uuid>,
    request_id: Option<String>,
    address: Option<String>,
    user_agent: Option<String>,
    /// What else there is to know.
    detail: HashMap<String, String>,
    /// The RFC 6962 leaf hash of the row as it is stored, in hexadecimal.
    leaf: String,
}

impl From<audit::AuditRow> for AuditRow {
    fn from(row: audit::AuditRow) -> Self {
        Self {
            seq: row.seq,
            at: moment(row.at),
            event: row.event.as_str().to_owned(),
            outcome: row.outcome.into(),
            actor: AuditActor {
                kind: row.actor.kind,
                user_id: row.actor.user.map(crate::base::id::Id::uuid),
                name: row.actor.name,
            },
            scope: row.scope,
            resource_type: row.resource_type,
            resource_id: row.resource_id,
            request_id: row.request_id,
            address: row.personal.address,
            user_agent: row.personal.user_agent,
            detail: row.personal.detail.into_iter().collect(),
            leaf: hex::encode(&row.leaf),
        }
    }
}
