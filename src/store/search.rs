//! Words of sealed texts, to be found again by those who may read them: 32 bits of a keyed hash. A hit is a candidate
//! only; whoever searches opens it and looks.
//!
//! A word is hashed together with the list it stands on, and a list holds what one set of people may read: the titles of
//! a team's delegations, its comments, the comments on one delegation, the messages of one conversation, the names of a
//! team's people. A search walks the lists that its caller may read and no other, so that neither its answers nor the
//! time it takes tell anything of the rest.
//!
//! What it leaks to somebody who has the file: that two texts of one list share a word, and how often a word stands on
//! it; which id holds how many words. Never which words, and nothing across lists, kinds or teams.

use uuid::Uuid;

use crate::base::id::Id;
use crate::crypto::blind_index::BlindColumn;
use crate::domain::Error;
use crate::domain::team::Team;
use crate::domain::user::User;

use super::engine::Value;
use super::search_words::words;
use super::tx::{ReadTx, Tx};

pub use super::search_hit::{Hit, Reader};
pub use super::search_lists::search;

statements! {
    NUMBER = "SELECT number FROM search_teams WHERE team_id = ?1";
    INSERT_TEAM = "INSERT INTO search_teams (team_id) VALUES (?1) ON CONFLICT DO NOTHING";
    DELEGATION_OF = "SELECT delegation_id FROM delegation_comments WHERE id = ?1";
    CONVERSATION_OF = "SELECT conversation_id FROM messages WHERE id = ?1";
    TEAMS_OF = "SELECT team_id FROM memberships WHERE user_id = ?1";
    INSERT = "INSERT INTO search_index (team, word, found) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    DELETE = "DELETE FROM search_index WHERE team = ?1 AND word = ?2 AND found = ?3";
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
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Delegation, Self::Comment, Self::Message, Self::Person];

    /// The kind's name in the API, and in what is hashed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delegation => "delegation",
            Self::Comment => "comment",
            Self::Message => "message",
            Self::Person => "person",
        }
    }
}

/// Texts of one kind in one place: a team, a delegation or a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct List {
    pub place: Uuid,
    pub found: Found,
}

impl List {
    /// A word as it stands on this list.
    pub fn word(self, read: &ReadTx<'_>, word: &str) -> i64 {
        let (place, kind) = (self.place.as_hyphenated(), self.found.as_str());
        let index = read.blind_index(BlindColumn::SearchWord, &format!("{place}/{kind}/{word}"));
        let [_, a, b, c, d, ..] = *index.as_bytes();
        i32::from_be_bytes([a, b, c, d]).into()
    }
}

/// The number of a team in the index, once anything of it was indexed.
pub(super) fn find_number(read: &ReadTx<'_>, team: Id<Team>) -> Result<Option<i64>, Error> {
    read.first(NUMBER, &[team.into()], |row| row.integer(0))
}

fn number(tx: &mut Tx<'_>, team: Id<Team>) -> Result<i64, Error> {
    if let Some(number) = find_number(tx, team)? {
        return Ok(number);
    }
    tx.execute(INSERT_TEAM, &[team.into()])?;
    find_number(tx, team)?.ok_or(Error::NotFound)
}

/// The place of a comment or a message, from its row.
fn place(read: &ReadTx<'_>, sql: &'static str, id: Uuid) -> Result<Option<Uuid>, Error> {
    read.first(sql, &[id.into()], |row| Ok(row.id::<()>(0)?.uuid()))
}

/// Where a comment is found: among the team's by those who read all delegations, at its delegation by the others.
fn of_comment(team: Id<Team>, delegation: Uuid) -> Vec<List> {
    [team.uuid(), delegation].map(|place| List { place, found: Found::Comment }).into()
}

/// The lists on which a thing stands.
fn lists(read: &ReadTx<'_>, team: Id<Team>, found: Found, id: Uuid) -> Result<Vec<List>, Error> {
    let unwritten = || Error::internal("a text is indexed before its row is written");
    match found {
        Found::Delegation | Found::Person => Ok(vec![List { place: team.uuid(), found }]),
        Found::Comment => Ok(of_comment(team, place(read, DELEGATION_OF, id)?.ok_or_else(unwritten)?)),
        Found::Message => Ok(vec![List { place: place(read, CONVERSATION_OF, id)?.ok_or_else(unwritten)?, found }]),
    }
}

/// The lists on which something with this id may stand.
fn any_lists(read: &ReadTx<'_>, team: Id<Team>, id: Uuid) -> Result<Vec<List>, Error> {
    if let Some(place) = place(read, CONVERSATION_OF, id)? {
        return Ok(vec![List { place, found: Found::Message }]);
    }
    if let Some(place) = place(read, DELEGATION_OF, id)? {
        return Ok(of_comment(team, place));
    }
    Ok([Found::Delegation, Found::Person].map(|found| List { place: team.uuid(), found }).into())
}

/// Makes a thing findable by the words of its text; a comment or a message after its row was written.
pub fn index<T: ?Sized>(tx: &mut Tx<'_>, team: Id<Team>, found: Found, id: Id<T>, text: &str) -> Result<(), Error> {
    let lists = lists(tx, team, found, id.uuid())?;
    change(tx, INSERT, team, &lists, id.uuid(), text)
}

/// Takes the words of a thing's present text away: before it changes, or with it. Before its row goes, too: from the row
/// of a comment or a message it is known where their words stand. What is forgotten too late is never shown, and stays
/// in the index as numbers that lead nowhere.
pub fn forget<T: ?Sized>(tx: &mut Tx<'_>, team: Id<Team>, id: Id<T>, text: &str) -> Result<(), Error> {
    let lists = any_lists(tx, team, id.uuid())?;
    change(tx, DELETE, team, &lists, id.uuid(), text)
}

fn change(
    tx: &mut Tx<'_>,
    sql: &'static str,
    team: Id<Team>,
    lists: &[List],
    id: Uuid,
    text: &str,
) -> Result<(), Error> {
    let number = number(tx, team)?;
    for word in words(text) {
        for list in lists {
            let word = list.word(tx, &word);
            tx.execute(sql, &[number.into(), word.into(), Value::bytes(id.as_bytes())])?;
        }
    }
    Ok(())
}

/// A person goes by another name: in all of their teams.
pub fn rename(tx: &mut Tx<'_>, user: Id<User>, old: &str, new: &str) -> Result<(), Error> {
    let teams = tx.all(TEAMS_OF, &[user.into()], |row| row.id::<Team>(0))?;
    for team in teams {
        forget(tx, team, user, old)?;
        index(tx, team, Found::Person, user, new)?;
    }
    Ok(())
}
