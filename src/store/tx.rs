//! Transactions. Holding a [`Tx`] means: this was allowed, and it will be audited or it will not happen.

use std::fmt::Display;
use std::ops::Deref;

use crate::base::clock::Timestamp;
use crate::base::entropy::Entropy;
use crate::base::id::Id;
use crate::base::secret::Secret;
use crate::crypto::blind_index::{BlindColumn, BlindIndex};
use crate::crypto::field::{self, Place, Sealed};
use crate::crypto::keyring::{Dek, Owner, OwnerKind};
use crate::domain::Error;
use crate::domain::actor::{Actor, Caller};
use crate::domain::event::Event;
use crate::domain::session::SIGN_IN_LIFETIME;
use crate::domain::team::Team;
use crate::domain::text::Line;
use crate::domain::user::User;

use super::action::Resource;
use super::engine::{Engine, Row, Value};
use super::keys::Keys;
use super::signal::Signal;

/// A moment of the database, to read from. Only the store makes one.
///
/// ```
/// fn lent(read: &milton::store::ReadTx<'_>) { read.now(); }
/// ```
/// ```compile_fail
/// fn forge() -> milton::store::ReadTx<'static> {
///     milton::store::ReadTx { engine: todo!(), keys: todo!(), now: todo!() }
/// }
/// ```
pub struct ReadTx<'a> {
    engine: &'a dyn Engine,
    keys: &'a Keys,
    now: Timestamp,
}

impl<'a> ReadTx<'a> {
    pub(super) fn new(engine: &'a dyn Engine, keys: &'a Keys, now: Timestamp) -> Self {
        Self { engine, keys, now }
    }

    /// The transaction's one moment.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// The blind index under which a text can be found without being stored.
    pub fn blind_index(&self, column: BlindColumn, text: &str) -> BlindIndex {
        self.keys.keyring().blind_index(column, text)
    }

