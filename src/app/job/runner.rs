//! One job at work: one run at a time, batch after batch, whatever goes wrong in it.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::actor::{Actor, Caller};
use crate::domain::job::{End, Run};
use crate::domain::permission::Permission;
use crate::domain::schedule::{Cause, MAKE_UP_AFTER, Schedule, cause};
use crate::store::job;

use super::super::App;
use super::record::{Begin, Finish};

/// Between two batches, so that what people write comes in between.
const PAUSE: Duration = Duration::from_millis(10);

/// One batch of a job: how many rows it changed.
pub type Batch = Box<dyn Fn(Arc<App>, Caller) -> Changing + Send + Sync>;
/// A batch under way.
type Changing = Pin<Box<dyn Future<Output = Result<u64, Error>> + Send>>;

/// The right to run a job: there is one.
pub(super) type Turn = OwnedMutexGuard<()>;

/// How a job goes about its runs.
#[derive(Clone, Copy, Debug)]
pub struct Habit {
    /// Whether a run goes on until a batch changes nothing.
    pub in_batches: bool,
    /// Whether each start is an occasion of its own.
    pub at_start: bool,
}

/// A job with what this process knows of it.
pub struct Runner {
    name: &'static str,
    actor: Actor,
    schedule: Schedule,
    batch: Batch,
    habit: Habit,
    turn: Arc<AsyncMutex<()>>,
    stopping: AtomicBool,
    memory: Mutex<Memory>,
}

/// What is known without the database.
struct Memory {
    /// Since when the server runs; earlier moments were missed.
    started: Timestamp,
    /// The last run of this process.
    last: Option<Run>,
    /// Whether the runs that the last process did not finish are closed.
    is_swept: bool,
    /// Whether the run of the start is still to come.
    is_awaited: bool,
}

impl Runner {
    /// A job that has not run yet, of a server that starts `now`.
    pub fn new(
        name: &'static str,
        actor: Actor,
        schedule: Schedule,
        now: Timestamp,
        batch: Batch,
        habit: Habit,
    ) -> Self {
        let memory = Mutex::new(Memory { started: now, last: None, is_swept: false, is_awaited: habit.at_start });
        Self { name, actor, schedule, batch, habit, turn: Arc::default(), stopping: AtomicBool::new(false), memory }
    }

    /// The job's name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    pub(super) const fn schedule(&self) -> Schedule {
        self.schedule
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn last(&self) -> Option<Run> {
        self.memory().last.clone()
    }

    /// The one right to run the job; nothing while somebody has it, or when the server stops.
    pub(super) fn turn(&self) -> Option<Turn> {
        let turn = Arc::clone(&self.turn).try_lock_owned().ok()?;
        (!self.stopping.load(Ordering::Acquire)).then_some(turn)
    }

