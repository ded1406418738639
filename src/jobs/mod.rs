//! Floor 4: the timers. What comes round, one file each, and the driver that looks at the clock for all of them.
//!
//! The driver asks our own [`Clock`](crate::base::clock::Clock) every few seconds what is due, so that a clock that is set
//! forward or back, a machine that slept and a test that moves time are all the same to it. A daily job's runs are on
//! record, and a moment is served once, whatever restarts; moments that the server missed are made up for by one run, a
//! minute after the start. Jobs that come round every minute are not recorded: a row a minute, and one in the audit log,
//! would bury what matters. Their last run is kept in memory, and what they do leaves rows of its own.

pub mod answer_clean_up;
pub mod audit_check;
pub mod certificate;
pub mod checkpoint;
pub mod delegation_overdue;
pub mod failure_bursts;
pub mod last_seen;
pub mod provider_tokens;
pub mod qr_expiry;
pub mod search_fill;
pub mod team_purge;
pub mod token_clean_up;
pub mod webhooks;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::App;
use crate::app::job::{Batch, Habit, Runner};
use crate::base::clock::Timestamp;
use crate::domain::Error;
use crate::domain::actor::{Actor, Caller};
use crate::domain::schedule::Schedule;
use crate::store::Signal;

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
    /// Whether each start is an occasion of its own, whatever was served before.
    const AT_START: bool = false;
    /// Whether the driver looks at the clock for it at once when something happened in a team.
    const IS_WOKEN: bool = false;
    /// One batch in one transaction, acting as `job`: how many rows it changed. It is idempotent: what one run left
    /// undone, the next one does.
    fn run(&self, app: &App, job: &Caller) -> impl Future<Output = Result<u64, Error>> + Send;
}

/// The jobs of a server.
pub struct Jobs {
    started: Timestamp,
    runners: Vec<Arc<Runner>>,
    /// The names of those that are woken.
    woken: Vec<&'static str>,
    stop: watch::Sender<bool>,
    timers: JoinSet<()>,
}

impl Jobs {
    /// No jobs yet, of a server that starts now.
    pub fn of(app: &App) -> Self {
        let (stop, timers) = (watch::Sender::default(), JoinSet::new());
        Self { started: app.clock().now(), runners: Vec::new(), woken: Vec::new(), stop, timers }
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
            Habit { in_batches: J::IN_BATCHES, at_start: J::AT_START },
        )));
        self.woken.extend(J::IS_WOKEN.then_some(J::NAME));
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
            let mut signals = self.woken.contains(&runner.name()).then(|| app.signals());
            self.timers.spawn(async move {
                loop {
                    look(&runner, &app).await;
                    tokio::select! {
                        _ = stopped.wait_for(|stop| *stop) => break,
                        () = tokio::time::sleep(LOOK) => {}
                        () = happening(&mut signals) => {}
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

/// Waits until something happened in a team; for ever without signals.
async fn happening(signals: &mut Option<broadcast::Receiver<Signal>>) {
    let Some(signals) = signals else { return std::future::pending().await };
    loop {
        match signals.recv().await {
            Ok(Signal::Happened(_)) | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(RecvError::Closed) => return std::future::pending().await,
        }
    }
}

async fn look(runner: &Arc<Runner>, app: &Arc<App>) {
    if let Err(error) = runner.run_if_due(app).await {
        tracing::error!(%error, "a job could not begin");
    }
}
