//! `milton dev`: everything needed to try Milton, in one folder, without an account anywhere.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::exit::{Exit, Failure};
use super::init;
use super::layout::{DEFAULT_FOLDER, Layout};
use super::output::Output;
use super::place::{Place, Settings};
use super::server::{self, Mode};
use super::trust::{Trust, Untrust};

/// Try it: make ./milton-data and serve it on this machine
///
/// Makes a data folder with configuration, root key and a certificate authority of its own, serves <https://localhost:8443>,
/// and prints the link that makes you the owner. A second start uses what the first one made.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(
    after_help = "Examples:\n  milton dev\n  milton dev --port 9443 --data /tmp/try-milton\n  sudo milton dev trust"
)]
pub struct Dev {
    #[command(subcommand)]
    trust: Option<DevCommand>,
    /// Port to listen on; 0 takes a free one [default: 8443]
    #[arg(long)]
    port: Option<u16>,
    /// Data folder
    #[arg(long, value_name = "DIR", default_value = DEFAULT_FOLDER)]
    data: PathBuf,
}

#[derive(Subcommand)]
enum DevCommand {
    Trust(Trust),
    Untrust(Untrust),
}

impl Dev {
    pub fn run(&self, output: Output) -> Result<(), Failure> {
        match &self.trust {
            Some(DevCommand::Trust(command)) => command.run(output),
            Some(DevCommand::Untrust(command)) => command.run(output),
            None => server::run(&self.prepare()?, Mode::Dev, output),
        }
    }

    /// Makes the data folder unless it is there, and loads its configuration.
    fn prepare(&self) -> Result<Settings, Failure> {
        let layout = Layout::of(&self.data);
        if !layout.config().exists() {
            if layout.database().exists() && !layout.root_key().exists() {
                let line = format!(
                    "{} is there without its milton.toml and root.key: restore them",
                    layout.database().display()
                );
                return Err(Failure::new(Exit::Config, line));
            }
            init::write_all(&layout)?;
        }
        let port = self.port.map(|port| ("http.port", port.to_string()));
        Place::of_folder(&self.data).load(port.into_iter().collect())
    }
}
