//! Takes the hashes away, once a night, from tokens and ways in that are over.

use super::Job;
use crate::app::App;
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::schedule::Schedule;

/// The timer over `App::clean_up_tokens`.
pub struct TokenCleanUp;

impl Job for TokenCleanUp {
    const NAME: &'static str = "token-clean-up";
    const SCHEDULE: Schedule = Schedule::Daily { hour: 2, minute: 30 };
    const IN_BATCHES: bool = true;

    async fn run(&self, app: &App, job: &Caller) -> Result<u64, Error> {
        app.clean_up_tokens(job).await
    }
}
