//! `[storage]`: where the data lies.

use std::path::PathBuf;

use super::reader::Reader;

/// The data folder.
#[derive(Debug)]
pub struct Storage {
    /// The folder of the database and everything beside it; by default the one the configuration file lies in.
    pub data: PathBuf,
    /// The file that remembers each signed head of the audit log; by default beside the database.
    pub anchor: Option<PathBuf>,
}

impl Storage {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let data = reader.path("storage.data").unwrap_or_else(|| reader.folder());
        Self { data, anchor: reader.path("storage.anchor") }
    }
}