    /// Lets nothing begin any more, no further batch of a run that is under way either.
    pub fn refuse(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// Waits until nothing is under way.
    pub async fn rest(&self) {
        drop(self.turn.lock().await);
    }

    /// The newest moment that was served, or that an interval counts from.
    fn newest_served(&self, app: &App) -> Result<Timestamp, Error> {
        match self.schedule {
            Schedule::Daily { .. } => app.store.look(|read| job::newest_served(read, self.name)),
            Schedule::Every(_) => {
                let memory = self.memory();
                Ok(memory.last.as_ref().map_or(memory.started, |run| run.started_at))
            }
        }
    }

    /// Since when the server runs. When the clock was set back to before that, it starts now, as far as the clock knows.
    fn started(&self, now: Timestamp) -> Timestamp {
        let mut memory = self.memory();
        memory.started = memory.started.min(now);
        memory.started
    }

    /// When it will run next, if nobody asks for it earlier.
    pub(super) fn next_at(&self, app: &App) -> Result<Timestamp, Error> {
        let (now, last) = (app.clock.now(), self.newest_served(app)?);
        let started = self.started(now);
        Ok(match self.schedule.due(now, last) {
            None => self.schedule.next(now, last),
            Some(moment) if cause(moment, started, now).is_some() => now,
            Some(_) => started + MAKE_UP_AFTER,
        })
    }

    /// Runs the job if it is due. One look of its timer.
    pub async fn run_if_due(&self, app: &Arc<App>) -> Result<(), Error> {
        let Some(turn) = self.turn() else { return Ok(()) };
        let job = Caller::local(self.actor.clone());
        self.sweep(app, &job).await?;
        let now = app.clock.now();
        let due = self.schedule.due(now, self.newest_served(app)?);
        let due = due.and_then(|moment| Some((moment, cause(moment, self.started(now), now)?)));
        let is_awaited = std::mem::take(&mut self.memory().is_awaited);
        let due = due.or_else(|| is_awaited.then_some((now, Cause::Schedule)));
        let Some((moment, cause)) = due else { return Ok(()) };
        let run = self.new_run(app, cause, moment);
        let is_recorded = self.schedule.is_recorded();
        if is_recorded {
            let begin = Begin { run: Some(run.clone()), is_free: true, permission: Permission::JobRecord };
            app.act(&job, begin).await?;
        }
        self.perform(app, &job, run, is_recorded, turn).await;
        Ok(())
    }

    /// Closes what a process that died left under way: nobody works on it any more.
    async fn sweep(&self, app: &App, job: &Caller) -> Result<(), Error> {
        if self.memory().is_swept {
            return Ok(());
        }
        for run in app.store.look(|read| job::under_way(read, self.name))? {
            let end = End { at: app.clock.now(), success: false, affected: None };
            app.act(job, Finish { run, end, error: Some("cut short") }).await?;
        }
        self.memory().is_swept = true;
        Ok(())
    }

    pub(super) fn new_run(&self, app: &App, cause: Cause, scheduled_for: Timestamp) -> Run {
        let started_at = app.clock.now();
        let id = Id::mint(started_at, &*app.entropy);
        Run { id, job: self.name.to_owned(), scheduled_for, cause, started_at, end: None }
    }

    /// Does the work of a run that has begun, and puts its end on record. What the job does, it does in its own name and
    /// in the circumstances of whoever began it.
    pub(super) async fn perform(
        &self,
        app: &Arc<App>,
        by: &Caller,
        mut run: Run,
        is_recorded: bool,
        turn: Turn,
    ) -> Run {
        self.memory().last = Some(run.clone());
        let job = Caller { actor: self.actor.clone(), ..by.clone() };
        let (affected, error) = self.batches(app, &job).await;
        let end = End { at: app.clock.now(), success: error.is_none(), affected: Some(affected) };
        if let Some(error) = error {
            tracing::error!(job = self.name, affected, error, "a job failed");
        }
        run.end = Some(end);
        if is_recorded {
            let finish = Finish { run: run.clone(), end, error };
            if let Err(error) = app.act(&job, finish).await {
                tracing::error!(job = self.name, %error, "the end of a run could not be recorded");
            }
        }
        self.memory().last = Some(run.clone());
        drop(turn);
        run
    }

    /// Batch after batch where the job has several, until one changes nothing, fails or panics, or the server stops.
    /// Answers how many rows changed, and what went wrong.
    async fn batches(&self, app: &Arc<App>, job: &Caller) -> (u64, Option<&'static str>) {
        let mut affected = 0;
        loop {
            // A task of its own: a panic ends the batch, and neither the timer nor the server.
            match tokio::spawn((self.batch)(Arc::clone(app), job.clone())).await {
                Ok(Ok(count)) if count == 0 || !self.habit.in_batches => return (affected + count, None),
                Ok(Ok(count)) => affected += count,
                Ok(Err(error)) => {
                    tracing::error!(job = self.name, %error, "a batch failed");
                    return (affected, Some(error.kind()));
                }
                Err(_) => return (affected, Some("panic")),
            }
            if self.stopping.load(Ordering::Acquire) {
                return (affected, Some("stopped"));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}
