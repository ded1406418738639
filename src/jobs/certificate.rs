//! Looks once a minute whether the certificate in use should be another one.

use std::time::Duration;

use super::Job;
use crate::app::App;
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::schedule::Schedule;

/// The timer over whatever knows where certificates come from.
pub struct CertificateRenewal<F>(pub F);

impl<F: Fn() -> Result<(), Error> + Send + Sync + 'static> Job for CertificateRenewal<F> {
    const NAME: &'static str = "certificate";
    const SCHEDULE: Schedule = Schedule::Every(Duration::from_mins(1));

    async fn run(&self, _: &App, _: &Caller) -> Result<u64, Error> {
        self.0().map(|()| 0)
    }
}
