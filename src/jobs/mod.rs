//! Floor 4: the timers. A driver, and one file per timer.

pub mod certificate;
pub mod failure_bursts;
pub mod last_seen;
pub mod qr_expiry;

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::domain::Error;

/// Something that comes round again and again. A run is idempotent: one that failed is made good by the next.
pub trait Job: Send + Sync + 'static {
    /// Its name in the log and in the audit log.
    const NAME: &'static str;
    /// From the beginning of one run to that of the next.
    const EVERY: Duration;
    /// One run.
    fn run(&self) -> impl Future<Output = Result<(), Error>> + Send;
}

/// The timers of a running server.
#[derive(Default)]
pub struct Jobs {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Jobs {
    /// Starts a timer within the present runtime; its first run is one interval away.
    pub fn start<J: Job>(&mut self, job: J) {
        let mut stopped = self.stop.subscribe();
        self.tasks.spawn(async move {
            let mut timer = interval(J::EVERY);
            timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
            timer.tick().await;
            loop {
                tokio::select! {
                    _ = stopped.wait_for(|stop| *stop) => break,
                    _ = timer.tick() => {}
                }
                if let Err(error) = job.run().await {
                    tracing::error!(job = J::NAME, %error, "a job failed");
                }
            }
        });
    }

    /// Ends all timers; a run that has begun is finished.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    struct Count(Arc<AtomicU32>);

    impl Job for Count {
        const NAME: &'static str = "count";
        const EVERY: Duration = Duration::from_millis(5);
        async fn run(&self) -> Result<(), Error> {
            self.0.fetch_add(1, Ordering::SeqCst);
            Err(Error::Unavailable("a failed run does not end the timer"))
        }
    }

    #[tokio::test]
    async fn a_timer_runs_until_it_is_stopped() {
        let count = Arc::new(AtomicU32::new(0));
        let mut jobs = Jobs::default();
        jobs.start(Count(Arc::clone(&count)));
        while count.load(Ordering::SeqCst) < 3 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        jobs.stop().await;
        let runs = count.load(Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(count.load(Ordering::SeqCst), runs);
    }
}
