//! Words of sealed texts, to be found again: 32 bits of a keyed hash, with a key for each team. A hit is a candidate
//! only; whoever searches opens it and looks.
//!
//! What it leaks to somebody who has the file: that two texts of one team share a word, and how often a word stands in
//! it; never which, and nothing across teams.

use std::collections::BTreeSet;

use crate::base::id::Id;
use crate::crypto::blind_index::{BlindColumn, normalize};
use crate::domain::Error;
use crate::domain::team::Team;

use super::engine::Value;
use super::tx::{ReadTx, Tx};

statements! {
    INSERT = "INSERT INTO search_index (team_id, word, resource_id, resource_type) VALUES (?1, ?2, ?3, ?4) \
        ON CONFLICT DO NOTHING";
    DELETE = "DELETE FROM search_index WHERE team_id = ?1 AND word = ?2 AND resource_id = ?3";
}

/// What can be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// A delegation, by its title.
    Delegation,
    /// A comment on a delegation.
    Comment,
    /// A message.
    Message,
    /// A person of the team, by their name.
    Person,
}

impl Found {
    /// The kind's name in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delegation => "delegation",
            Self::Comment => "comment",
            Self::Message => "message",
            Self::Person => "person",
        }
    }
}

/// The distinct words of a text: runs of letters and digits, in NFKC and case-folded.
pub fn words(text: &str) -> BTreeSet<String> {
    let folded = normalize(text);
    folded.split(|each: char| !each.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn index_of(read: &ReadTx<'_>, team: Id<Team>, word: &str) -> Value {
    let index = read.blind_index(BlindColumn::SearchWord, &format!("{team}/{word}"));
    let [_, a, b, c, d, ..] = *index.as_bytes();
    i64::from(u32::from_be_bytes([a, b, c, d])).into()
}

/// Makes a thing findable by the words of its text.
pub fn index<T: ?Sized>(tx: &mut Tx<'_>, team: Id<Team>, found: Found, id: Id<T>, text: &str) -> Result<(), Error> {
    for word in words(text) {
        let word = index_of(tx, team, &word);
        tx.execute(INSERT, &[team.into(), word, id.into(), found.as_str().into()])?;
    }
    Ok(())
}

/// Takes the words of a thing's present text away: before it changes, or with it.
pub fn forget<T: ?Sized>(tx: &mut Tx<'_>, team: Id<Team>, id: Id<T>, text: &str) -> Result<(), Error> {
    for word in words(text) {
        let word = index_of(tx, team, &word);
        tx.execute(DELETE, &[team.into(), word, id.into()])?;
    }
    Ok(())
}
