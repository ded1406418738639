//! Reading the audit log.

use crate::base::page::{Page, PageRequest};
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::audit::AuditRow;
use crate::domain::event::{Event, Outcome};
use crate::domain::permission::{Permission, Relation};
use crate::store::audit::{self, AuditFilter};
use crate::store::audit_check::{Check, Progress, Verified};
use crate::store::{Asker, Note, Query, ReadTx, Target};

use super::App;

/// What happened? Whoever may read only their own acts must ask for them.
#[derive(Debug)]
pub struct List {
    /// Which rows.
    pub filter: AuditFilter,
    /// Which page.
    pub page: PageRequest,
}

impl Query for List {
    type Output = Page<AuditRow>;

    fn permission(&self) -> Permission {
        Permission::AuditRead
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        let own = self.filter.actor.is_some() && self.filter.actor == caller.actor.user();
        Ok(Relation { own, ..Relation::default() })
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Page<AuditRow>, Error> {
        audit::list(read, &self.filter, &self.page)
    }
}

impl App {
    /// A page of the audit log. That it was read is on record before a row leaves.
    pub async fn read_audit(&self, caller: &Caller, list: List) -> Result<Page<AuditRow>, Error> {
        let rows = self.ask(caller, list).await?;
        let note = Note {
            event: Event::AuditQueried,
            outcome: Outcome::Success,
            target: Target::instance(),
            detail: [("rows", rows.items.len().to_string())].into(),
        };
        self.store.record(caller.clone(), note).await?;
        Ok(rows)
    }

    /// One slice of a full check of the log. Answers how many rows it looked at: none when that was all, and what was found
    /// is on record.
    ///
    /// # Errors
    /// `Internal` for a log that is not as it was written: the run of the job is a failed one.
    pub async fn check_audit(&self, job: &Caller, check: &mut Check) -> Result<u64, Error> {
        let found = match self.store.step_audit_check(check)? {
            Progress::Rows(rows) => return Ok(rows),
            Progress::Done(found) => found,
        };
        *check = Check::default();
        let (event, outcome) = match found {
            Verified::Sound { .. } => (Event::AuditVerified, Outcome::Success),
            _ => (Event::AuditVerifyFailed, Outcome::Failure),
        };
        let detail = [("found", found.to_string())].into();
        self.store.record(job.clone(), Note { event, outcome, target: Target::instance(), detail }).await?;
        match found {
            Verified::Sound { .. } => Ok(0),
            bad => Err(Error::internal(format!("the audit log is not as it was written: {bad}"))),
        }
    }

    /// Signs the audit log's head, when it has grown since it was signed. That is no act of anybody's, and leaves no row:
    /// it says of the rows what they are.
    pub async fn sign_head(&self) -> Result<(), Error> {
        self.store.sign_head().await
    }
}
