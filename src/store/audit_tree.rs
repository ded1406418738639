//! The audit log's tree as it is kept: the roots of bundles of 256 rows and of what stands above them. Below a bundle the
//! leaves of its rows give the rest.

use crate::crypto::merkle::{Frontier, Hash, Subtree, prove_consistency, prove_inclusion, root_of};
use crate::domain::Error;

use super::engine::{Engine, Value, unexpected};

statements! {
    INSERT = "INSERT INTO audit_nodes (level, nth, hash) VALUES (?1, ?2, ?3)";
    FIND = "SELECT hash FROM audit_nodes WHERE level = ?1 AND nth = ?2";
    LEAVES = "SELECT seq, leaf FROM audit_log WHERE seq > ?1 AND seq <= ?2 ORDER BY seq";
    IS_KEPT = "SELECT EXISTS (SELECT 1 FROM audit_nodes) OR (SELECT coalesce(max(seq), 0) FROM audit_log) < 256";
    SIZE = "SELECT coalesce(max(seq), 0) FROM audit_log";
    ALL_LEAVES = "SELECT leaf FROM audit_log ORDER BY seq";
}

/// The height of a bundle: 256 rows, which go together when they are purged.
pub(super) const BUNDLE: u32 = 8;

/// Keeps what an appended leaf completed, from a bundle up.
pub(super) fn keep(engine: &dyn Engine, whole: &[(Subtree, Hash)]) -> Result<(), Error> {
    for (subtree, hash) in whole.iter().filter(|(subtree, _)| subtree.level >= BUNDLE) {
        let [level, nth] = place(*subtree)?;
        engine.execute(INSERT, &[level, nth, Value::bytes(hash)])?;
    }
    Ok(())
}

/// Keeps the tree of a log that was written before trees were kept.
pub(super) fn fill(engine: &dyn Engine) -> Result<(), Error> {
    let mut is_kept = false;
    engine.query(IS_KEPT, &[], &mut |row| {
        is_kept = row.integer(0)? == 1;
        Ok(())
    })?;
    if is_kept {
        return Ok(());
    }
    let mut tree = Frontier::new();
    engine.query(ALL_LEAVES, &[], &mut |row| keep(engine, &tree.push(hash(row.blob(0)?)?)))
}

/// How many rows the log has.
pub(super) fn size(engine: &dyn Engine) -> Result<i64, Error> {
    let mut size = 0;
    engine.query(SIZE, &[], &mut |row| {
        size = row.integer(0)?;
        Ok(())
    })?;
    Ok(size)
}

/// The root of the tree as it was when the log had so many rows.
pub(super) fn root_at(engine: &dyn Engine, size: i64) -> Result<Hash, Error> {
    root_of(0..size.unsigned_abs(), &mut |subtree| node(engine, subtree))
}

/// The path from a row to the root of the tree of the first `size` rows; `NotFound` when the row is not among them.
pub(super) fn inclusion(engine: &dyn Engine, size: i64, seq: i64) -> Result<Vec<Hash>, Error> {
    let index = seq.checked_sub(1).and_then(|index| u64::try_from(index).ok()).ok_or(Error::NotFound)?;
    prove_inclusion(size.unsigned_abs(), index, &mut |subtree| node(engine, subtree))?.ok_or(Error::NotFound)
}

/// The path that shows that the tree of the first `to` rows grew from the one of the first `from`; `NotFound` unless
/// 0 < `from` ≤ `to`.
pub(super) fn consistency(engine: &dyn Engine, from: i64, to: i64) -> Result<Vec<Hash>, Error> {
    let (from, to) = (from.max(0).unsigned_abs(), to.max(0).unsigned_abs());
    prove_consistency(from, to, &mut |subtree| node(engine, subtree))?.ok_or(Error::NotFound)
}

fn node(engine: &dyn Engine, subtree: Subtree) -> Result<Hash, Error> {
    if subtree.level >= BUNDLE { kept(engine, subtree) } else { made(engine, subtree) }
}

fn kept(engine: &dyn Engine, subtree: Subtree) -> Result<Hash, Error> {
    let mut found = None;
    engine.query(FIND, &place(subtree)?, &mut |row| {
        found = Some(hash(row.blob(0)?)?);
        Ok(())
    })?;
    found.ok_or_else(|| unexpected("a node of the audit log's tree is missing"))
}

/// From the leaves themselves.
fn made(engine: &dyn Engine, subtree: Subtree) -> Result<Hash, Error> {
    let leaves = subtree.leaves();
    let [from, until] = [leaves.start, leaves.end].map(|place| i64::try_from(place).map_err(Error::internal));
    let (from, until) = (from?, until?);
    let mut tree = Frontier::new();
    engine.query(LEAVES, &[from.into(), until.into()], &mut |row| {
        tree.push(hash(row.blob(1)?)?);
        Ok(())
    })?;
    if tree.size() == leaves.end - leaves.start {
        Ok(tree.root())
    } else {
        Err(unexpected("a row of the audit log is missing"))
    }
}

fn hash(bytes: &[u8]) -> Result<Hash, Error> {
    bytes.try_into().map_err(Error::internal)
}

fn place(subtree: Subtree) -> Result<[Value; 2], Error> {
    Ok([i64::from(subtree.level).into(), i64::try_from(subtree.nth).map_err(Error::internal)?.into()])
}
