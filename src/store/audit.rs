//! The audit log as its readers see it: filters, pages, personal parts opened.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::domain::Error;
use crate::domain::audit::{AuditActor, AuditRow, Personal};
use crate::domain::event::{Event, Outcome};
use crate::domain::user::User;

use super::audit_log::{ADDRESS, DETAIL, USER_AGENT, row_id};
use super::engine::{Row, Value};
use super::tx::{Column, ReadTx, owned_by_user};
use super::user::Names;

/// A page of the log; `$drive` names the column whose index leads.
macro_rules! page_of_log {
    ($drive:literal) => {
        concat!(
            "SELECT a.seq, a.at, a.event, a.outcome, a.actor_kind, a.scope, a.resource_type, a.resource_id, \
             a.request_id, a.address_sealed, a.user_agent_sealed, a.detail_sealed, a.leaf, u.id, u.name_sealed \
             FROM audit_log a LEFT JOIN users u ON u.pseudonym = a.actor_pseudonym WHERE a.seq < ?1 ",
            $drive,
            "AND (?2 IS NULL OR a.event = ?2) AND (?3 IS NULL OR a.outcome = ?3) AND (?4 IS NULL OR u.id = ?4) \
             AND (?5 IS NULL OR a.resource_id = ?5) AND (?6 IS NULL OR a.at >= ?6) AND (?7 IS NULL OR a.at < ?7) \
             AND (?8 IS NULL OR a.request_id = ?8) ORDER BY a.seq DESC LIMIT ?9"
        )
    };
}

statements! {
    LIST = page_of_log!("");
    LIST_OF_EVENT = page_of_log!("AND a.event = ?2 ");
    LIST_OF_REFUSALS = page_of_log!("AND a.outcome <> 'success' AND a.outcome = ?3 ");
    LIST_OF_ACTOR = page_of_log!("AND a.actor_pseudonym = (SELECT pseudonym FROM users WHERE id = ?4) ");
    LIST_OF_RESOURCE = page_of_log!("AND a.resource_id = ?5 ");
    LIST_OF_REQUEST = page_of_log!("AND a.request_id = ?8 ");
}

/// What a reader of the log may ask for. Everything given must hold.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// This event.
    pub event: Option<Event>,
    /// This outcome.
    pub outcome: Option<Outcome>,
    /// Done by this person.
    pub actor: Option<Id<User>>,
    /// Done to the thing with this id.
    pub resource: Option<Uuid>,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// Came with this request.
    pub request_id: Option<String>,
}

impl AuditFilter {
    /// The statement led by the index that narrows most.
    const fn statement(&self) -> &'static str {
        match self {
            Self { request_id: Some(_), .. } => LIST_OF_REQUEST,
            Self { resource: Some(_), .. } => LIST_OF_RESOURCE,
            Self { actor: Some(_), .. } => LIST_OF_ACTOR,
            Self { event: Some(_), .. } => LIST_OF_EVENT,
            Self { outcome: Some(Outcome::Denied | Outcome::Failure), .. } => LIST_OF_REFUSALS,
            _ => LIST,
        }
    }
}

/// A page of the log, newest first.
pub fn list(read: &ReadTx<'_>, filter: &AuditFilter, page: &PageRequest) -> Result<Page<AuditRow>, Error> {
    let below = match page.after() {
        None => i64::MAX,
        Some(key) => key.parse().map_err(|_| Error::invalid("cursor", "is not a cursor of this list"))?,
    };
    let values = [
        below.into(),
        filter.event.map(Event::as_str).into(),
        filter.outcome.map(Outcome::as_str).into(),
        filter.actor.into(),
        filter.resource.into(),
        filter.since.into(),
        filter.until.into(),
        filter.request_id.as_deref().map(Value::plain).into(),
        page.fetch().into(),
    ];
    let mut names = Names::default();
    let rows = read.all(filter.statement(), &values, |row| shown(read, &row, &mut names))?;
    Ok(page.cut(rows, |row| row.seq.to_string()))
}

fn shown(read: &ReadTx<'_>, row: &Row<'_>, names: &mut Names) -> Result<AuditRow, Error> {
    let seq = row.integer(0)?;
    let user = row.id_or_none::<User>(13)?;
    let owner = user.map_or(read.keys().instance(), owned_by_user);
    let erased = user.is_none() && row.text(4)? == "user";
    let open = |column: Column, index| -> Result<Option<String>, Error> {
        match row.blob_or_none(index)? {
            Some(_) if erased => Ok(Some("erased".to_owned())),
            Some(bytes) => read.open(owner, column, row_id(seq), bytes).map(Some),
            None => Ok(None),
        }
    };
    let detail = if erased { None } else { open(DETAIL, 11)? };
    let name = match (user, row.blob_or_none(14)?) {
        (Some(user), Some(sealed)) => Some(names.open(read, user, sealed)?.as_str().to_owned()),
        _ => None,
    };
    Ok(AuditRow {
        seq,
        at: row.time(1)?,
        event: row.word(2, Event::parse)?,
        outcome: row.word(3, Outcome::parse)?,
        actor: AuditActor { kind: row.text(4)?.to_owned(), user, name },
        scope: row.text(5)?.to_owned(),
        resource_type: row.text_or_none(6)?.map(str::to_owned),
        resource_id: row.id_or_none::<()>(7)?.map(Id::uuid),
        request_id: row.text_or_none(8)?.map(str::to_owned),
        personal: Personal {
            address: open(ADDRESS, 9)?,
            user_agent: open(USER_AGENT, 10)?,
            detail: detail.map_or(Ok(BTreeMap::new()), |json| serde_json::from_str(&json)).map_err(Error::internal)?,
        },
        leaf: row.blob(12)?.try_into().map_err(Error::internal)?,
    })
}
