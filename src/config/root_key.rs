//! Finds the root key's text: exactly one source, readable by its owner alone. Writes nothing.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::Env;
use crate::base::secret::Secret;

/// What more is in a file than a key and a few line ends is not read.
const FILE_LIMIT: u64 = 256;
const VARIABLE: &str = "MILTON_ROOT_KEY";
const FILE_VARIABLE: &str = "MILTON_ROOT_KEY_FILE";
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";
const CREDENTIAL: &str = "milton-root";

/// One place a root key can come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The variable `MILTON_ROOT_KEY`.
    Variable,
    /// The file that `MILTON_ROOT_KEY_FILE` names.
    NamedFile(PathBuf),
    /// The credential `milton-root` that systemd hands to the service.
    Credential(PathBuf),
    /// The file that `keys.root_key_file` names.
    ConfiguredFile(PathBuf),
}

impl Source {
    /// The file, if it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Variable => None,
            Self::NamedFile(path) | Self::Credential(path) | Self::ConfiguredFile(path) => Some(path),
        }
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Variable => f.write_str(VARIABLE),
            Self::NamedFile(path) => write!(f, "{FILE_VARIABLE}={}", path.display()),
            Self::Credential(path) => write!(f, "the systemd credential {}", path.display()),
            Self::ConfiguredFile(path) => write!(f, "keys.root_key_file {}", path.display()),
        }
    }
}

/// Why there is no root key. Each message says what to do next; none shows the key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// No source at all.
    #[error("no root key: name its file in {FILE_VARIABLE} or keys.root_key_file; `milton init` makes one")]
    Missing,
    /// More than one source.
    #[error("more than one root key: {0}; keep one of them")]
    Several(String),
    /// Others than its owner can read the file.
    #[error("others can read the root key file {path} (mode {mode:04o}): run chmod 600 {path}")]
    Exposed {
        /// The file.
        path: String,
        /// Its permission bits.
        mode: u32,
    },
    /// The file cannot be read.
    #[error("cannot read the root key file {path}: {cause}; restore it, a new key cannot open existing data")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        cause: io::Error,
    },
}

/// All sources that are set; a start wants exactly one. A credential counts when its file is there.
pub fn sources(env: &Env, configured: Option<&Path>) -> Vec<Source> {
    let credential = env.get(CREDENTIALS).map(|folder| Path::new(folder).join(CREDENTIAL)).filter(|path| path.exists());
    [
        env.get(VARIABLE).map(|_| Source::Variable),
        env.get(FILE_VARIABLE).map(|path| Source::NamedFile(path.into())),
        credential.map(Source::Credential),
        configured.map(|path| Source::ConfiguredFile(path.to_owned())),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A root key's text, not looked at yet, and where it came from.
#[derive(Debug)]
pub struct Found {
    /// The text.
    pub text: Secret<String>,
    /// Its one source.
    pub source: Source,
}

/// Finds the root key.
///
/// # Errors
/// No source or several, a file that cannot be read, or that others can read.
pub fn find(env: &Env, configured: Option<&Path>) -> Result<Found, KeyError> {
    let mut sources = sources(env, configured);
    let source = match (sources.pop(), sources.is_empty()) {
        (None, _) => return Err(KeyError::Missing),
        (Some(one), true) => one,
        (Some(last), false) => {
            let names = sources.iter().chain([&last]).map(ToString::to_string).collect::<Vec<_>>();
            return Err(KeyError::Several(names.join(" and ")));
        }
    };
    let text = match &source {
        Source::Variable => Secret::new(env.get(VARIABLE).unwrap_or_default().to_owned()),
        Source::NamedFile(path) | Source::ConfiguredFile(path) => read(path, 0o077)?,
        // systemd gives access to the service's user by an access list, whose mask shows as the group's bits.
        Source::Credential(path) => read(path, 0o007)?,
    };
    Ok(Found { text, source })
}

fn read(path: &Path, forbidden: u32) -> Result<Secret<String>, KeyError> {
    let name = path.display().to_string();
    let unreadable = |cause| KeyError::Unreadable { path: name.clone(), cause };
    // The mode is asked of the open file: what was checked is what is read.
    let file = File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.permissions().mode() & 0o777;
    if mode & forbidden != 0 {
        return Err(KeyError::Exposed { path: name, mode });
    }
    let mut text = Zeroizing::new(String::with_capacity(usize::try_from(FILE_LIMIT).unwrap_or(0)));
    file.take(FILE_LIMIT).read_to_string(&mut text).map_err(unreadable)?;
    Ok(Secret::new(std::mem::take(&mut *text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key_file(folder: &Path, text: &str, mode: u32) -> PathBuf {
        let path = folder.join("root.key");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn each_source_alone_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let text = "a key";
        let find = |env, configured| super::find(&env, configured).unwrap().text.expose().trim().to_owned();
        assert_eq!(find(Env::from([(VARIABLE, text)]), None), text);

        let path = key_file(folder.path(), &format!("{text}\n"), 0o600);
        assert_eq!(find(Env::from([(FILE_VARIABLE, path.to_str().unwrap())]), None), text);
        assert_eq!(find(Env::default(), Some(&path)), text);

        std::fs::rename(&path, folder.path().join(CREDENTIAL)).unwrap();
        let env = Env::from([(CREDENTIALS, folder.path().to_str().unwrap())]);
        assert_eq!(find(env, None), text);
    }

    #[test]
    fn none_and_several_are_refused() {
        assert!(matches!(find(&Env::default(), None), Err(KeyError::Missing)));
        let env = Env::from([(VARIABLE, "a"), (FILE_VARIABLE, "/b")]);
        let message = find(&env, Some(Path::new("/c"))).unwrap_err().to_string();
        assert!(message.contains("MILTON_ROOT_KEY and MILTON_ROOT_KEY_FILE=/b and keys.root_key_file /c"), "{message}");
    }

    #[test]
    fn a_file_for_others_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for mode in [0o644, 0o640, 0o604, 0o660] {
            let path = key_file(folder.path(), "a key", mode);
            let message = find(&Env::default(), Some(&path)).unwrap_err().to_string();
            assert!(message.contains(&format!("mode {mode:04o}")) && message.contains("chmod 600"), "{message}");
        }
        let missing = folder.path().join("nothing");
        assert!(matches!(find(&Env::default(), Some(&missing)), Err(KeyError::Unreadable { .. })));
    }
}
