//! Marks, every five minutes, the delegations whose due time passed, and tells those whose they are. They are overdue
//! from their last moment on; this notices it.

use std::time::Duration;

use super::Job;
use crate::app::App;
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::schedule::Schedule;

/// The timer over `App::mark_overdue`.
pub struct DelegationOverdue;

impl Job for DelegationOverdue {
    const NAME: &'static str = "delegation-overdue";
    const SCHEDULE: Schedule = Schedule::Every(Duration::from_mins(5));
    const IN_BATCHES: bool = true;

    async fn run(&self, app: &App, job: &Caller) -> Result<u64, Error> {
        app.mark_overdue(job).await
    }
}
