//! Floor 4: the timers. What comes round, one file each, and the driver that looks at the clock for all of them.
//!
//! The driver asks our own [`Clock`](crate::base::clock::Clock) every few seconds what is due, so that a clock that is set
//! forward or back, a machine that slept and a test that moves time are all the same to it. A daily job's runs are on
//! record, and a moment is served once, whatever restarts; moments that the server missed are made up for by one run, a
//! minute after the start. Jobs that come round every minute are not recorded: a row a minute, and one in the audit log,
//! would bury what matters. Their last run is kept in memory, and what they do leaves rows of its own.

pub mod certificate;
pub mod failure_bursts;
pub mod last_seen;
pub mod provider_tokens;
pub mod qr_expiry;
pub mod team_purge;
pub mod token_clean_up;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::App;
use crate::app::job::{Batch, Runner};
use crate::base::clock::Timestamp;
use crate::domain::Error;
use crate::domain::actor::{Actor, Caller};
use crate::domain::schedule::Schedule;

/// How often the driver looks at the clock.
const LOOK: Duration = Duration::from_secs(2);

/// Something that comes round again and again.
pub trait Job: Send + Sync + 'static {
    /// Its name in the API and in the audit log.
    const NAME: &'static str;
    /// When it runs.
    const SCHEDULE: Schedule;
    /// Whether a run is batch after batch until one changes nothing. Not for a job that what goes on meanwhile gives
    /// new work to do: its run would never end.
    const IN_BATCHES: bool = false;
    /// One batch in one transaction, acting as `job`: how many rows it changed. It is idempotent: what one run left
    /// undone, the next one does.
    fn run(&self, app: &App, job: &Caller) -> impl Future<Output = Result<u64, Error>> + Send;
}

/// The jobs of a server.
pub struct Jobs {
    started: Timestamp,
    runners: Vec<Arc<Runner>>,
    stop: watch::Sender<bool>,
    timers: JoinSet<()>,
}

impl Jobs {
    /// No jobs yet, of a server that starts now.
    pub fn of(app: &App) -> Self {
        Self { started: app.clock().now(), runners: Vec::new(), stop: watch::Sender::default(), timers: JoinSet::new() }
    }

    /// One more.
    #[must_use]
    pub fn with<J: Job>(mut self, job: J) -> Self {
        let job = Arc::new(job);
        let batch: Batch = Box::new(move |app, caller| {
            let job = Arc::clone(&job);
            Box::pin(async move { job.run(&app, &caller).await })
        });
        self.runners.push(Arc::new(Runner::new(
            J::NAME,
            Actor::Job(J::NAME),
            J::SCHEDULE,
            self.started,
            batch,
            J::IN_BATCHES,
        )));
        self
    }

    /// Makes the jobs known to the app, so that they can be seen and started by hand. Starts no timer.
    #[must_use]
    pub fn install(self, app: &App) -> Self {
        app.install_jobs(self.runners.clone());
        self
    }

    /// Starts a timer for each, within the present runtime.
    pub fn start(&mut self, app: &Arc<App>) {
        for runner in &self.runners {
            let (app, runner, mut stopped) = (Arc::clone(app), Arc::clone(runner), self.stop.subscribe());
            self.timers.spawn(async move {
                loop {
                    look(&runner, &app).await;
                    tokio::select! {
                        _ = stopped.wait_for(|stop| *stop) => break,
                        () = tokio::time::sleep(LOOK) => {}
                    }
                }
            });
        }
    }

    /// One look of every timer, one after the other: for a test that moves the clock.
    pub async fn look(&self, app: &Arc<App>) {
        for runner in &self.runners {
            look(runner, app).await;
        }
    }

    /// Ends all timers and all runs, those by hand too: a batch that has begun is finished, and no other begins.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        self.runners.iter().for_each(|runner| runner.refuse());
        for runner in &self.runners {
            runner.rest().await;
        }
        while self.timers.join_next().await.is_some() {}
    }
}

async fn look(runner: &Arc<Runner>, app: &Arc<App>) {
    if let Err(error) = runner.run_if_due(app).await {
        tracing::error!(%error, "a job could not begin");
    }
}
