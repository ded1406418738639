//! Messages in the database, in the order in which they were sent.

use crate::base::id::Id;
use crate::base::page::{Cursor, Edge, Page, PageRequest, Window, WindowRequest};
use crate::domain::conversation::Conversation;
use crate::domain::message::{Message, Reported};
use crate::domain::team::Team;
use crate::domain::text::Said;
use crate::domain::user::User;
use crate::domain::{Conflict, Error};

use super::engine::{Row, Value};
use super::search::{self, Found};
use super::tx::{Column, ReadTx, Tx, owned_by_team};
use super::user::{self, Names};

/// The columns of a message with its author's name.
macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT m.id, m.seq, m.conversation_id, m.author_id, u.name_sealed, m.body_sealed, m.version, \
             m.created_at, m.edited_at, m.reported_at FROM messages m JOIN users u ON u.id = m.author_id ",
            $tail
        )
    };
}

statements! {
    INSERT = "INSERT INTO messages (id, conversation_id, author_id, body_sealed, created_at) \
        VALUES (?1, ?2, ?3, ?4, ?5) RETURNING seq";
    TOUCH = "UPDATE conversations SET last_seq = ?2, updated_at = ?3 WHERE id = ?1";
    FIND = select!("WHERE m.conversation_id = ?1 AND m.id = ?2");
    STANDING = "SELECT seq, author_id, version, deleted_at, reported_at FROM messages \
        WHERE conversation_id = ?1 AND id = ?2";
    OLDER = select!("WHERE m.conversation_id = ?1 AND m.seq < ?2 ORDER BY m.seq DESC LIMIT ?3");
    NEWER = select!("WHERE m.conversation_id = ?1 AND m.seq > ?2 ORDER BY m.seq LIMIT ?3");
    UPDATE = "UPDATE messages SET body_sealed = ?2, edited_at = ?3, version = version + 1 WHERE id = ?1";
    EMPTY = "UPDATE messages SET body_sealed = NULL, deleted_at = ?2, version = version + 1 WHERE id = ?1";
    INSERT_MENTION = "INSERT INTO message_mentions (message_id, user_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    MENTIONS = "SELECT user_id FROM message_mentions WHERE message_id = ?1 ORDER BY user_id";
    DELETE_MENTIONS = "DELETE FROM message_mentions WHERE message_id = ?1";
    REPORT = "UPDATE messages SET reported_at = ?2, reported_sealed = ?3 WHERE id = ?1 AND reported_at IS NULL";
    SETTLE = "UPDATE messages SET reported_at = NULL, reported_sealed = NULL WHERE id = ?1";
    REPORTED = concat!("SELECT m.id, m.seq, m.conversation_id, m.author_id, u.name_sealed, m.reported_sealed, \
        m.version, m.created_at, m.edited_at, m.reported_at, m.deleted_at FROM messages m \
        JOIN users u ON u.id = m.author_id ", "WHERE (m.reported_at, m.seq) < (?2, ?3) AND m.reported_at IS NOT NULL \
        AND (SELECT c.team_id FROM conversations c WHERE c.id = m.conversation_id \
        AND c.deleted_at IS NULL) = ?1 ORDER BY m.reported_at DESC, m.seq DESC LIMIT ?4");
    CONVERSATION_OF = "SELECT c.id FROM messages m JOIN conversations c ON c.id = m.conversation_id \
        WHERE c.team_id = ?1 AND m.id = ?2 AND c.deleted_at IS NULL";
}

const BODY: Column = Column { table: "messages", name: "body_sealed" };
const REPORTED_BODY: Column = Column { table: "messages", name: "reported_sealed" };

/// Where a message is: always by team and conversation, which are known to belong together.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The team.
    pub team: Id<Team>,
    /// The conversation.
    pub conversation: Id<Conversation>,
}

/// Opens what a message says.
pub(super) fn open(read: &ReadTx<'_>, team: Id<Team>, id: Id<Message>, sealed: &[u8]) -> Result<Said, Error> {
    read.open(owned_by_team(team), BODY, id.uuid(), sealed).map(Said::from_stored)
}

