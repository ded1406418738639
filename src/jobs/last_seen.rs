//! Writes down, every five minutes, when devices and API keys were last used.

use std::time::Duration;

use super::Job;
use crate::app::App;
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::schedule::Schedule;

/// The timer over `App::record_last_seen`.
pub struct LastSeen;

impl Job for LastSeen {
    const NAME: &'static str = "last-seen";
    const SCHEDULE: Schedule = Schedule::Every(Duration::from_mins(5));

    async fn run(&self, app: &App, _: &Caller) -> Result<u64, Error> {
        app.record_last_seen().await
    }
}
