//! A look at a database from outside, beside a running server too: for `milton doctor`.

use std::path::Path;

use crate::base::clock::Timestamp;
use crate::base::entropy::Entropy;
use crate::crypto::keyring::{Keyring, RootKey};
use crate::domain::Error;

use super::anchor;
use super::audit_check::{self, Verified};
use super::audit_log::Head;
use super::checkpoint::{self, RolledBack};
use super::engine::Engine;
use super::migration;
use super::open::{self, OpenError, look_before_touching, real_path};
use super::sqlite::{Readers, Sqlite};

statements! {
    LAST_ACT = "SELECT coalesce(max(at), 0) FROM audit_log";
}

/// A database that is only read. It takes no lock and migrates nothing; the engine may tidy up its write-ahead log.
pub struct Inspection {
    readers: Readers,
    keyring: Keyring,
}

impl Inspection {
    /// Opens a database that is there. Blocking.
    ///
    /// # Errors
    /// When the key is not its key, it is newer than this program or damaged, and when the file system refuses.
    pub fn open(path: &Path, root: &RootKey, entropy: &dyn Entropy) -> Result<Self, OpenError> {
        let path = real_path(path)?;
        look_before_touching(&path, root, entropy)?;
        let damaged = |error| OpenError::Damaged(path.clone(), error);
        let readers = Sqlite::reader_pool(&path).map_err(damaged)?;
        let keyring = readers.with(|engine| open::keyring(engine, root, entropy)).map_err(damaged)?;
        Ok(Self { readers, keyring })
    }

    /// Each problem that the engine finds in the file, and each row that refers to nothing. Reads the whole file.
    pub fn integrity(&self) -> Result<Vec<String>, Error> {
        self.readers.with(check_integrity)
    }

    /// Each table, index or trigger that is not as the migrations made it: a trigger that is missing protects nothing.
    pub fn schema_changes(&self) -> Result<Vec<String>, Error> {
        self.readers.with(migration::schema_changes)
    }

    /// Recomputes the audit log's tree from its rows. Reads the whole log.
    pub fn audit(&self) -> Result<Verified, Error> {
        self.readers.with(|engine| audit_check::verify(engine, &self.keyring))
    }

    /// Compares the log with the newest head that an anchor knows: what is wrong, or how many rows that head was signed
    /// over. `None` without a head to compare with.
    pub fn anchored(&self, anchor: &Path) -> Result<Option<Result<u64, RolledBack>>, Error> {
        // The anchor first: a running server adds to the database before it adds to the anchor.
        let Some(newest) = anchor::look(anchor, &self.keyring).map_err(Error::internal)? else { return Ok(None) };
        let found = self.readers.with(|engine| {
            let head = Head::load(engine, &self.keyring)?;
            checkpoint::compare(engine, &head, &newest)
        })?;
        Ok(Some(found.map_or(Ok(newest.checkpoint.size), Err)))
    }

    /// When anything was last recorded; the epoch's beginning for an empty log.
    pub fn last_act_at(&self) -> Result<Timestamp, Error> {
        let mut at = 0;
        self.readers.with(|engine| {
            engine.query(LAST_ACT, &[], &mut |row| {
                at = row.integer(0)?;
                Ok(())
            })
        })?;
        Ok(Timestamp::from_micros(at))
    }
}

fn check_integrity(engine: &dyn Engine) -> Result<Vec<String>, Error> {
    let mut problems = Vec::new();
    engine.query("PRAGMA integrity_check", &[], &mut |row| {
        problems.push(row.text(0)?.to_owned());
        Ok(())
    })?;
    problems.retain(|line| line != "ok");
    engine.query("PRAGMA foreign_key_check", &[], &mut |row| {
        problems.push(format!("a row of {} refers to nothing in {}", row.text(0)?, row.text(2)?));
        Ok(())
    })?;
    Ok(problems)
}
