//! A row of the audit log as the API shows it.

use std::collections::HashMap;

use poem_openapi::{Enum, Object};
use time::OffsetDateTime;
use uuid::Uuid;

use super::moment;
use crate::base::hex;
use crate::base::id::Id;
use crate::domain::{audit, event};

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

impl From<event::Outcome> for Outcome {
    fn from(outcome: event::Outcome) -> Self {
        match outcome {
            event::Outcome::Success => Self::Success,
            event::Outcome::Denied => Self::Denied,
            event::Outcome::Failure => Self::Failure,
        }
    }
}

impl From<Outcome> for event::Outcome {
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
            actor: AuditActor { kind: row.actor.kind, user_id: row.actor.user.map(Id::uuid), name: row.actor.name },
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
