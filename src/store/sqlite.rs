//! SQLite behind the seam: the only file that knows rusqlite. Opens connections, hardens them, runs statements.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql, params_from_iter};

use crate::domain::Error;

use super::engine::{Cell, Columns, DISK_SILENT, Engine, Row, Value};

/// Read connections kept open: one per worker thread and some for lists.
const READERS: u32 = 16;
/// Prepared statements kept per connection: more than the store has.
const STATEMENTS: usize = 256;
/// Tables whose rows neither change nor leave.
const APPEND_ONLY: &[&str] = &["audit_log", "audit_nodes", "checkpoints"];
/// Tables that nobody writes while the server runs.
const CLOSED: &[&str] = &["schema_migrations", "sqlite_master", "sqlite_schema"];

/// One SQLite connection.
pub(super) struct Sqlite(Connection);

impl Sqlite {
    /// Opens the file for migrations: everything is allowed, nobody is served.
    pub fn open_for_migrations(path: &Path) -> Result<Self, Error> {
        let connection = Connection::open_with_flags(path, flags() | OpenFlags::SQLITE_OPEN_CREATE).map_err(turn)?;
        prepare(&connection).map_err(turn)?;
        Ok(Self(connection))
    }

    /// A database of its own in memory, gone when it is dropped.
    pub fn in_memory() -> Result<Self, Error> {
        let connection = Connection::open_in_memory().map_err(turn)?;
        prepare(&connection).map_err(turn)?;
        Ok(Self(connection))
    }

    /// Opens the file so that nothing on the disk changes, not even the files that belong to its write-ahead log.
    pub fn open_untouched(path: &Path) -> Result<Self, Error> {
        let mut uri = String::from("file:");
        for byte in path.as_os_str().as_encoded_bytes() {
            match byte {
                b'/' | b'-' | b'_' | b'.' => uri.push(char::from(*byte)),
                byte if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
                byte => uri.extend([format!("%{byte:02x}")]),
            }
        }
        uri.push_str("?immutable=1");
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        Connection::open_with_flags(uri, flags).map(Self).map_err(turn)
    }

    /// Opens the writing connection: it cannot change the schema, attach a file, or touch an audit row again.
    pub fn open_writer(path: &Path) -> Result<Self, Error> {
        let connection = Connection::open_with_flags(path, flags()).map_err(turn)?;
        prepare(&connection).map_err(turn)?;
        connection.authorizer(Some(allow_writer)).map_err(turn)?;
        Ok(Self(connection))
    }

    /// A pool of connections that can only read.
    pub fn reader_pool(path: &Path) -> Result<Readers, Error> {
        let manager = r2d2_sqlite::SqliteConnectionManager::file(path).with_flags(flags()).with_init(|connection| {
            prepare(connection)?;
            connection.pragma_update(None, "query_only", true)?;
            connection.authorizer(Some(allow_reader))
        });
        r2d2::Pool::builder()
            .max_size(READERS)
            .min_idle(Some(4))
            .test_on_check_out(false)
            .connection_timeout(std::time::Duration::from_secs(5))
            .build(manager)
            .map(Readers)
            .map_err(Error::internal)
    }
}

/// The pool of reading connections.
pub(super) struct Readers(r2d2::Pool<r2d2_sqlite::SqliteConnectionManager>);

impl Readers {
    /// Lends a connection to `read`, in one transaction: all that it reads is of one moment.
    pub fn with<T>(&self, read: impl FnOnce(&dyn Engine) -> Result<T, Error>) -> Result<T, Error> {
        let connection = self.0.get().map_err(|_| Error::Unavailable("no database connection is free"))?;
        let engine: &dyn Engine = &*connection;
        engine.execute("BEGIN", &[])?;
        let answer = read(engine);
        engine.execute("COMMIT", &[])?;
        answer
    }
}

/// One thread per connection, private cache, no links followed.
fn flags() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA recursive_triggers = ON;
         PRAGMA secure_delete = ON;
         PRAGMA trusted_schema = OFF;
         PRAGMA busy_timeout = 5000;
         PRAGMA cell_size_check = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -2000;",
    )?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    // A plan never hangs on the values bound: a statement is prepared once, not anew for each page of a list.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    Ok(())
}

