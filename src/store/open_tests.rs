//! Opening a database: whatever is refused is refused with every byte as it was.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use tempfile::TempDir;

use super::*;
use crate::base::clock::{ManualClock, Timestamp};
use crate::base::entropy::SeededEntropy;

fn root(seed: u64) -> RootKey {
    RootKey::generate(&SeededEntropy::new(seed))
}

fn options(path: &Path) -> StoreOptions {
    let clock = Arc::new(ManualClock::at(Timestamp::parse("2026-03-01T09:00:00Z").unwrap()));
    StoreOptions::at(path, clock, Arc::new(SeededEntropy::new(1)))
}

fn open(path: &Path, root: &RootKey) -> Result<Store, OpenError> {
    Store::open(options(path), root)
}

/// A folder with a database in it that nobody has open.
fn made() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("milton.db");
    drop(open(&path, &root(1)).unwrap());
    // The last reader is closed behind the scenes, and takes the files of the write-ahead log with it.
    for _ in 0..1_000 {
        if !folder.path().join("milton.db-wal").exists() && !folder.path().join("milton.db-shm").exists() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    (folder, path)
}

/// Changes the file as somebody else would.
fn meddle(path: &Path, script: &'static str) {
    let engine = Sqlite::open_for_migrations(path).unwrap();
    engine.batch(script).unwrap();
    engine.batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
}

fn bytes_of(folder: &TempDir) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

#[test]
fn it_opens_again_with_its_key_and_knows_itself() {
    let (_folder, path) = made();
    let instance = |store: &Store| store.keys.instance();
    let first = instance(&open(&path, &root(1)).unwrap());
    assert_eq!(instance(&open(&path, &root(1)).unwrap()), first);
}

#[test]
fn another_key_is_refused_and_nothing_is_touched() {
    let (folder, path) = made();
    let before = bytes_of(&folder);
    assert!(matches!(open(&path, &root(2)), Err(OpenError::WrongKey(_))));
    assert_eq!(bytes_of(&folder), before);
}

#[test]
fn a_newer_schema_is_refused_and_nothing_is_touched() {
    let (folder, path) = made();
    meddle(&path, "INSERT INTO schema_migrations VALUES (9999, 'from-the-future', 0)");
    let before = bytes_of(&folder);
    let refused = open(&path, &root(1));
    assert!(matches!(refused, Err(OpenError::Newer { found: 9999, .. })), "{:?}", refused.err());
    assert_eq!(bytes_of(&folder), before);
}

#[test]
fn what_is_no_database_is_refused_and_nothing_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("milton.db");
    for content in ["a letter, and nothing like a database".repeat(200), "SQLite format 3\0 cut short".to_owned()] {
        fs::write(&path, &content).unwrap();
        assert!(matches!(open(&path, &root(1)), Err(OpenError::Damaged(..))));
        assert_eq!(bytes_of(&folder), [(path.clone(), content.into_bytes())]);
    }
}

#[test]
fn a_database_without_its_identity_is_refused() {
    let (_folder, path) = made();
    meddle(&path, "DELETE FROM settings WHERE name = 'key_check'");
    assert!(matches!(open(&path, &root(1)), Err(OpenError::Damaged(..))));
}

#[test]
fn a_log_that_does_not_end_at_its_head_is_refused() {
    let (_folder, path) = made();
    meddle(&path, "UPDATE audit_head SET size = 7");
    assert!(matches!(open(&path, &root(1)), Err(OpenError::Damaged(..))));
}

#[test]
fn a_schema_that_somebody_changed_is_refused() {
    for change in [
        "DROP TRIGGER audit_log_no_update",
        "DROP INDEX audit_log_by_event",
        "CREATE TRIGGER sly AFTER INSERT ON users BEGIN SELECT 1; END",
        "CREATE TABLE notes (text TEXT) STRICT",
    ] {
        let (_folder, path) = made();
        meddle(&path, change);
        assert!(matches!(open(&path, &root(1)), Err(OpenError::Damaged(..))), "{change}");
    }
}

#[test]
fn one_process_at_a_time() {
    let (_folder, path) = made();
    let first = open(&path, &root(1)).unwrap();
    assert!(matches!(open(&path, &root(1)), Err(OpenError::Busy(_))));
    drop(first);
    assert!(open(&path, &root(1)).is_ok());
}

#[test]
fn a_link_is_not_followed_to_another_file() {
    let (folder, path) = made();
    let link = folder.path().join("other.db");
    symlink(&path, &link).unwrap();
    assert!(open(&link, &root(1)).is_err());
    let dangling = folder.path().join("dangling.db");
    symlink(folder.path().join("nowhere.db"), &dangling).unwrap();
    assert!(open(&dangling, &root(1)).is_err());
    assert!(!folder.path().join("nowhere.db").exists());
}

#[test]
fn a_first_start_that_was_cut_short_is_finished_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("milton.db");
    create(&path).unwrap();
    drop(Sqlite::open_for_migrations(&path).unwrap());
    assert!(path.metadata().unwrap().len() > 0, "a header and nothing else");
    assert!(open(&path, &root(1)).is_ok());
}

/// The process ended after the first commit and before the file itself had any of it: all stands in the log beside it.
#[test]
fn a_first_start_that_was_cut_at_its_commit_still_wants_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(&folder.path().join("milton.db"));
    create(&options.path).unwrap();
    let engine = Sqlite::open_for_migrations(&options.path).unwrap();
    engine.batch("BEGIN IMMEDIATE").unwrap();
    migration::run(&engine, options.clock.now()).unwrap();
    found(&engine, &root(1), &options).unwrap();
    engine.batch("COMMIT").unwrap();
    let cut = tempfile::tempdir().unwrap();
    for name in ["milton.db", "milton.db-wal"] {
        fs::copy(folder.path().join(name), cut.path().join(name)).unwrap();
    }
    let path = cut.path().join("milton.db");
    assert!(is_empty(&Sqlite::open_untouched(&path).unwrap()).unwrap());
    assert!(matches!(open(&path, &root(2)), Err(OpenError::WrongKey(_))));
    assert!(open(&path, &root(1)).is_ok());
}

#[test]
fn what_is_made_belongs_to_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fresh.db");
    create(&path).unwrap();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o077, 0);
    create(&path).unwrap();
}
