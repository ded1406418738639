//! Opening a database: lock, look before touching, migrate, check the key, start the writer.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use uuid::Uuid;

use crate::base::clock::Clock;
use crate::base::entropy::Entropy;
use crate::base::id::Id;
use crate::crypto::keyring::{Keyring, RootKey};
use crate::crypto::note::Checkpoint;
use crate::domain::Error;

use super::anchor::{Anchor, Anchored};
use super::audit_log::Head;
use super::checkpoint::{self, RolledBack, Signing};
use super::engine::{Engine, Value};
use super::keys::Keys;
use super::lock::Lock;
use super::migration;
use super::signal;
use super::sqlite::Sqlite;
use super::writer::Writer;
use super::{Store, audit_tree};

statements! {
    FIND_SETTING = "SELECT value FROM settings WHERE name = ?1";
    INSERT_SETTING = "INSERT INTO settings (name, value) VALUES (?1, ?2)";
}

/// What a store needs to open.
pub struct StoreOptions {
    /// The database file; made when it is not there.
    pub path: PathBuf,
    /// The file that remembers each signed head of the audit log; made when it is not there. A file of its own, so that it
    /// can be where nobody who puts an older database back can reach it.
    pub anchor: PathBuf,
    /// Where the present comes from.
    pub clock: Arc<dyn Clock>,
    /// Where randomness comes from.
    pub entropy: Arc<dyn Entropy>,
}

impl StoreOptions {
    /// A database with its anchor beside it.
    pub fn at(path: &Path, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { path: path.to_owned(), anchor: path.with_extension("anchor"), clock, entropy }
    }
}

/// An older database with which somebody goes on.
#[derive(Debug)]
pub struct Rollback {
    /// What is wrong with it.
    pub found: RolledBack,
    /// The head that was signed last.
    pub signed: Checkpoint,
    /// The epoch of the log that begins.
    pub epoch: u32,
}

/// Why a database does not open. In each case nothing was written to it.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("another process has {0} open")]
    Busy(PathBuf),
    /// A newer Milton made it.
    #[error("{path} was made by a newer Milton (schema {found}, this one knows {known})")]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema of this build.
        known: i64,
    },
    /// Its sealed values were sealed under another root key.
    #[error("the root key is not the one that {0} was made with")]
    WrongKey(PathBuf),
    /// It is not a database of Milton's, or it is damaged.
    #[error("{0} is damaged or not a database of Milton's: {1}")]
    Damaged(PathBuf, Error),
    /// It is older than its anchor, or another than the one that was signed.
    #[error("{0}: {1}")]
    RolledBack(PathBuf, RolledBack),
    /// The file system refused.
    #[error("{0}: {1}")]
    Io(PathBuf, #[source] io::Error),
}

impl Store {
    /// Opens or makes the database. Blocking; done once at start.
    pub fn open(options: StoreOptions, root: &RootKey) -> Result<Self, OpenError> {
        let path = real_path(&options.path)?;
        let lock = Lock::take(&path)?;
        if path.metadata().is_ok_and(|file| file.len() > 0) {
            look_before_touching(&path, root, &*options.entropy)?;
            if let Some((_, rolled_back)) = look_at_anchor(&path, root, &options)? {
                return Err(OpenError::RolledBack(path, rolled_back));
            }
        } else {
            create(&path).map_err(|error| OpenError::Io(path.clone(), error))?;
        }
        Self::start(path, lock, options, root)
    }

    /// Opens a database that is older than its anchor, because the newer one is lost: a new epoch begins, whose first row
    /// cites the head that was signed last. Whoever asks puts that on record. Blocking.
    ///
    /// # Errors
    /// As [`Store::open`]; `None` when it is not older.
    pub fn accept_rollback(options: StoreOptions, root: &RootKey) -> Result<Option<(Self, Rollback)>, OpenError> {
        let path = real_path(&options.path)?;
        let lock = Lock::take(&path)?;
        look_before_touching(&path, root, &*options.entropy)?;
        let Some((newest, rolled_back)) = look_at_anchor(&path, root, &options)? else { return Ok(None) };
        let damaged = |error| OpenError::Damaged(path.clone(), error);
        let engine = Sqlite::open_for_migrations(&path).map_err(damaged)?;
        let epoch = checkpoint::begin_epoch(&engine, &newest).map_err(damaged)?;
        drop(engine);
        let rollback = Rollback { found: rolled_back, signed: newest.checkpoint, epoch };
        Self::start(path, lock, options, root).map(|store| Some((store, rollback)))
    }

