//! A row of the audit log as its readers see it.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::base::clock::Timestamp;
use crate::base::id::Id;

use super::event::{Event, Outcome};
use super::user::User;

/// One thing that happened, or was tried.
#[derive(Clone, Debug)]
pub struct AuditRow {
    /// Its place in the log, from 1 on without a gap.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub event: Event,
    /// How it ended.
    pub outcome: Outcome,
    /// Who.
    pub actor: AuditActor,
    /// `instance`, or the team's id.
    pub scope: String,
    /// The kind of the thing it was done to.
    pub resource_type: Option<String>,
    /// The id of the thing it was done to.
    pub resource_id: Option<Uuid>,
    /// The request it came with.
    pub request_id: Option<String>,
    /// What is sealed under the actor's key.
    pub personal: Personal,
    /// RFC 6962 leaf hash of the row as it is stored.
    pub leaf: [u8; 32],
}

/// Who did it.
#[derive(Clone, Debug)]
pub struct AuditActor {
    /// `user`, `anonymous`, `job` or `operator`.
    pub kind: String,
    /// The account behind the row's pseudonym, while it exists.
    pub user: Option<Id<User>>,
    /// Its name, while it exists.
    pub name: Option<String>,
}

/// The personal part of a row.
#[derive(Clone, Debug, Default)]
pub struct Personal {
    /// The client's address.
    pub address: Option<String>,
    /// What the client called itself.
    pub user_agent: Option<String>,
    /// What else there is to know, such as the permission that was missing.
    pub detail: BTreeMap<String, String>,
}
