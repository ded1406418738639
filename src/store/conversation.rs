//! Conversations in the database, as one person sees them; who takes part is in `participant`.

use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::crypto::blind_index::BlindColumn;
use crate::domain::conversation::{Conversation, Kind, Preview, pair};
use crate::domain::delegation::{Delegation, Person};
use crate::domain::message::Message;
use crate::domain::team::Team;
use crate::domain::text::Topic;
use crate::domain::user::User;
use crate::domain::{Conflict, Error};

use super::engine::{Row, Value};
use super::tx::{Column, ReadTx, Tx, owned_by_team};
use super::user::Names;
use super::{message, participant};

/// Where somebody's conversations are, newest activity first; `$tail` says in which team.
macro_rules! page {
    ($from:literal) => {
        concat!(
            "SELECT p.conversation_id, p.team_id, p.last_seq, p.read_seq FROM ",
            $from,
            " p.user_id = ?1 AND (p.expires_at IS NULL OR p.expires_at > ?2) \
             AND (p.last_seq, p.conversation_id) < (?3, ?4) ORDER BY p.last_seq DESC, p.conversation_id DESC LIMIT ?5"
        )
    };
}

statements! {
    INSERT = "INSERT INTO conversations (id, team_id, kind, delegation_id, pair_bidx, title_sealed, created_by, \
        created_at, updated_at, last_seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, \
        (SELECT coalesce(max(seq), 0) FROM messages)) ON CONFLICT DO NOTHING";
    STANDING = "SELECT kind, created_by, delegation_id, last_seq, version FROM conversations \
        WHERE team_id = ?1 AND id = ?2 AND deleted_at IS NULL";
    FIND = "SELECT c.id, c.team_id, c.kind, c.title_sealed, c.delegation_id, c.created_by, o.id, o.name_sealed, \
        (SELECT count(*) FROM messages n WHERE n.conversation_id = c.id AND n.seq > ?4 AND n.author_id <> ?3 \
        AND n.deleted_at IS NULL), l.id, l.body_sealed, a.id, a.name_sealed, l.created_at, c.version, c.created_at, \
        c.updated_at FROM conversations c \
        LEFT JOIN conversation_participants w ON c.kind = 'direct' AND w.conversation_id = c.id \
        AND w.user_id <> ?3 AND w.left_at IS NULL LEFT JOIN users o ON o.id = w.user_id \
        LEFT JOIN messages l ON l.seq = (SELECT max(n.seq) FROM messages n WHERE n.conversation_id = c.id) \
        LEFT JOIN users a ON a.id = l.author_id WHERE c.team_id = ?1 AND c.id = ?2 AND c.deleted_at IS NULL";
    OF_PAIR = "SELECT id FROM conversations WHERE team_id = ?1 AND pair_bidx = ?2 AND deleted_at IS NULL";
    OF_DELEGATION = "SELECT id FROM conversations WHERE delegation_id = ?2 AND team_id = ?1 AND deleted_at IS NULL";
    RENAME = "UPDATE conversations SET title_sealed = ?3, version = version + 1, updated_at = ?4 \
        WHERE team_id = ?1 AND id = ?2";
    TOMBSTONE = "UPDATE conversations SET deleted_at = ?3, version = version + 1 WHERE team_id = ?1 AND id = ?2";
    PAGE = page!("participation p WHERE");
    PAGE_OF_TEAM = page!("participation p WHERE p.team_id = ?6 AND");
    UNREAD = "SELECT count(*) FROM participation p JOIN messages n ON n.conversation_id = p.conversation_id \
        AND n.seq > p.read_seq AND n.author_id <> ?1 AND n.deleted_at IS NULL \
        WHERE p.user_id = ?1 AND (p.expires_at IS NULL OR p.expires_at > ?2)";
}

const TITLE: Column = Column { table: "conversations", name: "title_sealed" };

/// How much of the newest message a list shows, in characters.
const PREVIEW: usize = 200;

/// A conversation about to begin.
#[derive(Clone, Debug)]
pub enum New {
    /// Between the caller and somebody.
    Direct(Id<User>),
    /// Among the caller and others, with a title.
    Group(Topic),
    /// About a delegation.
    About(Id<Delegation>),
}

