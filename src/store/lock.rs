//! One process for one database: an advisory lock on its folder, held as long as the store is open. It leaves no file
//! behind, so that a refused start changes nothing.

use std::fs::{File, TryLockError};
use std::path::Path;

use super::open::OpenError;

/// The lock; dropping it gives it back.
pub(super) struct Lock(#[allow(dead_code)] File); // held, never read

impl Lock {
    /// Takes the lock of the database's folder, or says that another process has it.
    pub fn take(database: &Path) -> Result<Self, OpenError> {
        let folder = database.parent().unwrap_or(Path::new("."));
        let refuse = |error| OpenError::Io(folder.to_owned(), error);
        let folder = File::open(folder).map_err(refuse)?;
        match folder.try_lock() {
            Ok(()) => Ok(Self(folder)),
            Err(TryLockError::WouldBlock) => Err(OpenError::Busy(database.to_owned())),
            Err(TryLockError::Error(error)) => Err(refuse(error)),
        }
    }
}
