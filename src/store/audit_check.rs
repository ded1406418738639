//! Checks the whole audit log: each row against its leaf, the leaves against the tree that is kept and its head, each
//! signed head against the rows it was signed over.

use std::collections::BTreeMap;
use std::fmt;

use crate::crypto::keyring::Keyring;
use crate::crypto::merkle::{Frontier, Hash, Subtree};
use crate::crypto::note::Checkpoint;
use crate::domain::Error;

use super::audit_log::{Head, Stored};
use super::audit_tree::BUNDLE;
use super::checkpoint;
use super::engine::Engine;

statements! {
    ROWS = "SELECT seq, at, event, outcome, actor_kind, actor_pseudonym, scope, resource_type, resource_id, \
        request_id, address_sealed, user_agent_sealed, detail_sealed, leaf FROM audit_log WHERE seq > ?1 \
        ORDER BY seq LIMIT ?2";
    NODES = "SELECT level, nth, hash FROM audit_nodes";
    CHECKPOINTS = "SELECT size, note FROM checkpoints WHERE epoch = ?1 AND size > ?2 AND size <= ?3";
}

/// The rows of one slice: some milliseconds of work.
const SLICE: u64 = 1024;

/// What a full check of the log found.
#[derive(Debug, PartialEq, Eq)]
pub enum Verified {
    /// Every row is as it was written, and together they give the head and each signed one.
    Sound {
        /// How many rows.
        rows: i64,
    },
    /// This row was changed, or one before it is missing.
    BadRow {
        /// Its place.
        seq: i64,
    },
    /// A node of the tree that is kept is not the one that the rows give: changed, missing, or one too many.
    BadNode {
        /// The first row below it.
        seq: i64,
    },
    /// A signed head is not one of these rows, or was not signed with this instance's key.
    BadCheckpoint {
        /// The rows it says it was signed over.
        size: i64,
    },
    /// Each row is sound, but the head is not theirs: rows are missing at the end, or all of it was written anew without
    /// the root key.
    BadHead,
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sound { rows } => write!(f, "{rows} rows give the recorded root"),
            Self::BadRow { seq } => write!(f, "row {seq} was changed, or one before it is missing"),
            Self::BadNode { seq } => write!(f, "the tree above row {seq} is not the one of its rows"),
            Self::BadCheckpoint { size } => write!(f, "the head that was signed over {size} rows is not theirs"),
            Self::BadHead => f.write_str(
                "the rows do not give the recorded root: some are missing at the end, or all were written anew",
            ),
        }
    }
}

/// A check under way. It goes slice by slice, so that no transaction stays open over a log of years: what was looked at
/// does not change behind it, because rows are only ever added.
#[derive(Default)]
pub struct Check {
    tree: Frontier,
    nodes: BTreeMap<Subtree, Hash>,
    bad_row: Option<i64>,
    bad_head: Option<i64>,
}

/// How far a check has come.
#[derive(Debug)]
pub enum Progress {
    /// So many rows more, and there may be others.
    Rows(u64),
    /// That was all.
    Done(Verified),
}

/// Recomputes each leaf from its row, the tree from all leaves, and compares all that is kept with them.
pub(super) fn verify(engine: &dyn Engine, keyring: &Keyring) -> Result<Verified, Error> {
    let mut check = Check::default();
    loop {
        if let Progress::Done(found) = check.step(engine, keyring)? {
            return Ok(found);
        }
    }
}

impl Check {
    /// The next slice. The last one also compares what stands above the rows, in the same transaction.
    pub(super) fn step(&mut self, engine: &dyn Engine, keyring: &Keyring) -> Result<Progress, Error> {
        let before = self.tree.size();
        self.rows(engine, keyring)?;
        let rows = self.tree.size() - before;
        if rows == SLICE && self.bad_row.is_none() {
            return Ok(Progress::Rows(rows));
        }
        self.finish(engine, keyring).map(Progress::Done)
    }

