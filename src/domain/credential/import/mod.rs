//! Credentials that come from elsewhere: each item of a file turned into one of ours, and nothing lost without a word.
//!
//! What has no counterpart here, such as a card or an identity, becomes a note with all of its values as fields; what
//! cannot be brought along at all is named with the reason. A file is taken whole or not at all.

mod bitwarden;
mod sheet;

use super::{Field, Hidden, Kind, Parts, Payload};
use crate::domain::text::Title;
use crate::domain::{Error, FieldError};

pub use bitwarden::read as read_bitwarden;
pub use sheet::read as read_sheet;

/// How many items a file may have.
pub const MAX_ITEMS: usize = 1_000;
/// How many mistakes are named at most.
const MAX_MISTAKES: usize = 32;
/// What an item without a name is called.
const NAMELESS: &str = "(no name)";

/// What a file holds.
#[derive(Debug, Default)]
pub struct Import {
    /// What becomes a credential.
    pub items: Vec<Item>,
    /// What does not.
    pub skipped: Vec<Skipped>,
}

/// One item on its way in.
#[derive(Debug)]
pub struct Item {
    /// Where it stood in the file.
    pub pointer: String,
    /// Its name.
    pub name: Title,
    /// What it holds.
    pub payload: Payload,
}

/// Something that cannot be brought along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Where it stood in the file.
    pub pointer: String,
    /// Why it stays behind.
    pub reason: &'static str,
}

/// What was read so far, and what was wrong with it.
#[derive(Default)]
struct Reader {
    import: Import,
    wrong: Vec<FieldError>,
}

impl Reader {
    /// Names something that stays behind.
    fn skip(&mut self, pointer: impl Into<String>, reason: &'static str) {
        self.import.skipped.push(Skipped { pointer: pointer.into(), reason });
    }

    /// Names a mistake.
    fn mistake(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        if self.wrong.len() < MAX_MISTAKES {
            self.wrong.push(FieldError { pointer: pointer.into(), detail: detail.into() });
        }
    }

    /// Takes an item in, unless something is wrong with it; `name_at` is the pointer to its name.
    fn take(&mut self, pointer: String, name_at: &str, name: &str, kind: Kind, parts: Parts) {
        let name = if name.trim().is_empty() { NAMELESS } else { name };
        let parsed = Title::parse(name_at, name).and_then(|name| Ok((name, Payload::parse(&pointer, kind, parts)?)));
        match parsed {
            Ok((name, payload)) => self.import.items.push(Item { pointer, name, payload }),
            Err(Error::Invalid(fields)) => fields.into_iter().for_each(|one| self.mistake(one.pointer, one.detail)),
            Err(_) => self.mistake(pointer, "cannot be kept"),
        }
    }

    /// Everything, or what is wrong.
    fn finish(self) -> Result<Import, Error> {
        if self.wrong.is_empty() { Ok(self.import) } else { Err(Error::Invalid(self.wrong)) }
    }
}

/// Text that is worth keeping.
fn hidden(text: String) -> Option<Hidden> {
    (!text.is_empty()).then(|| Hidden::from(text))
}

fn field(name: impl Into<String>, value: impl Into<String>) -> Field {
    Field { name: Hidden::from(name.into()), value: Hidden::from(value.into()) }
}

#[cfg(test)]
mod tests;
