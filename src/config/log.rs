//! `[log]`: how much is logged, and in which form.

use super::reader::Reader;

/// The log on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Log {
    /// What is worth a line.
    pub level: Level,
    /// How a line looks.
    pub format: Format,
}

/// What is worth a line. It is about Milton's own lines: libraries never say more than warnings, because what
/// they trace includes headers, and with them tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// What failed.
    Error,
    /// What looks wrong.
    Warn,
    /// What happens.
    Info,
    /// How it happens.
    Debug,
}

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people on a terminal, JSON elsewhere.
    Auto,
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

impl Log {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let levels = [("error", Level::Error), ("warn", Level::Warn), ("info", Level::Info), ("debug", Level::Debug)];
        let formats = [("auto", Format::Auto), ("human", Format::Human), ("json", Format::Json)];
        Self {
            level: reader.choice("log.level", &levels, Level::Info),
            format: reader.choice("log.format", &formats, Format::Auto),
        }
    }
}
