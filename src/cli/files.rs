//! Files of the data folder: made for their owner alone, never written over, on the disk before they count.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::exit::{Exit, Failure};

/// Makes a folder (0700) with those above it; one that is there stays as it is.
pub fn make_folder(path: &Path) -> Result<(), Failure> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|cause| Failure::io("make", path, &cause))
}

/// Writes a new file (0600) and sees it safely onto the disk.
///
/// # Errors
/// When there is a file of that name: nothing is overwritten.
pub fn create(path: &Path, content: &str) -> Result<(), Failure> {
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(content.as_bytes())?;
        file.sync_all()?;
        path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    };
    write().map_err(|cause| match cause.kind() {
        io::ErrorKind::AlreadyExists => exists(path),
        _ => Failure::io("write", path, &cause),
    })
}

/// The failure of making what is there already.
pub fn exists(path: &Path) -> Failure {
    Failure::new(
        Exit::Failed,
        format!("{} exists and is not overwritten; move it away or choose another folder with --data", path.display()),
    )
}

/// The permission bits, without the file's type.
pub fn mode(path: &Path) -> io::Result<u32> {
    Ok(path.metadata()?.permissions().mode() & 0o777)
}
