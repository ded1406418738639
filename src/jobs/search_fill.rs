//! Makes findable what an earlier version wrote, from the first minute after the upgrade until nothing is left.

use std::time::Duration;

use super::Job;
use crate::app::App;
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::schedule::Schedule;

/// The timer over `App::fill_search`.
pub struct SearchFill;

impl Job for SearchFill {
    const NAME: &'static str = "search-fill";
    const SCHEDULE: Schedule = Schedule::Every(Duration::from_mins(1));
    const IN_BATCHES: bool = true;

    async fn run(&self, app: &App, job: &Caller) -> Result<u64, Error> {
        app.fill_search(job).await
    }
}
