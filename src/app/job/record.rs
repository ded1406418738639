//! What of a run goes on record: that it begins, and how it ended.

use crate::domain::actor::Caller;
use crate::domain::event::Event;
use crate::domain::job::{End, Run};
use crate::domain::permission::{Permission, Relation};
use crate::domain::{Conflict, Error};
use crate::store::{Action, ReadTx, Target, Tx, job};

const KIND: &str = "job-run";

/// Begins a run, of a job that exists.
#[derive(Debug)]
pub(super) struct Begin {
    /// The run; nothing when there is no such job.
    pub run: Option<Run>,
    /// Whether no other run of the job is under way.
    pub is_free: bool,
    /// What it wants of whoever begins it.
    pub permission: Permission,
}

impl Action for Begin {
    type Output = ();

    fn permission(&self) -> Permission {
        self.permission
    }
    fn event(&self) -> Event {
        Event::JobStarted
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        self.run.as_ref().map(|_| Relation::default()).ok_or(Error::NotFound)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let run = self.run.ok_or(Error::NotFound)?;
        if !self.is_free {
            return Err(Error::Conflict(Conflict::WrongState));
        }
        note(tx, &run);
        job::begin(tx, &run)
    }
}

/// Finishes a run. One that failed leaves a row that says so.
#[derive(Debug)]
pub(super) struct Finish {
    pub run: Run,
    pub end: End,
    /// Why it failed.
    pub error: Option<&'static str>,
}

impl Action for Finish {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::JobRecord
    }
    fn event(&self) -> Event {
        Event::JobRun
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        note(tx, &self.run);
        tx.note("outcome", self.end.outcome());
        if let Some(affected) = self.end.affected {
            tx.note("affected", affected);
        }
        if let Some(error) = self.error {
            tx.note("error", error);
        }
        if !self.end.success {
            tx.record_failure();
        }
        job::finish(tx, self.run.id, &self.end)
    }
}

fn note(tx: &mut Tx<'_>, run: &Run) {
    tx.concerns(KIND, run.id);
    tx.note("job", &run.job);
    tx.note("cause", run.cause.as_str());
    tx.note("scheduled_for", run.scheduled_for);
}
