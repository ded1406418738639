//! `milton init`: a commented `milton.toml` and a root key. Never overwrites.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::exit::Failure;
use super::files;
use super::layout::{DEFAULT_FOLDER, Layout};
use super::output::Output;
use crate::base::entropy::SystemEntropy;
use crate::config::{Env, root_key, template};
use crate::crypto::keyring::RootKey;

/// Write a commented configuration and a new root key
///
/// Makes the data folder (0700) with milton.toml and root.key (0600) in it. Nothing that exists is overwritten. When
/// the environment names a root key already, no other is made.
#[derive(Args)]
#[command(after_help = "Example:\n  milton init --data /srv/milton && milton serve --config /srv/milton/milton.toml")]
pub struct Init {
    /// Data folder
    #[arg(long, value_name = "DIR", default_value = DEFAULT_FOLDER)]
    data: PathBuf,
}

impl Init {
    pub fn run(&self, output: Output) -> Result<(), Failure> {
        let layout = Layout::of(&self.data);
        let taken = [layout.config(), layout.root_key(), layout.database()].into_iter().find(|path| path.exists());
        if let Some(path) = taken {
            return Err(files::exists(&path));
        }
        let key = write_all(&layout)?;
        let config = layout.config();
        let key_line = key.as_ref().map_or_else(
            || "The root key comes from the environment.".to_owned(),
            |key| format!("Wrote {}. Keep a copy elsewhere: without it nothing can be read.", key.display()),
        );
        let human = format!("Wrote {0}.\n{key_line}\nNext: milton serve --config {0}", config.display());
        output.say(&human, &json!({"event": "initialized", "config": config, "root_key_file": key}));
        Ok(())
    }
}

/// Makes what a fresh data folder needs. The configuration comes last: while it is missing, nothing else counts.
/// Returns the root key's file, unless the environment has a root key.
pub fn write_all(layout: &Layout) -> Result<Option<PathBuf>, Failure> {
    let own_key = root_key::sources(&Env::of_process(), None).is_empty();
    files::make_folder(layout.folder())?;
    if own_key && !layout.root_key().exists() {
        let key = RootKey::generate(&SystemEntropy).encode();
        files::create(&layout.root_key(), key.expose())?;
    }
    files::create(&layout.config(), &template(own_key))?;
    Ok(own_key.then(|| layout.root_key()))
}