    pub(super) const fn engine(&self) -> &'a dyn Engine {
        self.engine
    }

    pub(super) const fn keys(&self) -> &'a Keys {
        self.keys
    }

    /// Every row, turned by `read`.
    pub(super) fn all<T>(
        &self,
        sql: &'static str,
        values: &[Value],
        mut read: impl FnMut(Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut rows = Vec::new();
        self.engine.query(sql, values, &mut |row| {
            rows.push(read(row)?);
            Ok(())
        })?;
        Ok(rows)
    }

    /// The first row, turned by `read`.
    pub(super) fn first<T>(
        &self,
        sql: &'static str,
        values: &[Value],
        mut read: impl FnMut(Row<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let mut found = None;
        self.engine.query(sql, values, &mut |row| {
            if found.is_none() {
                found = Some(read(row)?);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Refuses one more of what strangers can begin, when `open` (limited to [`UNDER_WAY`] by itself) finds too many under
    /// way: nobody fills the disk with beginnings.
    pub(super) fn refuse_flood(&self, open: &'static str) -> Result<(), Error> {
        if self.first(open, &[self.now.into(), UNDER_WAY.into()], |row| row.integer(0))? < Some(UNDER_WAY) {
            return Ok(());
        }
        let window = SIGN_IN_LIFETIME;
        Err(Error::RateLimited { quota: "under-way", limit: 10_000, window, retry_after: window })
    }

    pub(super) fn dek(&self, owner: Owner) -> Result<Dek, Error> {
        self.keys.get(self.engine, owner)
    }

    /// Opens a sealed column. Any failure is an error, never an empty value.
    pub(super) fn open(&self, owner: Owner, column: Column, row: uuid::Uuid, bytes: &[u8]) -> Result<String, Error> {
        let dek = self.dek(owner)?;
        field::open_text(&dek, column.place(row, owner), bytes).map_err(Error::internal)
    }

    /// Opens a sealed column that holds one line.
    pub(super) fn open_line<const MAX: usize>(
        &self,
        owner: Owner,
        column: Column,
        row: uuid::Uuid,
        bytes: &[u8],
    ) -> Result<Line<MAX>, Error> {
        self.open(owner, column, row, bytes).map(Line::from_stored)
    }
}

/// How many sign-ins of one kind may be under way on the whole server.
const UNDER_WAY: i64 = 10_000;

/// A sealed column; part of what binds a ciphertext to its place.
#[derive(Clone, Copy)]
pub(super) struct Column {
    pub table: &'static str,
    pub name: &'static str,
}

impl Column {
    pub(super) const fn place(self, row: uuid::Uuid, owner: Owner) -> Place {
        Place { table: self.table, column: self.name, row, owner: owner.id }
    }
}

/// The key owner that a person is.
pub(super) const fn owned_by_user(user: Id<User>) -> Owner {
    Owner { kind: OwnerKind::User, id: user.uuid() }
}

/// The key owner that a team is.
pub(super) const fn owned_by_team(team: Id<Team>) -> Owner {
    Owner { kind: OwnerKind::Team, id: team.uuid() }
}

/// A change under way. There is no way to make one, to commit one or to keep one: the door lends it to
/// [`Action::apply`](super::Action::apply) and commits or rolls back itself.
///
/// ```
/// fn lent(tx: &mut milton::store::Tx<'_>) { tx.note("fact", 1); }
/// ```
/// ```compile_fail
/// fn forge<'a>() -> milton::store::Tx<'a> { milton::store::Tx::new(todo!(), todo!(), todo!()) }
/// ```
/// ```compile_fail
/// fn early(tx: &mut milton::store::Tx<'_>) { tx.commit(); }
/// ```
/// ```compile_fail
/// fn raw(tx: &mut milton::store::Tx<'_>) { let _ = tx.execute("DELETE FROM audit_log", &[]); }
/// ```
pub struct Tx<'a> {
    read: ReadTx<'a>,
    entropy: &'a dyn Entropy,
    caller: &'a Caller,
    pub(super) record: Record,
}

/// What the action tells the audit row.
#[derive(Default)]
pub(super) struct Record {
    pub notes: Vec<(&'static str, String)>,
    pub resource: Option<Resource>,
    pub person: Option<Id<User>>,
    pub further: Vec<(Event, Option<Resource>)>,
    pub signals: Vec<Signal>,
    pub failure: bool,
}

impl<'a> Tx<'a> {
    pub(super) fn new(read: ReadTx<'a>, entropy: &'a dyn Entropy, caller: &'a Caller) -> Self {
        Self { read, entropy, caller, record: Record::default() }
    }

    /// Whoever acts.
    pub const fn actor(&self) -> &'a Actor {
        &self.caller.actor
    }

    /// Whoever acts, and the circumstances.
    pub(super) const fn caller(&self) -> &'a Caller {
        self.caller
    }

    /// The signed-in person who acts.
    pub fn user(&self) -> Result<Id<User>, Error> {
        self.actor().user().ok_or(Error::Forbidden(None))
    }

    /// A new id.
    pub fn mint_id<T: ?Sized>(&self) -> Id<T> {
        Id::mint(self.now(), self.entropy)
    }

    /// Adds a fact to the audit row. It is sealed there under the actor's key.
    pub fn note(&mut self, name: &'static str, fact: impl Display) {
        self.record.notes.push((name, fact.to_string()));
    }

    /// Names the thing that the action made or found.
    pub fn concerns<T: ?Sized>(&mut self, kind: &'static str, id: Id<T>) {
        self.record.resource = Some(Resource { kind, id: id.uuid() });
    }

    /// Names the person whom an act without a session turned out to be, such as a sign-in.
    pub fn attribute_to(&mut self, person: Id<User>) {
        self.record.person = Some(person);
    }

    /// Leaves a further row beside the act's own: one act may be several events, such as a link that was used, an
    /// account that was made, and a sign-in.
    pub fn also(&mut self, event: Event) {
        self.record.further.push((event, None));
    }

    /// Leaves a further row about another thing: one act may concern many, such as all that somebody hands back.
    pub fn also_about<T: ?Sized>(&mut self, event: Event, kind: &'static str, id: Id<T>) {
        self.record.further.push((event, Some(Resource { kind, id: id.uuid() })));
    }

    /// Says that what was tried came to nothing, although the act is kept: a wrong answer is used up all the same, a run
    /// that failed is noted. Its row says `failure`.
    pub fn record_failure(&mut self) {
        self.record.failure = true;
    }

    /// Tells those who listen, once the change is durable.
    pub fn signal(&mut self, signal: Signal) {
        self.record.signals.push(signal);
    }

    pub(super) fn execute(&mut self, sql: &'static str, values: &[Value]) -> Result<usize, Error> {
        self.read.engine.execute(sql, values)
    }

    /// Makes an owner's data key; its first act, before anything of theirs is sealed.
    pub(super) fn create_dek(&mut self, owner: Owner) -> Result<(), Error> {
        self.read.keys.create(self.read.engine, owner, self.read.now, self.entropy)
    }

    /// Destroys an owner's data key: what it sealed can be read by nobody any more. Answers how many there were.
    pub(super) fn destroy_dek(&mut self, owner: Owner) -> Result<usize, Error> {
        self.read.keys.destroy(self.read.engine, owner)
    }

    pub(super) fn seal(&self, owner: Owner, column: Column, row: uuid::Uuid, text: &str) -> Result<Sealed, Error> {
        let dek = self.dek(owner)?;
        Ok(field::seal(&dek, column.place(row, owner), text.as_bytes(), self.entropy))
    }

    /// Seals a value that no person wrote, such as a nonce.
    pub(super) fn seal_secret(
        &self,
        owner: Owner,
        column: Column,
        row: uuid::Uuid,
        secret: &Secret<String>,
    ) -> Result<Sealed, Error> {
        self.seal(owner, column, row, secret.expose())
    }

    pub(super) const fn entropy(&self) -> &'a dyn Entropy {
        self.entropy
    }
}

impl<'a> Deref for Tx<'a> {
    type Target = ReadTx<'a>;
    fn deref(&self) -> &ReadTx<'a> {
        &self.read
    }
}
