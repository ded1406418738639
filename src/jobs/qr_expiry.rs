//! Closes, once a minute, the QR sign-ins whose time ran out. They are refused from their last moment on; this writes it
//! down.

use std::sync::Arc;
use std::time::Duration;

use super::Job;
use crate::app::App;
use crate::domain::Error;
use crate::domain::actor::{Actor, Caller};

/// The timer over `App::expire_qr_sign_ins`.
pub struct QrExpiry(pub Arc<App>);

impl Job for QrExpiry {
    const NAME: &'static str = "qr-expiry";
    const EVERY: Duration = Duration::from_mins(1);

    async fn run(&self) -> Result<(), Error> {
        self.0.expire_qr_sign_ins(&Caller::local(Actor::Job(Self::NAME))).await.map(|_| ())
    }
}
