//! `milton login-link EMAIL|ID`: a one-time sign-in link for somebody who lost every other way in.

use clap::Args;

use super::control::Request;
use super::exit::Failure;
use super::link;
use super::output::Output;
use super::place::Place;

/// Make a one-time sign-in link for a person
///
/// The link works once, for 10 minutes. Making it is recorded in the audit log as the operator's act.
///
/// Check the name it is for before you hand it on: an address that no provider has vouched for is what its holder says.
/// When several people say they have it, the command lists their ids and wants one.
#[derive(Args)]
#[command(after_help = "Example:\n  milton login-link ana@example.org --config /etc/milton/milton.toml")]
pub struct LoginLink {
    /// The person's e-mail address, or their account's id
    #[arg(value_name = "EMAIL|ID")]
    whom: String,
    #[command(flatten)]
    place: Place,
}

impl LoginLink {
    pub fn run(&self, output: Output) -> Result<(), Failure> {
        link::obtain(&self.place, Request::LoginLink { whom: self.whom.clone() }, output)
    }
}
