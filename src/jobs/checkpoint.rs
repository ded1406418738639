//! Signs the audit log's head, once a minute, when it has grown.

use std::time::Duration;

use super::Job;
use crate::app::App;
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::schedule::Schedule;

/// The timer over `App::sign_head`.
pub struct Checkpoint;

impl Job for Checkpoint {
    const NAME: &'static str = "checkpoint";
    const SCHEDULE: Schedule = Schedule::Every(Duration::from_mins(1));

    async fn run(&self, app: &App, _: &Caller) -> Result<u64, Error> {
        app.sign_head().await.map(|()| 0)
    }
}
