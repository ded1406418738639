//! Writes down, once a minute, how many failures of each network were counted and not written one by one.

use std::time::Duration;

use super::Job;
use crate::app::App;
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::schedule::Schedule;

/// The timer over `App::record_bursts`.
pub struct FailureBursts;

impl Job for FailureBursts {
    const NAME: &'static str = "failure-bursts";
    const SCHEDULE: Schedule = Schedule::Every(Duration::from_mins(1));

    async fn run(&self, app: &App, _: &Caller) -> Result<u64, Error> {
        app.record_bursts(false).await
    }
}