    fn rows(&mut self, engine: &dyn Engine, keyring: &Keyring) -> Result<(), Error> {
        // Without a row yet, those before the first place count too: there is none.
        let start = i64::try_from(self.tree.size()).map_err(Error::internal)?;
        let after = if start == 0 { i64::MIN } else { start };
        let slice = i64::try_from(SLICE).map_err(Error::internal)?;
        let mut heads = heads(engine, keyring, after, start.saturating_add(slice))?;
        engine.query(ROWS, &[after.into(), slice.into()], &mut |row| {
            let (seq, expected) = (row.integer(0)?, i64::try_from(self.tree.size() + 1).map_err(Error::internal)?);
            // A row that does not even read, such as text that is no UTF-8, has no leaf and is bad like any other.
            let leaf = Stored::read(&row).and_then(|stored| stored.leaf());
            let sound = leaf.as_ref().is_ok_and(|leaf| seq == expected && row.blob(13).is_ok_and(|kept| kept == leaf));
            if self.bad_row.is_none() && !sound {
                self.bad_row = Some(seq.min(expected));
            }
            let whole = self.tree.push(leaf.unwrap_or_default());
            self.nodes.extend(whole.into_iter().filter(|(subtree, _)| subtree.level >= BUNDLE));
            if let Some(signed) = heads.remove(&expected)
                && signed != Some(self.tree.root())
            {
                self.bad_head.get_or_insert(expected);
            }
            Ok(())
        })?;
        // What is left was signed over rows that are not there.
        if let Some(size) = heads.into_keys().min() {
            self.bad_head.get_or_insert(size);
        }
        Ok(())
    }

    fn finish(&mut self, engine: &dyn Engine, keyring: &Keyring) -> Result<Verified, Error> {
        if let Some(seq) = self.bad_row {
            return Ok(Verified::BadRow { seq });
        }
        let head = match Head::load(engine, keyring) {
            Ok(head) => head,
            Err(Error::Internal(_)) => return Ok(Verified::BadHead),
            Err(error) => return Err(error),
        };
        if head.root() != self.tree.root() {
            return Ok(Verified::BadHead);
        }
        let rows = i64::try_from(self.tree.size()).map_err(Error::internal)?;
        let beyond = heads(engine, keyring, rows, i64::MAX)?.into_keys().min();
        if let Some(size) = self.bad_head.or(beyond) {
            return Ok(Verified::BadCheckpoint { size });
        }
        if let Some(seq) = bad_node(engine, std::mem::take(&mut self.nodes))? {
            return Ok(Verified::BadNode { seq });
        }
        Ok(Verified::Sound { rows })
    }
}

/// The signed heads of the epoch over more than `after` rows and at most `to`, by their sizes; `None` for one that was not
/// signed with our key.
fn heads(engine: &dyn Engine, keyring: &Keyring, after: i64, to: i64) -> Result<BTreeMap<i64, Option<Hash>>, Error> {
    let epoch = checkpoint::epoch(engine)?;
    let signer = keyring.audit_signer(epoch);
    let mut heads = BTreeMap::new();
    engine.query(CHECKPOINTS, &[i64::from(epoch).into(), after.into(), to.into()], &mut |row| {
        let size = row.integer(0)?;
        let text = row.text(1).ok().and_then(|note| signer.verifier().open(note).ok());
        let checkpoint = text.and_then(|text| Checkpoint::from_text(text).ok());
        let is_whole = |one: &Checkpoint| i64::try_from(one.size) == Ok(size) && one.origin == signer.verifier().name();
        heads.insert(size, checkpoint.filter(is_whole).map(|one| one.root));
        Ok(())
    })?;
    Ok(heads)
}

/// The first row below the first node that is not as it must be.
fn bad_node(engine: &dyn Engine, mut nodes: BTreeMap<Subtree, Hash>) -> Result<Option<i64>, Error> {
    let mut bad: Option<u64> = None;
    engine.query(NODES, &[], &mut |row| {
        let level = u32::try_from(row.integer(0)?).unwrap_or(u32::MAX).min(62);
        let subtree = Subtree { level, nth: row.integer(1)?.unsigned_abs() };
        if nodes.remove(&subtree).is_none_or(|hash| row.blob(2).is_ok_and(|kept| kept != hash)) {
            let first = subtree.nth.checked_shl(level).unwrap_or(u64::MAX);
            bad = Some(bad.map_or(first, |bad| bad.min(first)));
        }
        Ok(())
    })?;
    let missing = nodes.into_keys().map(|subtree| subtree.leaves().start).min();
    let first = bad.into_iter().chain(missing).min();
    Ok(first.map(|first| i64::try_from(first.saturating_add(1)).unwrap_or(i64::MAX)))
}
