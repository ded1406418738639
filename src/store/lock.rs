//! One process for one database: an advisory lock on a file beside it, held as long as the store is open.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::open::OpenError;

/// The lock; dropping it gives it back.
pub(super) struct Lock(#[allow(dead_code)] File); // held, never read

impl Lock {
    /// Takes the lock, or says that another process has it.
    pub fn take(database: &Path) -> Result<Self, OpenError> {
        let path = database.with_extension("lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| OpenError::Io(path.clone(), error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(OpenError::Busy(database.to_owned())),
            Err(TryLockError::Error(error)) => Err(OpenError::Io(path, error)),
        }
    }
}
