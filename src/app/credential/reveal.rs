//! Revealing a payload, and who has done so.

use crate::base::page::{Page, PageRequest};
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::audit::AuditRow;
use crate::domain::credential::{Parts, Revealed, Vault};
use crate::domain::event::{Event, Outcome};
use crate::domain::permission::{Permission, Relation, is_open_to};
use crate::domain::quota::{self, Quota};
use crate::store::audit::{self, AuditFilter};
use crate::store::{Action, Asker, Query, ReadTx, Target, Tx, credential, team};

use super::Which;

/// The fact of a reveal's row that says which version it was.
const VERSION: &str = "version";

/// Opens a payload. An act, not a question: its row is durable before a byte of the payload is answered.
#[derive(Debug)]
pub struct Reveal {
    /// Of which credential.
    pub which: Which,
    /// Which version; the newest when there is none.
    pub number: Option<i64>,
}

/// A payload in the open.
#[derive(Debug)]
pub struct Opened {
    /// What it holds.
    pub parts: Parts,
    /// The number of its version.
    pub number: i64,
}

impl Action for Reveal {
    type Output = Opened;

    fn permission(&self) -> Permission {
        self.which.vault.permission(Permission::CredentialReveal)
    }
    fn event(&self) -> Event {
        Event::CredentialRevealed
    }
    fn quota(&self) -> Option<Quota> {
        Some(quota::REVEALS)
    }
    fn target(&self) -> Target {
        self.which.target()
    }
    /// A share opens the newest version: what it replaced may never have been meant for them, and is for those who may
    /// look into its history.
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        let relation = self.which.relation(read, caller)?;
        let (Some(number), Vault::Team(team), Some(me)) = (self.number, self.which.vault, caller.actor.user()) else {
            return Ok(relation);
        };
        let is_newest = credential::get(read, self.which.vault, self.which.id)?.newest == number;
        let sees_history = is_open_to(team::find_role(read, team, me)?, Permission::CredentialHistory, relation);
        Ok(Relation { granted: relation.granted && (is_newest || sees_history), ..relation })
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Opened, Error> {
        let (number, parts) = credential::payload(tx, self.which.vault, self.which.id, self.number)?;
        tx.note(VERSION, number);
        Ok(Opened { parts, number })
    }
}

/// Who has revealed a credential? From the audit log, which nobody can leave out of.
#[derive(Debug)]
pub struct ListReveals {
    /// Which.
    pub which: Which,
    /// Which page.
    pub page: PageRequest,
}

impl Query for ListReveals {
    type Output = Page<Revealed>;

    fn permission(&self) -> Permission {
        self.which.vault.permission(Permission::CredentialHistory)
    }
    fn target(&self) -> Target {
        self.which.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.which.relation(read, caller)
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Page<Revealed>, Error> {
        credential::standing(read, self.which.vault, self.which.id)?;
        let filter = AuditFilter {
            event: Some(Event::CredentialRevealed),
            outcome: Some(Outcome::Success),
            resource: Some(self.which.id.uuid()),
            ..AuditFilter::default()
        };
        Ok(audit::list(read, &filter, &self.page)?.map(revealed))
    }
}

/// What of a row concerns those who answer for a credential: not from where somebody came.
fn revealed(row: AuditRow) -> Revealed {
    Revealed {
        seq: row.seq,
        person: row.actor.user.zip(row.actor.name),
        at: row.at,
        version: row.personal.detail.get(VERSION).and_then(|number| number.parse().ok()),
    }
}
