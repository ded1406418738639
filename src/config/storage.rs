//! `[storage]`: where the data lies.

use std::path::PathBuf;

use super::reader::Reader;

/// The data folder.
#[derive(Debug)]
pub struct Storage {
    /// The folder of the database and everything beside it; by default the one the configuration file lies in.
    pub data: PathBuf,
}

impl Storage {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self { data: reader.path("storage.data").unwrap_or_else(|| reader.folder()) }
    }
}
