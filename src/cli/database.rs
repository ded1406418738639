//! Opens the installation's database, or says why not.

use std::sync::Arc;

use super::exit::{Exit, Failure};
use super::files;
use super::place::Settings;
use crate::base::clock::SystemClock;
use crate::base::entropy::SystemEntropy;
use crate::crypto::keyring::RootKey;
use crate::store::{OpenError, Store, StoreOptions};

/// Opens the database, or makes it with its folder. Blocking.
///
/// # Errors
/// When another process has it, the key is not its key, it is newer than this program or damaged: nothing is written.
pub fn open(settings: &Settings, key: &RootKey) -> Result<Store, Failure> {
    files::make_folder(settings.layout.folder())?;
    Ok(Store::open(options(settings), key)?)
}

/// Where the database and its anchor are.
pub fn options(settings: &Settings) -> StoreOptions {
    StoreOptions {
        path: settings.layout.database(),
        anchor: settings.anchor(),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        let (exit, remedy) = remedy(&error);
        Self::new(exit, format!("{error}: {remedy}"))
    }
}

/// The exit code of a refusal, and what to do next.
pub fn remedy(error: &OpenError) -> (Exit, &'static str) {
    match error {
        OpenError::Busy(_) => (Exit::Busy, "stop it first"),
        OpenError::Newer { .. } => (Exit::Config, "start the newer Milton, or restore a backup from before"),
        OpenError::WrongKey(_) => (Exit::Config, "use the root key that was there when the database was made"),
        OpenError::Damaged(..) => (Exit::Io, "restore a backup; nothing was changed"),
        OpenError::RolledBack(..) => (
            Exit::Rollback,
            "put the newest file back, or say that it is lost for good: `milton audit accept-rollback`",
        ),
        OpenError::Io(_, cause) => (Exit::of(cause), "check the folder and who owns it"),
    }
}
