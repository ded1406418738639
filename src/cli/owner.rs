//! `milton owner claim`: the link that makes its opener the owner of a server that has none.

use clap::{Args, Subcommand};

use super::control::Request;
use super::exit::Failure;
use super::link;
use super::output::Output;
use super::place::Place;

/// Ownership of this server
#[derive(Args)]
#[command(after_help = "Example:\n  milton owner claim --config /etc/milton/milton.toml")]
pub struct Owner {
    #[command(subcommand)]
    command: OwnerCommand,
}

#[derive(Subcommand)]
enum OwnerCommand {
    /// Make a one-time link that makes whoever opens it the owner; only while there is none
    #[command(after_help = "Example:\n  milton owner claim --config /etc/milton/milton.toml")]
    Claim(Place),
}

impl Owner {
    pub fn run(&self, output: Output) -> Result<(), Failure> {
        let OwnerCommand::Claim(place) = &self.command;
        link::obtain(place, Request::OwnerClaim, output)
    }
}
