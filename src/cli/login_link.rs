//! `milton login-link EMAIL`: a one-time sign-in link for somebody who lost every other way in.

use clap::Args;

use super::control::Request;
use super::exit::Failure;
use super::link;
use super::output::Output;
use super::place::Place;

/// Make a one-time sign-in link for a person
///
/// The link works once, for 10 minutes. Making it is recorded in the audit log as the operator's act.
#[derive(Args)]
#[command(after_help = "Example:\n  milton login-link ana@example.org --config /etc/milton/milton.toml")]
pub struct LoginLink {
    /// The person's e-mail address
    email: String,
    #[command(flatten)]
    place: Place,
}

impl LoginLink {
    pub fn run(&self, output: Output) -> Result<(), Failure> {
        link::obtain(&self.place, Request::LoginLink { email: self.email.clone() }, output)
    }
}
