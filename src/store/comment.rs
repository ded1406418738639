//! Comments in the database: sealed under the team's key, findable by their words, with who is named in each.

use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::domain::Error;
use crate::domain::comment::Comment;
use crate::domain::delegation::{Delegation, Person};
use crate::domain::team::Team;
use crate::domain::text::Remark;
use crate::domain::user::User;

use super::delegation::person;
use super::engine::{Row, Value};
use super::search::{self, Found};
use super::tx::{Column, ReadTx, Tx, owned_by_team};
use super::user::Names;

/// A delegation's comments that are not deleted.
macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT c.id, c.delegation_id, c.author_id, u.name_sealed, c.body_sealed, c.version, c.created_at, \
             c.edited_at FROM delegation_comments c JOIN users u ON u.id = c.author_id \
             WHERE c.delegation_id = ?1 AND c.deleted_at IS NULL ",
            $tail
        )
    };
}

statements! {
    INSERT = "INSERT INTO delegation_comments (id, delegation_id, author_id, body_sealed, created_at) \
        VALUES (?1, ?2, ?3, ?4, ?5)";
    FIND = select!("AND c.id = ?2");
    LIST = select!("AND c.id > ?2 ORDER BY c.id LIMIT ?3");
    BODIES = "SELECT id, body_sealed FROM delegation_comments WHERE delegation_id = ?1 AND deleted_at IS NULL";
    AUTHOR = "SELECT author_id, version FROM delegation_comments \
        WHERE delegation_id = ?1 AND id = ?2 AND deleted_at IS NULL";
    DELEGATION_OF = "SELECT c.delegation_id FROM delegation_comments c JOIN delegations d ON d.id = c.delegation_id \
        WHERE d.team_id = ?1 AND c.id = ?2";
    UPDATE = "UPDATE delegation_comments SET body_sealed = ?3, version = version + 1, edited_at = ?4 \
        WHERE delegation_id = ?1 AND id = ?2";
    TOMBSTONE = "UPDATE delegation_comments SET deleted_at = ?3, version = version + 1 \
        WHERE delegation_id = ?1 AND id = ?2";
    MENTION = "INSERT INTO comment_mentions (comment_id, user_id) VALUES (?1, ?2)";
    UNMENTION = "DELETE FROM comment_mentions WHERE comment_id = ?1";
    MENTIONS = "SELECT m.user_id, u.name_sealed FROM comment_mentions m JOIN users u ON u.id = m.user_id \
        WHERE m.comment_id = ?1 ORDER BY m.user_id";
}

const BODY: Column = Column { table: "delegation_comments", name: "body_sealed" };

/// Where a comment stands: a delegation of a team. Whoever asks has looked the delegation up in that team.
#[derive(Clone, Copy, Debug)]
pub struct Under {
    /// The team, whose key seals it.
    pub team: Id<Team>,
    /// The delegation.
    pub delegation: Id<Delegation>,
}

/// Writes down what the caller says.
pub fn insert(tx: &mut Tx<'_>, under: Under, body: &Remark, mentions: &[Id<User>]) -> Result<Comment, Error> {
    let id = tx.mint_id::<Comment>();
    let sealed = tx.seal(owned_by_team(under.team), BODY, id.uuid(), body.as_str())?;
    let values = [id.into(), under.delegation.into(), tx.user()?.into(), sealed.into(), tx.now().into()];
    tx.execute(INSERT, &values)?;
    mention(tx, id, mentions)?;
    search::index(tx, under.team, Found::Comment, id, body.as_str())?;
    get(tx, under, id)
}

fn mention(tx: &mut Tx<'_>, id: Id<Comment>, mentions: &[Id<User>]) -> Result<(), Error> {
    tx.execute(UNMENTION, &[id.into()])?;
    for person in mentions {
        tx.execute(MENTION, &[id.into(), (*person).into()])?;
    }
    Ok(())
}

