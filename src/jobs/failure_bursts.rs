//! Writes down, once a minute, how many failures of each network were counted and not written one by one.

use std::sync::Arc;
use std::time::Duration;

use super::Job;
use crate::app::App;
use crate::domain::Error;

/// The timer over `App::record_bursts`.
pub struct FailureBursts(pub Arc<App>);

impl Job for FailureBursts {
    const NAME: &'static str = "failure-bursts";
    const EVERY: Duration = Duration::from_mins(1);

    async fn run(&self) -> Result<(), Error> {
        self.0.record_bursts(false).await
    }
}
