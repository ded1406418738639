//! Exit codes, after BSD's sysexits where one fits, and the failure that carries one.

use std::fmt;
use std::io;
use std::path::Path;

/// What a script can tell from the exit code. 0 is fine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// It was tried and did not work.
    Failed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// Something that is needed is not there at the moment.
    Unavailable = 69,
    /// Reading or writing failed.
    Io = 74,
    /// Another process has the database.
    Busy = 75,
    /// Not allowed to.
    Permission = 77,
    /// The configuration or the root key is wrong.
    Config = 78,
    /// The database is older than its anchor.
    Rollback = 79,
}

impl Exit {
    /// What the file system's refusal means.
    pub fn of(cause: &io::Error) -> Self {
        if cause.kind() == io::ErrorKind::PermissionDenied { Self::Permission } else { Self::Io }
    }

    /// The exit code's meaning; an unknown one is a plain failure.
    pub fn of_code(code: u8) -> Self {
        [Self::Usage, Self::Unavailable, Self::Io, Self::Busy, Self::Permission, Self::Config, Self::Rollback]
            .into_iter()
            .find(|exit| *exit as u8 == code)
            .unwrap_or(Self::Failed)
    }
}

/// Why a command failed: one line for people that says what to do next, and a code for scripts.
#[derive(Debug)]
pub struct Failure {
    /// The code.
    pub exit: Exit,
    /// The line; a configuration has one line for each mistake.
    pub message: String,
}

impl Failure {
    /// A failure with its message.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }

    /// `verb` (such as "write") failed on `path`.
    pub fn io(verb: &str, path: &Path, cause: &io::Error) -> Self {
        Self::new(Exit::of(cause), format!("cannot {verb} {}: {cause}", path.display()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<crate::config::Problems> for Failure {
    fn from(problems: crate::config::Problems) -> Self {
        Self::new(Exit::Config, problems.to_string())
    }
}

impl From<crate::config::root_key::KeyError> for Failure {
    fn from(error: crate::config::root_key::KeyError) -> Self {
        Self::new(Exit::Config, error.to_string())
    }
}
