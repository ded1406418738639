//! Renews, once a night, the provider tokens that have ended or are about to: a provider forgets what is never used, and
//! tells whom it has forgotten.

use super::Job;
use crate::app::App;
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::schedule::Schedule;

/// The timer over `App::refresh_provider_tokens`.
pub struct ProviderTokens;

impl Job for ProviderTokens {
    const NAME: &'static str = "provider-tokens";
    const SCHEDULE: Schedule = Schedule::Daily { hour: 4, minute: 10 };

    async fn run(&self, app: &App, _: &Caller) -> Result<u64, Error> {
        app.refresh_provider_tokens().await.map(|renewed| renewed as u64)
    }
}
