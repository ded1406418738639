//! Writes down, every five minutes, when devices and API keys were last used.

use std::sync::Arc;
use std::time::Duration;

use super::Job;
use crate::app::App;
use crate::domain::Error;

/// The timer over `App::record_last_seen`.
pub struct LastSeen(pub Arc<App>);

impl Job for LastSeen {
    const NAME: &'static str = "last-seen";
    const EVERY: Duration = Duration::from_mins(5);

    async fn run(&self) -> Result<(), Error> {
        self.0.record_last_seen().await
    }
}