    fn start(path: PathBuf, lock: Lock, options: StoreOptions, root: &RootKey) -> Result<Self, OpenError> {
        let damaged = |error| OpenError::Damaged(path.clone(), error);
        let (instance, check) = migrate(&path, root, &options).map_err(damaged)?;
        let keyring = Keyring::open(root, instance, &*options.entropy);
        if !keyring.matches_check(&check) {
            return Err(OpenError::WrongKey(path));
        }
        let keys = Arc::new(Keys::new(keyring, instance));
        let connection = Sqlite::open_writer(&path).map_err(damaged)?;
        if let Some(change) = migration::schema_changes(&connection).map_err(damaged)?.first() {
            return Err(damaged(Error::internal(change.clone())));
        }
        let clock = Arc::clone(&options.clock);
        let (anchor, newest) = open_anchor(&options.anchor, keys.keyring())?;
        let signing = Signing::resume(&connection, keys.keyring(), anchor, newest.as_ref()).map_err(damaged)?;
        let writer = Writer::start(connection, Arc::clone(&keys), clock, options.entropy, signing).map_err(damaged)?;
        let readers = Sqlite::reader_pool(&path).map_err(damaged)?;
        Ok(Self { writer, readers, keys, clock: options.clock, signals: signal::channel(), _lock: lock })
    }
}

/// The file's path without links, so that the connections can refuse to follow any.
pub(super) fn real_path(path: &Path) -> Result<PathBuf, OpenError> {
    let refuse = |error| OpenError::Io(path.to_owned(), error);
    let name = path.file_name().ok_or_else(|| refuse(io::ErrorKind::InvalidFilename.into()))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    folder.canonicalize().map(|folder| folder.join(name)).map_err(refuse)
}

