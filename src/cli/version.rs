//! `milton version`.

use clap::Args;
use serde_json::json;

use super::exit::Failure;
use super::output::Output;

/// Print the version
#[derive(Args)]
#[command(after_help = "Example:\n  milton version --json")]
pub struct Version {}

impl Version {
    #[allow(clippy::unused_self, clippy::unnecessary_wraps)] // every command runs the same way
    pub fn run(&self, output: Output) -> Result<(), Failure> {
        let version = env!("CARGO_PKG_VERSION");
        output.say(&format!("milton {version}"), &json!({"event": "version", "version": version}));
        Ok(())
    }
}
