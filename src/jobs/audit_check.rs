//! Checks the whole audit log against its tree, once a night and in the background of each start.

use tokio::sync::Mutex;

use super::Job;
use crate::app::App;
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::schedule::Schedule;
use crate::store::audit_check::Check;

/// The timer over `App::check_audit`, with how far the present run has come.
#[derive(Default)]
pub struct AuditCheck(Mutex<Check>);

impl Job for AuditCheck {
    const NAME: &'static str = "audit-check";
    const SCHEDULE: Schedule = Schedule::Daily { hour: 2, minute: 10 };
    const IN_BATCHES: bool = true;
    const AT_START: bool = true;

    async fn run(&self, app: &App, job: &Caller) -> Result<u64, Error> {
        app.check_audit(job, &mut *self.0.lock().await).await
    }
}