/// Writes a message down, findable by its words.
pub fn insert(tx: &mut Tx<'_>, place: Place, body: Said, mentions: &[Id<User>]) -> Result<Message, Error> {
    let Place { team, conversation } = place;
    let id = tx.mint_id::<Message>();
    let (author, now) = (tx.user()?, tx.now());
    let sealed = tx.seal(owned_by_team(team), BODY, id.uuid(), body.as_str())?;
    let values = [id.into(), conversation.into(), author.into(), sealed.into(), now.into()];
    let seq = tx.first(INSERT, &values, |row| row.integer(0))?;
    let seq = seq.ok_or_else(|| Error::internal("a message without a number"))?;
    tx.execute(TOUCH, &[conversation.into(), seq.into(), now.into()])?;
    insert_mentions(tx, id, mentions)?;
    search::index(tx, team, Found::Message, id, body.as_str())?;
    Ok(Message {
        id,
        seq,
        conversation,
        author: user::person(tx, author)?,
        body: Some(body),
        mentions: mentions_of(tx, id)?,
        version: 1,
        created_at: now,
        edited_at: None,
        reported_at: None,
    })
}

fn insert_mentions(tx: &mut Tx<'_>, id: Id<Message>, mentions: &[Id<User>]) -> Result<(), Error> {
    for person in mentions {
        tx.execute(INSERT_MENTION, &[id.into(), (*person).into()])?;
    }
    Ok(())
}

fn mentions_of(read: &ReadTx<'_>, id: Id<Message>) -> Result<Vec<Id<User>>, Error> {
    read.all(MENTIONS, &[id.into()], |row| row.id(0))
}

/// What the permission to touch a message hangs on.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Its place in the order.
    pub seq: i64,
    /// Who sent it.
    pub author: Id<User>,
    /// Its version.
    pub version: i64,
    /// Whether it was deleted.
    pub is_deleted: bool,
    /// Whether somebody reported it.
    pub is_reported: bool,
}

/// How a conversation's message stands, if there is one with this id.
pub fn find_standing(
    read: &ReadTx<'_>,
    conversation: Id<Conversation>,
    id: Id<Message>,
) -> Result<Option<Standing>, Error> {
    read.first(STANDING, &[conversation.into(), id.into()], |row| {
        Ok(Standing {
            seq: row.integer(0)?,
            author: row.id(1)?,
            version: row.integer(2)?,
            is_deleted: row.time_or_none(3)?.is_some(),
            is_reported: row.time_or_none(4)?.is_some(),
        })
    })
}

/// A conversation's message; `NotFound` when it has none with this id.
pub fn get(read: &ReadTx<'_>, place: Place, id: Id<Message>) -> Result<Message, Error> {
    let values = [place.conversation.into(), id.into()];
    let found = messages(read, place.team, FIND, &values)?;
    found.into_iter().next().ok_or(Error::NotFound)
}

fn messages(read: &ReadTx<'_>, team: Id<Team>, sql: &'static str, values: &[Value]) -> Result<Vec<Message>, Error> {
    let mut names = Names::default();
    let mut found = read.all(sql, values, |row| message(read, team, &row, &mut names))?;
    for message in &mut found {
        message.mentions = mentions_of(read, message.id)?;
    }
    Ok(found)
}

/// A message without its mentions, which stand elsewhere.
fn message(read: &ReadTx<'_>, team: Id<Team>, row: &Row<'_>, names: &mut Names) -> Result<Message, Error> {
    let id = row.id::<Message>(0)?;
    Ok(Message {
        id,
        seq: row.integer(1)?,
        conversation: row.id(2)?,
        author: names.person(read, row, 3)?.ok_or_else(|| Error::internal("a message without an author"))?,
        body: row.blob_or_none(5)?.map(|sealed| open(read, team, id, sealed)).transpose()?,
        mentions: Vec::new(),
        version: row.integer(6)?,
        created_at: row.time(7)?,
        edited_at: row.time_or_none(8)?,
        reported_at: row.time_or_none(9)?,
    })
}

/// A stretch of a conversation, the oldest message first; from the newest on when nobody says where.
pub fn window(read: &ReadTx<'_>, place: Place, request: &WindowRequest) -> Result<Window<Message>, Error> {
    let (sql, seq) = match request.edge() {
        Edge::End => (OLDER, i64::MAX),
        Edge::Before(cursor) => (OLDER, position("before", cursor)?),
        Edge::After(cursor) => (NEWER, position("after", cursor)?),
    };
    let values = [place.conversation.into(), seq.into(), request.fetch().into()];
    Ok(request.cut(messages(read, place.team, sql, &values)?, |message| message.seq.to_string()))
}

fn position(parameter: &str, cursor: &Cursor) -> Result<i64, Error> {
    cursor.key().parse().map_err(|_| Error::invalid(parameter, "is not a cursor of this list"))
}