/// Begins a conversation; the caller owns it. `Conflict(AlreadyExists)` when the pair or the delegation has one.
pub fn insert(tx: &mut Tx<'_>, team: Id<Team>, new: &New) -> Result<Id<Conversation>, Error> {
    let id = tx.mint_id::<Conversation>();
    let me = tx.user()?;
    let (kind, delegation, pair, title) = match new {
        New::Direct(other) => (Kind::Direct, None, Some(pair_index(tx, me, *other)), None),
        New::Group(title) => (Kind::Group, None, None, Some(sealed(tx, team, id, title)?)),
        New::About(delegation) => (Kind::Delegation, Some(*delegation), None, None),
    };
    let values = [
        id.into(),
        team.into(),
        kind.as_str().into(),
        delegation.into(),
        pair.into(),
        title.into(),
        me.into(),
        tx.now().into(),
    ];
    match tx.execute(INSERT, &values)? {
        0 => Err(Error::Conflict(Conflict::AlreadyExists)),
        _ => Ok(id),
    }
}

fn pair_index(read: &ReadTx<'_>, one: Id<User>, other: Id<User>) -> Value {
    read.blind_index(BlindColumn::ConversationPair, &pair(one, other)).into()
}

fn sealed(tx: &Tx<'_>, team: Id<Team>, id: Id<Conversation>, title: &Topic) -> Result<Value, Error> {
    tx.seal(owned_by_team(team), TITLE, id.uuid(), title.as_str()).map(Value::from)
}

/// What the permission to touch a conversation hangs on.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Which kind.
    pub kind: Kind,
    /// Who owns it.
    pub created_by: Option<Id<User>>,
    /// What it is about, if that is a delegation.
    pub delegation: Option<Id<Delegation>>,
    /// Behind which message it stands.
    pub last_seq: i64,
    /// Its version.
    pub version: i64,
}

/// How a team's conversation stands; `NotFound` when the team has none with this id.
pub fn standing(read: &ReadTx<'_>, team: Id<Team>, id: Id<Conversation>) -> Result<Standing, Error> {
    let found = read.first(STANDING, &[team.into(), id.into()], |row| {
        Ok(Standing {
            kind: row.word(0, Kind::parse)?,
            created_by: row.id_or_none(1)?,
            delegation: row.id_or_none(2)?,
            last_seq: row.integer(3)?,
            version: row.integer(4)?,
        })
    })?;
    found.ok_or(Error::NotFound)
}

/// A team's conversation as somebody sees it who has read up to `read_seq`; `NotFound` when the team has none with this
/// id.
fn seen_by(
    read: &ReadTx<'_>,
    (team, id): (Id<Team>, Id<Conversation>),
    reader: Id<User>,
    read_seq: i64,
    names: &mut Names,
) -> Result<Conversation, Error> {
    let values = [team.into(), id.into(), reader.into(), read_seq.into()];
    read.first(FIND, &values, |row| conversation(read, &row, names))?.ok_or(Error::NotFound)
}

/// A team's conversation as somebody sees it; `NotFound` when the team has none with this id.
pub fn get(read: &ReadTx<'_>, team: Id<Team>, id: Id<Conversation>, reader: Id<User>) -> Result<Conversation, Error> {
    let read_seq = participant::read_seq(read, id, reader)?.unwrap_or_default();
    seen_by(read, (team, id), reader, read_seq, &mut Names::default())
}

fn conversation(read: &ReadTx<'_>, row: &Row<'_>, names: &mut Names) -> Result<Conversation, Error> {
    let (id, team) = (row.id::<Conversation>(0)?, row.id::<Team>(1)?);
    let title = row.blob_or_none(3)?.map(|sealed| read.open_line(owned_by_team(team), TITLE, id.uuid(), sealed));
    Ok(Conversation {
        id,
        team,
        kind: row.word(2, Kind::parse)?,
        title: title.transpose()?,
        delegation: row.id_or_none(4)?,
        created_by: row.id_or_none(5)?,
        with: names.person(read, row, 6)?,
        unread: row.integer(8)?,
        last: preview(read, team, row, names)?,
        version: row.integer(14)?,
        created_at: row.time(15)?,
        updated_at: row.time(16)?,
    })
}

