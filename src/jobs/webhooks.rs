//! Tells webhooks what happened: at once after it did, and again for as long as they do not hear it.

use std::time::Duration;

use super::Job;
use crate::app::App;
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::schedule::Schedule;

/// The timer over `App::deliver_webhooks`.
pub struct Webhooks;

impl Job for Webhooks {
    const NAME: &'static str = "webhooks";
    /// What happens within a second goes out together, and leaves its rows in the log together.
    const SCHEDULE: Schedule = Schedule::Every(Duration::from_secs(1));
    const IS_WOKEN: bool = true;

    async fn run(&self, app: &App, job: &Caller) -> Result<u64, Error> {
        app.deliver_webhooks(job).await
    }
}
