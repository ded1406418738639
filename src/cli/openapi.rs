//! `milton openapi`.

use clap::Args;

use super::exit::{Exit, Failure};
use super::output::Output;
use crate::http::v1;

/// Print the API's OpenAPI document
///
/// The same document as at /openapi.json. With --json it stands on one line.
#[derive(Args)]
#[command(after_help = "Example:\n  milton openapi > openapi.json")]
pub struct OpenApi {}

impl OpenApi {
    #[allow(clippy::unused_self)] // every command runs the same way
    pub fn run(&self, output: Output) -> Result<(), Failure> {
        let document = v1::document().map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
        output.say(&format!("{document:#}"), &document);
        Ok(())
    }
}
