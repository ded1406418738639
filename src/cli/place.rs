//! `--config` and `--data`: which installation a command is about, and its configuration.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::{Exit, Failure};
use super::files;
use super::layout::{DEFAULT_FOLDER, Layout};
use crate::config::{Config, Env, Sources, root_key};
use crate::crypto::keyring::RootKey;

/// The options that name an installation.
#[derive(Args)]
pub struct Place {
    /// Configuration file [default: milton.toml in the data folder]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Data folder [default: ./milton-data, or what the configuration says]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// A loaded configuration with what it was loaded from.
pub struct Settings {
    /// The configuration.
    pub config: Config,
    /// Its data folder.
    pub layout: Layout,
    /// The file it was read from, if there is one.
    pub file: Option<PathBuf>,
    env: Env,
}

impl Place {
    /// The installation in one data folder.
    pub fn of_folder(folder: &Path) -> Self {
        Self { config: None, data: Some(folder.to_owned()) }
    }

    /// Reads the configuration; `flags` are the strongest source.
    ///
    /// # Errors
    /// Everything that is wrong with the configuration, with exit code 78. Nothing is written.
    pub fn load(&self, mut flags: Vec<(&'static str, String)>) -> Result<Settings, Failure> {
        let folder = self.data.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_FOLDER));
        let path = self.config.clone().unwrap_or_else(|| Layout::of(&folder).config());
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound && self.config.is_none() => None,
            Err(cause) => {
                let line = format!("cannot read {}: {cause}; `milton init` makes one", path.display());
                return Err(Failure::new(Exit::Config, line));
            }
        };
        if let Some(data) = &self.data {
            flags.push(("storage.data", data.display().to_string()));
        }
        let sources = Sources {
            file: text,
            name: path.display().to_string(),
            folder: path.parent().map(Path::to_owned).unwrap_or_default(),
            env: Env::of_process(),
            flags,
        };
        let config = Config::load(&sources)?;
        let layout = Layout::of(&config.storage.data);
        Ok(Settings { config, layout, file: sources.file.map(|_| path), env: sources.env })
    }
}

impl Settings {
    /// The file that remembers each signed head of the audit log.
    pub fn anchor(&self) -> PathBuf {
        self.config.storage.anchor.clone().unwrap_or_else(|| self.layout.anchor())
    }

    /// The root key, from its one source; and nobody else has had a hand in it, the configuration or the data.
    ///
    /// # Errors
    /// No source, several, or a bad one; a file or folder that others could have written; with exit code 78. Nothing is
    /// written.
    pub fn root_key(&self) -> Result<RootKey, Failure> {
        let with_folder = |file: &Path| file.parent().map_or(Ok(()), files::trust).and_then(|()| files::trust(file));
        files::trust(self.layout.folder())?;
        self.file.as_deref().map_or(Ok(()), with_folder)?;
        let found = root_key::find(&self.env, self.config.keys.root_key_file.as_deref())?;
        found.source.file().map_or(Ok(()), with_folder)?;
        RootKey::parse(found.text.expose())
            .map_err(|fault| Failure::new(Exit::Config, format!("the root key from {}: {fault}", found.source)))
    }

    /// Where the root key comes from; usable ones have one source.
    pub fn root_key_sources(&self) -> Vec<root_key::Source> {
        root_key::sources(&self.env, self.config.keys.root_key_file.as_deref())
    }
}
