//! A delegation as the API shows it.

use poem_openapi::{Enum, Object};
use time::OffsetDateTime;
use uuid::Uuid;

use super::super::answer;
use super::{Person, moment};
use crate::domain::delegation;

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
    /// Whether it is past its due time at this moment, and not finished.
    overdue: bool,
    /// When that was noticed and told; absent until then, and after the due time changed.
    overdue_at: Option<OffsetDateTime>,
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
            overdue: delegation.is_overdue,
            overdue_at: delegation.overdue_at.map(moment),
            delegator: delegation.delegator.into(),
            assignee: delegation.assignee.map(Person::from),
            created_at: moment(delegation.created_at),
            updated_at: moment(delegation.updated_at),
            etag: answer::etag(delegation.version),
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
