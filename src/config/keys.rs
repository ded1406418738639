//! `[keys]`: the file with the root key, when no variable names one. The key itself never stands in the configuration.

use std::path::PathBuf;

use super::reader::Reader;

/// Where the root key is, as far as the configuration says.
#[derive(Debug)]
pub struct Keys {
    /// A file that holds the root key and that its owner alone can read.
    pub root_key_file: Option<PathBuf>,
}

impl Keys {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self { root_key_file: reader.path("keys.root_key_file") }
    }
}
