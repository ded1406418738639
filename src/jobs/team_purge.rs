//! Purges, once a night, what is left of teams that were deleted and whose grace is over.

use super::Job;
use crate::app::App;
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::schedule::Schedule;

/// The timer over `App::purge_teams`.
pub struct TeamPurge;

impl Job for TeamPurge {
    const NAME: &'static str = "team-purge";
    const SCHEDULE: Schedule = Schedule::Daily { hour: 3, minute: 30 };
    const IN_BATCHES: bool = true;

    async fn run(&self, app: &App, job: &Caller) -> Result<u64, Error> {
        app.purge_teams(job).await
    }
}
