//! Floor 5: the command line. One file per sub-command; `server` alone wires the parts together.

mod audit;
mod banner;
mod certificate;
mod control;
mod database;
mod dev;
mod doctor;
mod exit;
mod files;
mod greeting;
mod init;
mod jobs;
mod layout;
mod link;
mod logging;
mod login_link;
mod openapi;
mod operator;
mod order;
mod output;
mod owner;
mod place;
mod process;
mod providers;
mod runtime;
mod serve;
mod server;
mod trust;
mod version;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use exit::Failure;
use output::Output;

/// Self-hosted workspace in which a small team hands work to each other: one binary, one file.
#[derive(Parser)]
#[command(
    name = "milton",
    version,
    after_help = "Example:\n  milton dev      try it on this machine, nothing else needed"
)]
struct Cli {
    /// Print JSON, one object a line, for machines
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Dev(dev::Dev),
    Serve(serve::Serve),
    Init(init::Init),
    Owner(owner::Owner),
    LoginLink(login_link::LoginLink),
    Jobs(jobs::Jobs),
    Audit(audit::Audit),
    Doctor(doctor::Doctor),
    #[command(name = "openapi")]
    OpenApi(openapi::OpenApi),
    Version(version::Version),
}

impl Command {
    fn run(&self, output: Output) -> Result<(), Failure> {
        match self {
            Self::Dev(command) => command.run(output),
            Self::Serve(command) => command.run(output),
            Self::Init(command) => command.run(output),
            Self::Owner(command) => command.run(output),
            Self::LoginLink(command) => command.run(output),
            Self::Jobs(command) => command.run(output),
            Self::Audit(command) => command.run(output),
            Self::Doctor(command) => command.run(output),
            Self::OpenApi(command) => command.run(output),
            Self::Version(command) => command.run(output),
        }
    }
}

/// Runs one command line and returns the process's exit code.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(usage) => {
            // Help that nobody reads any more (a closed pipe) is no failure.
            let _ = usage.print();
            return ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(exit::Exit::Usage as u8));
        }
    };
    let output = if cli.json { Output::Json } else { Output::Human };
    match process::harden().and_then(|()| cli.command.run(output)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.failure(&failure);
            ExitCode::from(failure.exit as u8)
        }
    }
}
