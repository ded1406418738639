//! What the serving connections refuse, statement by statement.

use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempDir;

use super::*;
use crate::base::clock::SystemClock;
use crate::base::entropy::SystemEntropy;
use crate::crypto::keyring::RootKey;
use crate::store::{Store, StoreOptions};

/// A migrated database with three audit rows in it, and an id for each.
fn database() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("milton.db");
    let options = StoreOptions::at(&path, Arc::new(SystemClock), Arc::new(SystemEntropy));
    drop(Store::open(options, &RootKey::generate(&SystemEntropy)).unwrap());
    Sqlite::open_for_migrations(&path).unwrap().batch(ROWS).unwrap();
    (folder, path)
}

const ROWS: &str = "INSERT INTO audit_log (seq, at, event, outcome, actor_kind, scope, leaf) VALUES \
    (1, 0, 'a', 'success', 'job', 'instance', zeroblob(32)), (2, 0, 'b', 'success', 'job', 'instance', zeroblob(32)), \
    (3, 0, 'c', 'success', 'job', 'instance', zeroblob(32))";

fn log(path: &Path) -> Vec<(i64, String)> {
    let mut rows = Vec::new();
    let engine = Sqlite::open_for_migrations(path).unwrap();
    engine
        .query("SELECT seq, event FROM audit_log ORDER BY seq", &[], &mut |row| {
            rows.push((row.integer(0)?, row.text(1)?.to_owned()));
            Ok(())
        })
        .unwrap();
    rows
}

/// What the triggers alone refuse, whoever connects.
const REWRITES: &[&str] = &[
    "UPDATE audit_log SET event = 'x'",
    "UPDATE audit_log SET seq = seq + 1",
    "UPDATE OR REPLACE audit_log SET seq = 2 WHERE seq = 1",
    "DELETE FROM audit_log",
    "DELETE FROM audit_log WHERE seq = 3",
    "REPLACE INTO audit_log SELECT 2, at, 'x', outcome, actor_kind, NULL, scope, NULL, NULL, NULL, NULL, NULL, NULL, \
        leaf FROM audit_log WHERE seq = 1",
    "INSERT INTO audit_log (seq, at, event, outcome, actor_kind, scope, leaf) \
        VALUES (2, 0, 'x', 'success', 'job', 'instance', zeroblob(32)) ON CONFLICT (seq) DO UPDATE SET event = 'x'",
    "INSERT INTO audit_log (seq, at, event, outcome, actor_kind, scope, leaf) \
        VALUES (5, 0, 'x', 'success', 'job', 'instance', zeroblob(32))",
    "INSERT INTO audit_log (seq, at, event, outcome, actor_kind, scope, leaf) \
        VALUES (0, 0, 'x', 'success', 'job', 'instance', zeroblob(32))",
    "INSERT INTO audit_log (at, event, outcome, actor_kind, scope, leaf) \
        VALUES (0, 'x', 'success', 'job', 'instance', zeroblob(32))",
    "INSERT OR IGNORE INTO audit_log (seq, at, event, outcome, actor_kind, scope, leaf) \
        VALUES (9, 0, 'x', 'success', 'job', 'instance', zeroblob(32))",
];

/// What the authorizer refuses the writer.
const NOT_FOR_THE_WRITER: &[&str] = &[
    "UPDATE audit_log SET event = 'x'",
    "DELETE FROM audit_log",
    "UPDATE audit_nodes SET hash = zeroblob(32)",
    "DELETE FROM audit_nodes",
    "UPDATE checkpoints SET size = 0",
    "DELETE FROM checkpoints WHERE size = 1",
    "UPDATE schema_migrations SET version = 0",
    "DELETE FROM schema_migrations",
    "INSERT INTO schema_migrations VALUES (2, 'x', 0)",
    "DROP TRIGGER audit_log_no_update",
    "DROP TRIGGER audit_log_no_delete",
    "DROP TRIGGER audit_log_in_order",
    "DROP INDEX audit_log_by_event",
    "DROP TABLE audit_log",
    "ALTER TABLE audit_log RENAME TO gone",
    "ALTER TABLE audit_log ADD COLUMN more TEXT",
    "ALTER TABLE audit_log DROP COLUMN detail_sealed",
    "CREATE TABLE more (id TEXT) STRICT",
    "CREATE TABLE copied AS SELECT * FROM users",
    "CREATE INDEX more ON users (state)",
    "CREATE VIEW more AS SELECT * FROM users",
    "CREATE TRIGGER more AFTER INSERT ON users BEGIN SELECT 1; END",
    "CREATE TEMP TABLE more (id TEXT)",
    "CREATE TEMP TRIGGER more AFTER INSERT ON users BEGIN SELECT 1; END",
    "CREATE TEMP VIEW more AS SELECT * FROM users",
    "CREATE VIRTUAL TABLE more USING fts5 (text)",
    "ATTACH DATABASE ':memory:' AS other",
    "ATTACH DATABASE 'file:stolen.db' AS other",
    "DETACH DATABASE main",
    "REINDEX audit_log",
    "ANALYZE",
    "PRAGMA writable_schema = ON",
    "PRAGMA journal_mode = DELETE",
    "PRAGMA journal_mode = OFF",
    "PRAGMA synchronous = OFF",
    "PRAGMA foreign_keys = OFF",
    "PRAGMA recursive_triggers = OFF",
    "PRAGMA secure_delete = OFF",
    "PRAGMA ignore_check_constraints = ON",
    "PRAGMA trusted_schema = ON",
    "PRAGMA query_only = OFF",
    "PRAGMA locking_mode = EXCLUSIVE",
    "PRAGMA user_version = 7",
    "PRAGMA database_list",
];