/// Makes an empty file that its owner alone may read, whatever the umask is; SQLite gives the same mode to the files of
/// the write-ahead log.
fn create(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Reads version and key check without making or changing any file, so that a wrong key or a newer database is refused
/// with all bytes as they were.
pub(super) fn look_before_touching(path: &Path, root: &RootKey, entropy: &dyn Entropy) -> Result<(), OpenError> {
    let damaged = |error| OpenError::Damaged(path.to_owned(), error);
    let engine = Sqlite::open_untouched(path).map_err(damaged)?;
    if is_empty(&engine).map_err(damaged)? {
        // The very first start was cut short: what it did stands in the log beside the file, or was never done.
        return Ok(());
    }
    let found = migration::applied(&engine).map_err(damaged)?;
    if found > migration::newest() {
        return Err(OpenError::Newer { path: path.to_owned(), found, known: migration::newest() });
    }
    let (instance, check) =
        (setting(&engine, INSTANCE).map_err(damaged)?, setting(&engine, KEY_CHECK).map_err(damaged)?);
    let (Some(instance), Some(check)) = (instance, check) else {
        return Err(damaged(Error::internal("the instance id or the key check is missing")));
    };
    let keyring = Keyring::open(root, instance_id(&instance).map_err(damaged)?, entropy);
    if keyring.matches_check(&check) { Ok(()) } else { Err(OpenError::WrongKey(path.to_owned())) }
}

/// What is wrong with a database that is not what its anchor remembers, before anything is written to it. One without a
/// log that proves itself was never anchored.
fn look_at_anchor(
    path: &Path,
    root: &RootKey,
    options: &StoreOptions,
) -> Result<Option<(Anchored, RolledBack)>, OpenError> {
    let damaged = |error| OpenError::Damaged(path.to_owned(), error);
    let engine = Sqlite::open_for_migrations(path).map_err(damaged)?;
    if is_empty(&engine).map_err(damaged)? || migration::applied(&engine).map_err(damaged)? < migration::PROOF {
        return Ok(None);
    }
    let keyring = keyring(&engine, root, &*options.entropy).map_err(damaged)?;
    let Some(newest) = open_anchor(&options.anchor, &keyring)?.1 else { return Ok(None) };
    let head = Head::load(&engine, &keyring).map_err(damaged)?;
    let found = checkpoint::compare(&engine, &head, &newest).map_err(damaged)?;
    Ok(found.map(|found| (newest, found)))
}

fn open_anchor(path: &Path, keyring: &Keyring) -> Result<(Anchor, Option<Anchored>), OpenError> {
    Anchor::open(path, keyring).map_err(|error| OpenError::Io(path.to_owned(), error))
}

fn is_empty(engine: &dyn Engine) -> Result<bool, Error> {
    let mut tables = 0;
    engine.query("SELECT count(*) FROM sqlite_schema", &[], &mut |row| {
        tables = row.integer(0)?;
        Ok(())
    })?;
    Ok(tables == 0)
}

/// The keys of an open database.
pub(super) fn keyring(engine: &dyn Engine, root: &RootKey, entropy: &dyn Entropy) -> Result<Keyring, Error> {
    let instance = setting(engine, INSTANCE)?.ok_or_else(|| Error::internal("the instance id is missing"))?;
    Ok(Keyring::open(root, instance_id(&instance)?, entropy))
}

const INSTANCE: &str = "instance_id";
const KEY_CHECK: &str = "key_check";

fn setting(engine: &dyn Engine, name: &'static str) -> Result<Option<Vec<u8>>, Error> {
    let mut value = None;
    engine.query(FIND_SETTING, &[name.into()], &mut |row| {
        value = Some(row.blob(0)?.to_vec());
        Ok(())
    })?;
    Ok(value)
}

fn instance_id(bytes: &[u8]) -> Result<Uuid, Error> {
    Uuid::from_slice(bytes).map_err(Error::internal)
}

/// Brings the schema up to date, and gives a new database its identity; all or nothing. Answers the identity and the
/// key check.
fn migrate(path: &Path, root: &RootKey, options: &StoreOptions) -> Result<(Uuid, Vec<u8>), Error> {
    let engine = Sqlite::open_for_migrations(path)?;
    // A table is rebuilt by dropping it: with the references enforced, its children would go too.
    engine.batch("PRAGMA foreign_keys = OFF")?;
    engine.batch("BEGIN IMMEDIATE")?;
    migration::run(&engine, options.clock.now())?;
    audit_tree::fill(&engine)?;
    let instance = match setting(&engine, INSTANCE)? {
        Some(bytes) => instance_id(&bytes)?,
        None => found(&engine, root, options)?,
    };
    let check = setting(&engine, KEY_CHECK)?.unwrap_or_default();
    engine.batch("COMMIT")?;
    // From here on the main file alone tells which key it wants.
    engine.batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok((instance, check))
}

/// Founds an instance: its id, its key check, its own data key, and the head of an empty log.
fn found(engine: &Sqlite, root: &RootKey, options: &StoreOptions) -> Result<Uuid, Error> {
    let instance = Id::<Store>::mint(options.clock.now(), &*options.entropy).uuid();
    let keyring = Keyring::open(root, instance, &*options.entropy);
    engine.execute(INSERT_SETTING, &[INSTANCE.into(), Value::bytes(instance.as_bytes())])?;
    engine.execute(INSERT_SETTING, &[KEY_CHECK.into(), Value::bytes(&keyring.key_check())])?;
    let keys = Keys::new(keyring, instance);
    keys.create(engine, keys.instance(), options.clock.now(), &*options.entropy)?;
    Head::empty().save(engine, keys.keyring())?;
    Ok(instance)
}

#[cfg(test)]
#[path = "open_tests.rs"]
mod tests;
