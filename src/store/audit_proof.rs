//! Proofs out of the audit log: the head that was signed last, a row's way up to it, and how one head grew from another.

use crate::base::id::Id;
use crate::crypto::merkle::Hash;
use crate::crypto::note::Checkpoint;
use crate::domain::Error;
use crate::domain::user::User;

use super::audit_log::Stored;
use super::engine::unexpected;
use super::tx::ReadTx;
use super::{audit_tree, checkpoint};

statements! {
    NEWEST = "SELECT note FROM checkpoints WHERE epoch = ?1 ORDER BY size DESC LIMIT 1";
    ROW = "SELECT seq, at, event, outcome, actor_kind, actor_pseudonym, scope, resource_type, resource_id, \
        request_id, address_sealed, user_agent_sealed, detail_sealed, leaf FROM audit_log WHERE seq = ?1";
    ACTOR = "SELECT u.id FROM audit_log a JOIN users u ON u.pseudonym = a.actor_pseudonym WHERE a.seq = ?1";
}

/// A head of the log as it was signed.
#[derive(Clone, Debug)]
pub struct SignedHead {
    /// The signed note (C2SP tlog-checkpoint).
    pub note: String,
    /// The key that signed it, as a `vkey` (C2SP signed-note).
    pub key: String,
    /// What the note says.
    pub head: Checkpoint,
}

/// A row and its way up to a signed head.
#[derive(Clone, Debug)]
pub struct RowProof {
    /// Its place in the log, from 1 on.
    pub seq: i64,
    /// The row as it is hashed: canonical JSON (RFC 8785), its personal parts sealed.
    pub row: String,
    /// SHA-256(0x00 ‖ row).
    pub leaf: Hash,
    /// The inclusion proof (RFC 6962 section 2.1.1), from the leaf up.
    pub path: Vec<Hash>,
    /// The head it leads to.
    pub signed: SignedHead,
}

/// How one head grew from another.
#[derive(Clone, Debug)]
pub struct Growth {
    /// The rows of the older head.
    pub from: i64,
    /// The rows of the newer.
    pub to: i64,
    /// The older root.
    pub from_root: Hash,
    /// The newer root.
    pub to_root: Hash,
    /// The consistency proof (RFC 6962 section 2.1.2).
    pub path: Vec<Hash>,
}

/// The head that was signed last; `None` when none was yet.
pub fn newest(read: &ReadTx<'_>) -> Result<Option<SignedHead>, Error> {
    let epoch = checkpoint::epoch(read.engine())?;
    let Some(note) = read.first(NEWEST, &[i64::from(epoch).into()], |row| row.text(0).map(str::to_owned))? else {
        return Ok(None);
    };
    let signer = read.keys().keyring().audit_signer(epoch);
    let head = signer.verifier().open(&note).and_then(Checkpoint::from_text).map_err(Error::internal)?;
    Ok(Some(SignedHead { note, key: signer.verifier().to_string(), head }))
}

/// A row's proof; `NotFound` when there is no such row, `None` when it is not under a signed head yet.
pub fn of_row(read: &ReadTx<'_>, seq: i64) -> Result<Option<RowProof>, Error> {
    let found = read.first(ROW, &[seq.into()], |row| {
        let leaf: Hash = row.blob(13)?.try_into().map_err(Error::internal)?;
        Ok((Stored::read(&row)?, leaf))
    })?;
    let (stored, leaf) = found.ok_or(Error::NotFound)?;
    if stored.leaf()? != leaf {
        return Err(unexpected("a row of the audit log is not the one that was written"));
    }
    let Some(signed) = newest(read)?.filter(|signed| signed.head.size >= seq.unsigned_abs()) else { return Ok(None) };
    let size = i64::try_from(signed.head.size).map_err(Error::internal)?;
    let path = audit_tree::inclusion(read.engine(), size, seq)?;
    Ok(Some(RowProof { seq, row: stored.canonical()?, leaf, path, signed }))
}

/// Who did what a row tells of, while their account is there.
pub fn actor_of(read: &ReadTx<'_>, seq: i64) -> Result<Option<Id<User>>, Error> {
    read.first(ACTOR, &[seq.into()], |row| row.id(0))
}

/// How the log of `to` rows grew from that of `from`; `NotFound` unless 0 < `from` ≤ `to` ≤ the rows there are.
pub fn of_growth(read: &ReadTx<'_>, from: i64, to: i64) -> Result<Growth, Error> {
    if to > audit_tree::size(read.engine())? {
        return Err(Error::NotFound);
    }
    let engine = read.engine();
    let path = audit_tree::consistency(engine, from, to)?;
    Ok(Growth {
        from,
        to,
        from_root: audit_tree::root_at(engine, from)?,
        to_root: audit_tree::root_at(engine, to)?,
        path,
    })
}