/// What the readers are refused beside all that.
const NOT_FOR_A_READER: &[&str] = &[
    "INSERT INTO settings (name, value) VALUES ('x', zeroblob(1))",
    "UPDATE users SET instance_role = 'owner'",
    "UPDATE settings SET value = zeroblob(32) WHERE name = 'key_check'",
    "DELETE FROM sessions",
    "UPDATE audit_head SET size = 0",
    "INSERT INTO audit_log (seq, at, event, outcome, actor_kind, scope, leaf) \
        VALUES (4, 0, 'x', 'success', 'job', 'instance', zeroblob(32))",
    "SAVEPOINT mine",
    "PRAGMA wal_checkpoint",
];

#[track_caller]
fn refused(engine: &dyn Engine, sql: &'static str) {
    let answer = engine.batch(sql);
    assert!(answer.is_err_and(|error| error.to_string().contains("not authorized")), "{sql}");
}

#[test]
fn the_triggers_refuse_whoever_connects() {
    let (_folder, path) = database();
    let before = log(&path);
    // Neither hardened nor guarded: any tool on the host.
    let connection = Connection::open(&path).unwrap();
    for sql in REWRITES {
        let answer = connection.execute_batch(sql);
        assert!(answer.is_err_and(|error| error.to_string().contains("append-only")), "{sql}");
    }
    assert_eq!(log(&path), before);
}

#[test]
fn the_writer_may_append_and_nothing_more() {
    let (_folder, path) = database();
    let before = log(&path);
    let writer = Sqlite::open_writer(&path).unwrap();
    for sql in REWRITES {
        assert!(writer.batch(sql).is_err(), "{sql}");
    }
    for sql in NOT_FOR_THE_WRITER {
        refused(&writer, sql);
    }
    assert!(writer.batch("VACUUM INTO 'stolen.db'").is_err(), "no second file can be attached to copy into");
    assert_eq!(log(&path), before);
    writer
        .batch(
            "INSERT INTO audit_log (seq, at, event, outcome, actor_kind, scope, leaf) \
             VALUES (4, 0, 'd', 'success', 'job', 'instance', zeroblob(32))",
        )
        .unwrap();
    assert_eq!(log(&path).len(), 4);
}

#[test]
fn a_reader_may_read_and_nothing_more() {
    let (_folder, path) = database();
    let before = log(&path);
    let readers = Sqlite::reader_pool(&path).unwrap();
    readers
        .with(|reader| {
            for sql in REWRITES.iter().chain(NOT_FOR_THE_WRITER).chain(NOT_FOR_A_READER) {
                refused(reader, sql);
            }
            reader.batch("SELECT count(*) FROM audit_log")
        })
        .unwrap();
    assert_eq!(log(&path), before);
}

/// The authorizer is one line of defence, `query_only` another.
#[test]
fn a_reader_without_its_authorizer_cannot_write_either() {
    let (_folder, path) = database();
    let readers = Sqlite::reader_pool(&path).unwrap();
    let connection = readers.0.get().unwrap();
    connection.authorizer(None::<fn(AuthContext<'_>) -> Authorization>).unwrap();
    let refused = connection.execute_batch("INSERT INTO settings (name, value) VALUES ('x', zeroblob(1))");
    assert!(refused.is_err_and(|error| error.sqlite_error_code() == Some(ErrorCode::ReadOnly)));
}

#[test]
fn every_connection_is_hardened() {
    let (_folder, path) = database();
    let readers = Sqlite::reader_pool(&path).unwrap();
    let reader = readers.0.get().unwrap();
    reader.authorizer(None::<fn(AuthContext<'_>) -> Authorization>).unwrap();
    let writer = Sqlite::open_writer(&path).unwrap().0;
    writer.authorizer(None::<fn(AuthContext<'_>) -> Authorization>).unwrap();
    for connection in [&*reader, &writer] {
        let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
        for (name, expected) in [
            ("synchronous", 2),
            ("foreign_keys", 1),
            ("recursive_triggers", 1),
            ("secure_delete", 1),
            ("trusted_schema", 0),
            ("busy_timeout", 5_000),
            ("cell_size_check", 1),
        ] {
            assert_eq!(number(name), expected, "{name}");
        }
        let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
        assert!(connection.db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE).unwrap());
        assert_eq!(connection.limit(Limit::SQLITE_LIMIT_ATTACHED).unwrap(), 0);
        assert!(connection.execute_batch("PRAGMA writable_schema = ON; DELETE FROM sqlite_schema").is_err());
    }
}

#[test]
fn what_sqlite_says_of_the_disk_means_that_nothing_happened() {
    let code = |code| turn(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None));
    for (number, expected) in [
        (rusqlite::ffi::SQLITE_FULL, "the disk is full"),
        (rusqlite::ffi::SQLITE_BUSY, "the database is busy"),
        (rusqlite::ffi::SQLITE_IOERR_FSYNC, DISK_SILENT),
        (rusqlite::ffi::SQLITE_READONLY, "the database cannot be written"),
    ] {
        assert!(matches!(code(number), Error::Unavailable(why) if why == expected), "{number}");
    }
    assert!(matches!(code(rusqlite::ffi::SQLITE_CORRUPT), Error::Internal(_)));
    assert!(matches!(code(rusqlite::ffi::SQLITE_CONSTRAINT), Error::Internal(_)));
}
