//! The engine seam: all that the store asks of a database. Statements are `&'static str`, so that no input can become
//! SQL; values are of a closed set into which no plaintext secret converts.

use std::borrow::Cow;

use uuid::Uuid;

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::crypto::blind_index::BlindIndex;
use crate::crypto::field::Sealed;
use crate::domain::Error;

/// What may be bound to a statement.
///
/// A moment converts; text that people wrote has no way in but sealed or as a blind index.
/// ```
/// let _: milton::store::Value = milton::base::clock::Timestamp::default().into();
/// ```
/// ```compile_fail
/// let _: milton::store::Value = String::from("the title").into();
/// ```
/// ```compile_fail
/// let _: milton::store::Value = milton::base::secret::Secret::new(String::from("hunter2")).into();
/// ```
/// ```compile_fail
/// let title = milton::domain::text::Title::parse("/title", "Plans").unwrap();
/// let _: milton::store::Value = title.into();
/// ```
#[derive(Clone, Debug)]
pub struct Value(pub(super) Cell);

/// The forms a value can have in the database.
#[derive(Clone, Debug)]
pub(super) enum Cell {
    Null,
    Integer(i64),
    Text(Cow<'static, str>),
    Blob(Vec<u8>),
}

impl Value {
    /// No value.
    pub const NULL: Self = Self(Cell::Null);

    /// Machine-made text that is no secret and says nothing of a person: a selector, a hash, a cursor, a request id.
    /// Only the store's own files can call it.
    pub(super) fn plain(text: &str) -> Self {
        Self(Cell::Text(Cow::Owned(text.to_owned())))
    }

    /// Machine-made bytes that are no secret: a hash, a wrapped key.
    pub(super) fn bytes(bytes: &[u8]) -> Self {
        Self(Cell::Blob(bytes.to_vec()))
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self(Cell::Integer(number))
    }
}
impl From<&'static str> for Value {
    fn from(word: &'static str) -> Self {
        Self(Cell::Text(Cow::Borrowed(word)))
    }
}
impl From<Timestamp> for Value {
    fn from(moment: Timestamp) -> Self {
        Self(Cell::Integer(moment.micros()))
    }
}
impl<T: ?Sized> From<Id<T>> for Value {
    fn from(id: Id<T>) -> Self {
        id.uuid().into()
    }
}
impl From<Uuid> for Value {
    fn from(id: Uuid) -> Self {
        Self(Cell::Text(Cow::Owned(id.as_hyphenated().to_string())))
    }
}
impl From<Sealed> for Value {
    fn from(sealed: Sealed) -> Self {
        Self(Cell::Blob(sealed.into_bytes()))
    }
}
impl From<BlindIndex> for Value {
    fn from(index: BlindIndex) -> Self {
        Self(Cell::Blob(index.as_bytes().to_vec()))
    }
}
impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::NULL, Into::into)
    }
}

/// A row while it is being read; columns by position, from 0.
pub(super) struct Row<'a>(pub &'a dyn Columns);

/// How an engine hands out the columns of a row.
pub(super) trait Columns {
    fn integer(&self, column: usize) -> Result<Option<i64>, Error>;
    fn text(&self, column: usize) -> Result<Option<&str>, Error>;
    fn blob(&self, column: usize) -> Result<Option<&[u8]>, Error>;
}

impl<'a> Row<'a> {
    pub fn integer(&self, column: usize) -> Result<i64, Error> {
        self.0.integer(column)?.ok_or_else(|| unexpected("NULL where a number stands"))
    }
    pub fn integer_or_none(&self, column: usize) -> Result<Option<i64>, Error> {
        self.0.integer(column)
    }
    pub fn time(&self, column: usize) -> Result<Timestamp, Error> {
        self.integer(column).map(Timestamp::from_micros)
    }
    pub fn time_or_none(&self, column: usize) -> Result<Option<Timestamp>, Error> {
        Ok(self.0.integer(column)?.map(Timestamp::from_micros))
    }
    pub fn text(&self, column: usize) -> Result<&'a str, Error> {
        self.text_or_none(column)?.ok_or_else(|| unexpected("NULL where text stands"))
    }
    pub fn text_or_none(&self, column: usize) -> Result<Option<&'a str>, Error> {
        self.0.text(column)
    }
    pub fn blob(&self, column: usize) -> Result<&'a [u8], Error> {
        self.blob_or_none(column)?.ok_or_else(|| unexpected("NULL where bytes stand"))
    }
    pub fn blob_or_none(&self, column: usize) -> Result<Option<&'a [u8]>, Error> {
        self.0.blob(column)
    }
    pub fn id<T: ?Sized>(&self, column: usize) -> Result<Id<T>, Error> {
        self.text(column)?.parse().map_err(Error::internal)
    }
    pub fn id_or_none<T: ?Sized>(&self, column: usize) -> Result<Option<Id<T>>, Error> {
        self.text_or_none(column)?.map(|text| text.parse().map_err(Error::internal)).transpose()
    }
    /// A closed vocabulary: a word outside of it means that the file was changed by somebody else.
    pub fn word<T>(&self, column: usize, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, Error> {
        parse(self.text(column)?).ok_or_else(|| unexpected("an unknown word in a closed column"))
    }
    pub fn word_or_none<T>(&self, column: usize, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, Error> {
        self.text_or_none(column)?
            .map(|text| parse(text).ok_or_else(|| unexpected("an unknown word in a closed column")))
            .transpose()
    }
}

/// The database holds what the schema does not allow.
pub(super) fn unexpected(what: &'static str) -> Error {
    Error::internal(what)
}

/// Why an act is unavailable after the disk failed to read or to sync.
pub(super) const DISK_SILENT: &str = "the disk does not answer";

/// What a database must do for Milton.
pub(super) trait Engine {
    /// Runs one statement; answers how many rows it changed.
    fn execute(&self, sql: &'static str, values: &[Value]) -> Result<usize, Error>;
    /// Runs one statement and hands each row to `each`.
    fn query(
        &self,
        sql: &'static str,
        values: &[Value],
        each: &mut dyn FnMut(Row<'_>) -> Result<(), Error>,
    ) -> Result<(), Error>;
    /// Runs a script without values: migrations and transaction control.
    fn batch(&self, sql: &'static str) -> Result<(), Error>;
}
