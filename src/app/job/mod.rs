//! Jobs as people see them: which there are, when they ran, and runs by hand. What a run does, and when, is the runner's.

mod record;
mod runner;

use std::sync::{Arc, OnceLock};

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::base::page::{Page, PageRequest};
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::job::{JobStatus, Run};
use crate::domain::permission::{Permission, Relation};
use crate::domain::schedule::Cause;
use crate::store::{Asker, Query, ReadTx, Target, job};

use super::App;
use record::Begin;
pub use runner::{Batch, Habit, Runner};

/// The jobs of this server, handed in once.
#[derive(Default)]
pub(super) struct Registry(OnceLock<Vec<Arc<Runner>>>);

impl Registry {
    fn all(&self) -> &[Arc<Runner>] {
        self.0.get().map_or(&[], Vec::as_slice)
    }

    fn find(&self, name: &str) -> Option<&Arc<Runner>> {
        self.all().iter().find(|runner| runner.name() == name)
    }
}

/// Whose hands are on the jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hands {
    /// Somebody whose role allows it.
    Person,
    /// Whoever sits at the host's command line.
    Operator,
}

impl Hands {
    /// What looking at jobs wants.
    const fn to_read(self) -> Permission {
        match self {
            Self::Person => Permission::JobRead,
            Self::Operator => Permission::ServerRun,
        }
    }

    /// What starting one wants.
    const fn to_run(self) -> Permission {
        match self {
            Self::Person => Permission::JobRun,
            Self::Operator => Permission::ServerRun,
        }
    }
}

/// A run by hand that has begun.
#[derive(Debug)]
pub struct Begun {
    /// The run, as it began.
    pub run: Run,
    /// The audit row that stands for its beginning.
    pub seq: i64,
    /// Ends with the run and answers how that went; dropping it stops nothing.
    pub end: JoinHandle<Run>,
}

impl App {
    /// Hands the jobs in; the second time nothing happens.
    pub fn install_jobs(&self, runners: Vec<Arc<Runner>>) {
        let _ = self.jobs.0.set(runners);
    }

    /// Every job with its last run: of this process, or else the last that is on record.
    pub async fn jobs(&self, caller: &Caller, hands: Hands) -> Result<Vec<JobStatus>, Error> {
        let names = self.jobs.all().iter().map(|runner| runner.name()).collect();
        let recorded = self.ask(caller, LastRuns { names, hands }).await?;
        let status = |(runner, recorded): (&Arc<Runner>, Option<Run>)| {
            Ok(JobStatus {
                name: runner.name(),
                schedule: runner.schedule(),
                next_at: runner.next_at(self)?,
                last: runner.last().or(recorded),
            })
        };
        self.jobs.all().iter().zip(recorded).map(status).collect()
    }

    /// Begins a run by hand. `NotFound` when there is no such job, `Conflict(WrongState)` while a run of it is under way.
    pub async fn run_job(self: &Arc<Self>, caller: &Caller, name: &str, hands: Hands) -> Result<Begun, Error> {
        let runner = self.jobs.find(name);
        let turn = runner.and_then(|runner| runner.turn());
        let run = runner.map(|runner| runner.new_run(self, Cause::Hand, self.clock.now()));
        let begin = Begin { run: run.clone(), is_free: turn.is_some(), permission: hands.to_run() };
        let (Some(runner), Some(turn), Some(run)) = (runner, turn, run) else {
            // The door says why not, to whom it may.
            self.act(caller, begin).await?;
            return Err(Error::internal("a run began that could not"));
        };
        let (app, runner, by, first) = (Arc::clone(self), Arc::clone(runner), caller.clone(), run.clone());
        let (tell, told) = oneshot::channel();
        // A task of its own from the first step on: whoever asked may hang up, and what has begun is brought to its end.
        let end = tokio::spawn(async move {
            let outcome = app.act(&by, begin).await.map(|acted| acted.seq);
            let has_begun = outcome.is_ok();
            let _ = tell.send(outcome);
            if has_begun { runner.perform(&app, &by, first, true, turn).await } else { first }
        });
        let seq = told.await.map_err(Error::internal)??;
        Ok(Begun { run, seq, end })
    }
}

/// The last recorded run of each job.
#[derive(Debug)]
struct LastRuns {
    names: Vec<&'static str>,
    hands: Hands,
}

impl Query for LastRuns {
    type Output = Vec<Option<Run>>;

    fn permission(&self) -> Permission {
        self.hands.to_read()
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Self::Output, Error> {
        let last = |name| Ok(job::list(read, name, &PageRequest::first(1))?.items.pop());
        self.names.into_iter().map(last).collect()
    }
}

/// The recorded runs of one job.
#[derive(Debug)]
struct Runs {
    job: Option<&'static str>,
    page: PageRequest,
}

impl App {
    /// The recorded runs of a job, newest first.
    pub async fn job_runs(&self, caller: &Caller, name: &str, page: PageRequest) -> Result<Page<Run>, Error> {
        let job = self.jobs.find(name).map(|runner| runner.name());
        self.ask(caller, Runs { job, page }).await
    }
}

impl Query for Runs {
    type Output = Page<Run>;

    fn permission(&self) -> Permission {
        Permission::JobRead
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        self.job.map(|_| Relation::default()).ok_or(Error::NotFound)
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Page<Run>, Error> {
        job::list(read, self.job.ok_or(Error::NotFound)?, &self.page)
    }
}
