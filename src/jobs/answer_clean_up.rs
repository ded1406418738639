//! Forgets, once a night, the answers that were kept for repeated requests.

use super::Job;
use crate::app::App;
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::schedule::Schedule;

/// The timer over `App::forget_answers`.
pub struct AnswerCleanUp;

impl Job for AnswerCleanUp {
    const NAME: &'static str = "answer-clean-up";
    const SCHEDULE: Schedule = Schedule::Daily { hour: 2, minute: 40 };
    const IN_BATCHES: bool = true;

    async fn run(&self, app: &App, job: &Caller) -> Result<u64, Error> {
        app.forget_answers(job).await
    }
}
