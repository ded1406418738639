//! What a command says: a text for people or one JSON object a line for machines, never both.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::exit::Failure;

/// Who reads the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// People.
    Human,
    /// Programs.
    Json,
}

impl Output {
    /// Says something on standard output. A reader that went away is no failure of the command.
    pub fn say(self, human: &str, machine: &Value) {
        let _ = match self {
            Self::Human => writeln!(io::stdout(), "{human}"),
            Self::Json => writeln!(io::stdout(), "{machine}"),
        };
    }

    /// Says on standard error why the command failed.
    pub fn failure(self, failure: &Failure) {
        let _ = match self {
            Self::Human => failure.message.lines().try_for_each(|line| writeln!(io::stderr(), "milton: {line}")),
            Self::Json => {
                let lines = failure.message.lines().collect::<Vec<_>>();
                writeln!(io::stderr(), "{}", json!({"event": "error", "exit": failure.exit as u8, "messages": lines}))
            }
        };
    }
}