/// Replaces what a message says, and whom it mentions when that is given.
pub fn update(
    tx: &mut Tx<'_>,
    place: Place,
    id: Id<Message>,
    body: &Said,
    mentions: Option<&[Id<User>]>,
) -> Result<(), Error> {
    forget(tx, place, id)?;
    let sealed = tx.seal(owned_by_team(place.team), BODY, id.uuid(), body.as_str())?;
    let now = tx.now();
    tx.execute(UPDATE, &[id.into(), sealed.into(), now.into()])?;
    if let Some(mentions) = mentions {
        tx.execute(DELETE_MENTIONS, &[id.into()])?;
        insert_mentions(tx, id, mentions)?;
    }
    search::index(tx, place.team, Found::Message, id, body.as_str())
}

/// Takes away what a message says, its words and its mentions. Its place stays. `Conflict(WrongState)` when that was
/// done before.
pub fn empty(tx: &mut Tx<'_>, place: Place, id: Id<Message>) -> Result<(), Error> {
    forget(tx, place, id)?;
    let now = tx.now();
    tx.execute(EMPTY, &[id.into(), now.into()])?;
    tx.execute(DELETE_MENTIONS, &[id.into()])?;
    Ok(())
}

/// Takes the words of a message's present text away.
fn forget(tx: &mut Tx<'_>, place: Place, id: Id<Message>) -> Result<(), Error> {
    let said = get(tx, place, id)?.body.ok_or(Error::Conflict(Conflict::WrongState))?;
    search::forget(tx, place.team, id, said.as_str())
}

/// Marks a message as reported, and keeps what it says; `Conflict(AlreadyExists)` when somebody did so before.
pub fn report(tx: &mut Tx<'_>, place: Place, id: Id<Message>) -> Result<(), Error> {
    let said = get(tx, place, id)?.body.ok_or(Error::Conflict(Conflict::WrongState))?;
    let sealed = tx.seal(owned_by_team(place.team), REPORTED_BODY, id.uuid(), said.as_str())?;
    let now = tx.now();
    match tx.execute(REPORT, &[id.into(), now.into(), sealed.into()])? {
        0 => Err(Error::Conflict(Conflict::AlreadyExists)),
        _ => Ok(()),
    }
}

/// Ends a report: nothing of what was kept with it stays.
pub fn settle(tx: &mut Tx<'_>, id: Id<Message>) -> Result<(), Error> {
    tx.execute(SETTLE, &[id.into()])?;
    Ok(())
}

fn reported_message(read: &ReadTx<'_>, team: Id<Team>, row: &Row<'_>, names: &mut Names) -> Result<Reported, Error> {
    let (id, reported_at) = (row.id::<Message>(0)?, row.time(9)?);
    let body = Said::from_stored(read.open(owned_by_team(team), REPORTED_BODY, id.uuid(), row.blob(5)?)?);
    let changed_at = row.time_or_none(8)?.max(row.time_or_none(10)?);
    Ok(Reported {
        message: Message {
            id,
            seq: row.integer(1)?,
            conversation: row.id(2)?,
            author: names.person(read, row, 3)?.ok_or_else(|| Error::internal("a message without an author"))?,
            body: Some(body),
            // Whom it mentions now may have been written afterwards.
            mentions: Vec::new(),
            version: row.integer(6)?,
            created_at: row.time(7)?,
            edited_at: row.time_or_none(8)?.filter(|at| *at <= reported_at),
            reported_at: Some(reported_at),
        },
        reported_at,
        is_changed: changed_at.is_some_and(|at| at > reported_at),
    })
}

/// What was reported in a team and is not settled, as it was then, the newest report first.
pub fn reported(read: &ReadTx<'_>, team: Id<Team>, page: &PageRequest) -> Result<Page<Reported>, Error> {
    let foreign = || Error::invalid("cursor", "is not a cursor of this list");
    let number = |text: &str| text.parse::<i64>().map_err(|_| foreign());
    let (at, seq) = match page.after() {
        None => (i64::MAX, i64::MAX),
        Some(key) => {
            let (at, seq) = key.split_once('-').ok_or_else(foreign)?;
            (number(at)?, number(seq)?)
        }
    };
    let values = [team.into(), at.into(), seq.into(), page.fetch().into()];
    let mut names = Names::default();
    let rows = read.all(REPORTED, &values, |row| reported_message(read, team, &row, &mut names))?;
    Ok(page.cut(rows, |one| format!("{}-{}", one.reported_at.micros(), one.message.seq)))
}

/// The conversation in which a team's message stands: who knows only the message learns from here what to ask about.
pub fn conversation_of(
    read: &ReadTx<'_>,
    team: Id<Team>,
    message: Id<Message>,
) -> Result<Option<Id<Conversation>>, Error> {
    read.first(CONVERSATION_OF, &[team.into(), message.into()], |row| row.id(0))
}