fn preview(read: &ReadTx<'_>, team: Id<Team>, row: &Row<'_>, names: &mut Names) -> Result<Option<Preview>, Error> {
    let Some(id) = row.id_or_none::<Message>(9)? else { return Ok(None) };
    let author: Option<Person> = names.person(read, row, 11)?;
    let said = row.blob_or_none(10)?.map(|sealed| message::open(read, team, id, sealed)).transpose()?;
    Ok(Some(Preview {
        id,
        author: author.ok_or_else(|| Error::internal("a message without an author"))?,
        text: said.map(|said| said.as_str().chars().take(PREVIEW).collect()),
        created_at: row.time(13)?,
    }))
}

/// The direct conversation of two people in a team.
pub fn find_of_pair(
    read: &ReadTx<'_>,
    team: Id<Team>,
    one: Id<User>,
    other: Id<User>,
) -> Result<Option<Id<Conversation>>, Error> {
    read.first(OF_PAIR, &[team.into(), pair_index(read, one, other)], |row| row.id(0))
}

/// The conversation about a delegation.
pub fn find_of_delegation(
    read: &ReadTx<'_>,
    team: Id<Team>,
    delegation: Id<Delegation>,
) -> Result<Option<Id<Conversation>>, Error> {
    read.first(OF_DELEGATION, &[team.into(), delegation.into()], |row| row.id(0))
}

/// Gives a group another title.
pub fn rename(tx: &mut Tx<'_>, team: Id<Team>, id: Id<Conversation>, title: &Topic) -> Result<(), Error> {
    let values = [team.into(), id.into(), sealed(tx, team, id, title)?, tx.now().into()];
    tx.execute(RENAME, &values)?;
    Ok(())
}

/// Takes a conversation out of everybody's sight. Its rows stay for the grace period.
pub fn tombstone(tx: &mut Tx<'_>, team: Id<Team>, id: Id<Conversation>) -> Result<(), Error> {
    let now = tx.now();
    tx.execute(TOMBSTONE, &[team.into(), id.into(), now.into()])?;
    Ok(())
}

/// Sorts behind every conversation of one place in the order.
const LAST: &str = "g";

/// What somebody takes part in, newest activity first: in one team, or everywhere.
pub fn list(
    read: &ReadTx<'_>,
    reader: Id<User>,
    team: Option<Id<Team>>,
    page: &PageRequest,
) -> Result<Page<Conversation>, Error> {
    let foreign = || Error::invalid("cursor", "is not a cursor of this list");
    let (seq, id) = match page.after() {
        None => (i64::MAX, LAST),
        Some(key) => {
            let (seq, id) = key.split_once('-').ok_or_else(foreign)?;
            (seq.parse().map_err(|_| foreign())?, id)
        }
    };
    let mut values: Vec<Value> =
        vec![reader.into(), read.now().into(), seq.into(), Value::plain(id), page.fetch().into()];
    values.extend(team.map(Value::from));
    let sql = if team.is_some() { PAGE_OF_TEAM } else { PAGE };
    let places = read.all(sql, &values, |row| {
        Ok((row.id::<Conversation>(0)?, row.id::<Team>(1)?, row.integer(2)?, row.integer(3)?))
    })?;
    let Page { items, next } = page.cut(places, |(id, _, seq, _)| format!("{seq}-{id}"));
    let mut names = Names::default();
    let seen = |(id, team, _, read_seq)| seen_by(read, (team, id), reader, read_seq, &mut names);
    Ok(Page { items: items.into_iter().map(seen).collect::<Result<_, _>>()?, next })
}

/// How many messages somebody has not read, in all that they take part in.
pub fn unread(read: &ReadTx<'_>, reader: Id<User>) -> Result<i64, Error> {
    Ok(read.first(UNREAD, &[reader.into(), read.now().into()], |row| row.integer(0))?.unwrap_or_default())
}