/// A delegation's comment; `NotFound` when it has none with this id, or it was deleted.
pub fn get(read: &ReadTx<'_>, under: Under, id: Id<Comment>) -> Result<Comment, Error> {
    let found = read
        .first(FIND, &[under.delegation.into(), id.into()], |row| comment(read, under, &row, &mut Names::default()))?;
    found.ok_or(Error::NotFound)
}

fn comment(read: &ReadTx<'_>, under: Under, row: &Row<'_>, names: &mut Names) -> Result<Comment, Error> {
    let id = row.id::<Comment>(0)?;
    Ok(Comment {
        id,
        delegation: row.id(1)?,
        author: named(read, row, 2, names)?,
        body: Remark::from_stored(read.open(owned_by_team(under.team), BODY, id.uuid(), row.blob(4)?)?),
        mentions: read.all(MENTIONS, &[id.into()], |row| named(read, &row, 0, names))?,
        version: row.integer(5)?,
        created_at: row.time(6)?,
        edited_at: row.time_or_none(7)?,
    })
}

fn named(read: &ReadTx<'_>, row: &Row<'_>, column: usize, names: &mut Names) -> Result<Person, Error> {
    person(read, row, column, names)?.ok_or_else(|| Error::internal("nobody where somebody stands"))
}

/// A delegation's comments, the oldest first.
pub fn list(read: &ReadTx<'_>, under: Under, page: &PageRequest) -> Result<Page<Comment>, Error> {
    let after = Value::plain(page.after().unwrap_or_default());
    let mut names = Names::default();
    let values = [under.delegation.into(), after, page.fetch().into()];
    let comments = read.all(LIST, &values, |row| comment(read, under, &row, &mut names))?;
    Ok(page.cut(comments, |comment| comment.id.to_string()))
}

/// Who said it, and its version; `NotFound` when the delegation has no such comment.
pub fn author(read: &ReadTx<'_>, under: Under, id: Id<Comment>) -> Result<(Id<User>, i64), Error> {
    let found = read.first(AUTHOR, &[under.delegation.into(), id.into()], |row| Ok((row.id(0)?, row.integer(1)?)))?;
    found.ok_or(Error::NotFound)
}

/// Replaces what a comment says, and who is named in it.
pub fn update(
    tx: &mut Tx<'_>,
    under: Under,
    present: &Comment,
    body: &Remark,
    mentions: &[Id<User>],
) -> Result<(), Error> {
    let id = present.id;
    let sealed = tx.seal(owned_by_team(under.team), BODY, id.uuid(), body.as_str())?;
    let now = tx.now();
    tx.execute(UPDATE, &[under.delegation.into(), id.into(), sealed.into(), now.into()])?;
    mention(tx, id, mentions)?;
    search::forget(tx, under.team, id, present.body.as_str())?;
    search::index(tx, under.team, Found::Comment, id, body.as_str())
}

/// Takes a comment out of sight. Its row stays for the grace period.
pub fn tombstone(tx: &mut Tx<'_>, under: Under, present: &Comment) -> Result<(), Error> {
    search::forget(tx, under.team, present.id, present.body.as_str())?;
    let now = tx.now();
    tx.execute(TOMBSTONE, &[under.delegation.into(), present.id.into(), now.into()])?;
    Ok(())
}

/// Takes all comments of a delegation, which goes out of sight itself, out of the search.
pub(super) fn forget_all(tx: &mut Tx<'_>, under: Under) -> Result<(), Error> {
    let bodies = tx.all(BODIES, &[under.delegation.into()], |row| {
        let id = row.id::<Comment>(0)?;
        Ok((id, tx.open(owned_by_team(under.team), BODY, id.uuid(), row.blob(1)?)?))
    })?;
    for (id, body) in bodies {
        search::forget(tx, under.team, id, &body)?;
    }
    Ok(())
}

/// The delegation on which a team's comment stands or stood: who knows only the comment learns from here what to ask
/// about.
pub fn delegation_of(read: &ReadTx<'_>, team: Id<Team>, comment: Id<Comment>) -> Result<Option<Id<Delegation>>, Error> {
    read.first(DELEGATION_OF, &[team.into(), comment.into()], |row| row.id(0))
}