#[allow(clippy::needless_pass_by_value)] // the signature is the library's
fn allow_writer(context: AuthContext<'_>) -> Authorization {
    let forbidden = match context.action {
        AuthAction::Update { table_name, .. } | AuthAction::Delete { table_name } => {
            APPEND_ONLY.contains(&table_name) || CLOSED.contains(&table_name)
        }
        AuthAction::Insert { table_name } => CLOSED.contains(&table_name),
        AuthAction::Select
        | AuthAction::Read { .. }
        | AuthAction::Function { .. }
        | AuthAction::Recursive
        | AuthAction::Transaction { .. }
        | AuthAction::Savepoint { .. } => false,
        AuthAction::Pragma { pragma_name, .. } => pragma_name != "wal_checkpoint",
        _ => true,
    };
    if forbidden { Authorization::Deny } else { Authorization::Allow }
}

#[allow(clippy::needless_pass_by_value)] // the signature is the library's
fn allow_reader(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Select
        | AuthAction::Read { .. }
        | AuthAction::Function { .. }
        | AuthAction::Recursive
        | AuthAction::Transaction { .. } => Authorization::Allow,
        AuthAction::Pragma { pragma_name, pragma_value: None } if CHECKS.contains(&pragma_name) => Authorization::Allow,
        _ => Authorization::Deny,
    }
}

/// Questions about the file's health that `doctor` asks.
const CHECKS: &[&str] = &["integrity_check", "foreign_key_check"];

impl Engine for Sqlite {
    fn execute(&self, sql: &'static str, values: &[Value]) -> Result<usize, Error> {
        Engine::execute(&self.0, sql, values)
    }
    fn query(
        &self,
        sql: &'static str,
        values: &[Value],
        each: &mut dyn FnMut(Row<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        Engine::query(&self.0, sql, values, each)
    }
    fn batch(&self, sql: &'static str) -> Result<(), Error> {
        self.0.batch(sql)
    }
}

impl Engine for Connection {
    fn execute(&self, sql: &'static str, values: &[Value]) -> Result<usize, Error> {
        let mut statement = self.prepare_cached(sql).map_err(turn)?;
        statement.execute(params_from_iter(values)).map_err(turn)
    }

    fn query(
        &self,
        sql: &'static str,
        values: &[Value],
        each: &mut dyn FnMut(Row<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut statement = self.prepare_cached(sql).map_err(turn)?;
        let mut rows = statement.query(params_from_iter(values)).map_err(turn)?;
        while let Some(row) = rows.next().map_err(turn)? {
            each(Row(row))?;
        }
        Ok(())
    }

    fn batch(&self, sql: &'static str) -> Result<(), Error> {
        self.execute_batch(sql).map_err(turn)
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match &self.0 {
            Cell::Null => ValueRef::Null,
            Cell::Integer(number) => ValueRef::Integer(*number),
            Cell::Text(text) => ValueRef::Text(text.as_bytes()),
            Cell::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl Columns for rusqlite::Row<'_> {
    fn integer(&self, column: usize) -> Result<Option<i64>, Error> {
        self.get_ref(column).map_err(turn)?.as_i64_or_null().map_err(Error::internal)
    }
    fn text(&self, column: usize) -> Result<Option<&str>, Error> {
        self.get_ref(column).map_err(turn)?.as_str_or_null().map_err(Error::internal)
    }
    fn blob(&self, column: usize) -> Result<Option<&[u8]>, Error> {
        self.get_ref(column).map_err(turn)?.as_blob_or_null().map_err(Error::internal)
    }
}

/// What SQLite says, in our words. `Unavailable` means: nothing was changed, and it may work later.
fn turn(error: rusqlite::Error) -> Error {
    let reason = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "the disk is full",
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "the database is busy",
        Some(ErrorCode::SystemIoFailure) => DISK_SILENT,
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen) => "the database cannot be written",
        _ => return Error::internal(error),
    };
    // Our words are few on purpose; what SQLite said, the log alone has.
    tracing::warn!(%error, extended_code = error.sqlite_error().map(|error| error.extended_code), "{reason}");
    Error::Unavailable(reason)
}

#[cfg(test)]
#[path = "sqlite_tests.rs"]
mod tests;
