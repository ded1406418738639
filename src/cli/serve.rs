//! `milton serve`: production.

use clap::Args;
use serde_json::json;

use super::exit::Failure;
use super::output::Output;
use super::place::Place;
use super::providers;
use super::server::{self, Mode};
use crate::base::entropy::SystemEntropy;
use crate::store::Inspection;

/// Serve with a configuration of yours
///
/// Refuses to start with a mistake in the configuration, without a root key or with one that others can read, and
/// beside another process on the same data. Each refusal says why and writes nothing.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  milton serve --config /etc/milton/milton.toml\n  milton serve --config milton.toml --check"
)]
pub struct Serve {
    #[command(flatten)]
    place: Place,
    /// Check the configuration and the root key, and stop there
    #[arg(long)]
    check: bool,
}

impl Serve {
    pub fn run(&self, output: Output) -> Result<(), Failure> {
        let settings = self.place.load(Vec::new())?;
        if !self.check {
            return server::run(&settings, Mode::Production, output);
        }
        let key = settings.root_key()?;
        let database = settings.layout.database();
        if database.exists() {
            Inspection::open(&database, &key, &SystemEntropy)?;
        }
        providers::of(&settings.config.oidc, Mode::Production)?;
        let file = settings.file.as_ref().map(|file| file.display().to_string());
        let human = format!("{} is fine, and so is the root key.", file.as_deref().unwrap_or("The configuration"));
        output.say(&human, &json!({"event": "checked", "config": file, "data": settings.layout.folder()}));
        Ok(())
    }
}
