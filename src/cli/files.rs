//! Files of the data folder: made for their owner alone, never written over, whole on the disk before they count; and
//! none that somebody else could have put there.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;

use super::exit::{Exit, Failure};
use crate::base::whole_file;

/// Makes a folder (0700) with those above it; one that is there stays as it is, and must be [trusted](trust).
pub fn make_folder(path: &Path) -> Result<(), Failure> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|cause| Failure::io("make", path, &cause))?;
    trust(path)
}

/// Refuses a file or folder that somebody else could have written: it must belong to root or to whoever runs this, and
/// nobody else may write to it. What is not there needs no trust.
///
/// # Errors
/// Exit code 78, with the command that mends it.
pub fn trust(path: &Path) -> Result<(), Failure> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let Ok(meta) = path.metadata() else { return Ok(()) };
    let me = rustix::process::geteuid().as_raw();
    let shown = path.display();
    let refused = |line: String| Err(Failure::new(Exit::Config, line));
    if ![0, me].contains(&meta.uid()) {
        let owner = meta.uid();
        return refused(format!(
            "{shown} belongs to somebody else (uid {owner}): run chown {me} {shown}, if you trust it"
        ));
    }
    let mode = meta.permissions().mode() & 0o7777;
    if mode & 0o022 != 0 {
        return refused(format!("others can write to {shown} (mode {mode:04o}): run chmod go-w {shown}"));
    }
    Ok(())
}

/// Writes a new file (0600), whole or not at all, and sees it safely onto the disk.
///
/// # Errors
/// When there is a file of that name: nothing is overwritten.
pub fn create(path: &Path, content: &str) -> Result<(), Failure> {
    whole_file::create(path, content.as_bytes(), 0o600).map_err(|cause| match cause.kind() {
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
