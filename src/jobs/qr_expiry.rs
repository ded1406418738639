//! Closes, once a minute, the QR sign-ins whose time ran out. They are refused from their last moment on; this writes it
//! down.

use std::time::Duration;

use super::Job;
use crate::app::App;
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::schedule::Schedule;

/// The timer over `App::expire_qr_sign_ins`.
pub struct QrExpiry;

impl Job for QrExpiry {
    const NAME: &'static str = "qr-expiry";
    const SCHEDULE: Schedule = Schedule::Every(Duration::from_mins(1));

    async fn run(&self, app: &App, job: &Caller) -> Result<u64, Error> {
        app.expire_qr_sign_ins(job).await.map(|expired| expired as u64)
    }
}
