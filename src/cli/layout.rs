//! What lies where in the data folder.

use std::path::{Path, PathBuf};

/// Where `dev` and `init` put the data when nobody says.
pub const DEFAULT_FOLDER: &str = "milton-data";

/// The data folder's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout(PathBuf);

impl Layout {
    /// The layout of one folder.
    pub fn of(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// The folder itself.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// The configuration, where `init` and `dev` write it.
    pub fn config(&self) -> PathBuf {
        self.0.join("milton.toml")
    }

    /// The root key, where `init` and `dev` write it.
    pub fn root_key(&self) -> PathBuf {
        self.0.join("root.key")
    }

    /// The database.
    pub fn database(&self) -> PathBuf {
        self.0.join("milton.db")
    }

    /// The file that remembers each signed head of the audit log, where the configuration does not say another.
    pub fn anchor(&self) -> PathBuf {
        self.0.join("milton.anchor")
    }

    /// The socket on which a running server takes orders from the command line.
    pub fn socket(&self) -> PathBuf {
        self.0.join("milton.sock")
    }

    /// The local certificate authority's certificate.
    pub fn local_ca(&self) -> PathBuf {
        self.0.join("ca.pem")
    }
}
