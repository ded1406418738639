//! What is wrong with a configuration: one line for each mistake.

use std::fmt;

/// At least one mistake, in the order of the sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(Vec<String>);

impl Problems {
    /// `Err` when there are any.
    pub(super) fn check(lines: Vec<String>) -> Result<(), Self> {
        if lines.is_empty() { Ok(()) } else { Err(Self(lines)) }
    }

    /// One line for each mistake: where it is, which key, what is expected.
    pub fn lines(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Problems {}
