//! Checkpoints: the audit log's head, signed every so often, kept in the database and in the anchor beside it. What the
//! anchor knows and the database does not was rolled back.

use tokio::sync::oneshot;

use crate::base::clock::Timestamp;
use crate::crypto::keyring::Keyring;
use crate::crypto::note::{Checkpoint, Signer};
use crate::domain::Error;

use super::anchor::{Anchor, Anchored};
use super::audit_log::Head;
use super::audit_tree;
use super::engine::{Engine, Value};
use super::writer::{Desk, Work};

statements! {
    EPOCH = "SELECT epoch FROM audit_head WHERE only = 1";
    SIGNED = "SELECT size, note FROM checkpoints WHERE epoch = ?1 ORDER BY size DESC LIMIT 1";
    SET_EPOCH = "UPDATE audit_head SET epoch = ?1 WHERE only = 1";
    INSERT = "INSERT INTO checkpoints (epoch, size, at, note) VALUES (?1, ?2, ?3, ?4)";
}

/// Rows after which a head is signed at once; a timer signs what is less.
const AT_MOST: u64 = 256;

/// The writer's hand that signs.
pub(super) struct Signing {
    signer: Signer,
    epoch: u32,
    /// The rows under the last head that was signed.
    signed: u64,
    anchor: Anchor,
    /// Signed in the transaction under way; goes to the anchor once that is durable, so that the anchor never knows more
    /// than the database held.
    waiting: Option<(u64, String)>,
}

/// Why a database is not what its anchor remembers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RolledBack {
    /// It holds less than was signed: an older file was put back, or its end was cut off.
    #[error("the anchor remembers {anchored} rows of the audit log, the database holds {held}")]
    Behind {
        /// The rows that were signed.
        anchored: u64,
        /// The rows that there are.
        held: u64,
    },
    /// The rows under the signed head are not those that were signed.
    #[error("the first {anchored} rows of the audit log are not those that were signed")]
    Other {
        /// The rows that were signed.
        anchored: u64,
    },
    /// A rollback was accepted since, and this is a file from before.
    #[error("the anchor is in epoch {anchored}, the database in epoch {held}")]
    Epoch {
        /// The anchor's.
        anchored: u32,
        /// The database's.
        held: u32,
    },
}

/// Compares a database with its anchor's newest head.
pub(super) fn compare(engine: &dyn Engine, head: &Head, newest: &Anchored) -> Result<Option<RolledBack>, Error> {
    let present = epoch(engine)?;
    let (anchored, size) = (newest.checkpoint.size, head.size());
    if newest.epoch != present {
        return Ok(Some(RolledBack::Epoch { anchored: newest.epoch, held: present }));
    }
    if anchored > size {
        return Ok(Some(RolledBack::Behind { anchored, held: size }));
    }
    let rows = i64::try_from(anchored).map_err(Error::internal)?;
    match audit_tree::root_at(engine, rows) {
        Ok(root) if root == newest.checkpoint.root => Ok(None),
        Ok(_) | Err(Error::Internal(_)) => Ok(Some(RolledBack::Other { anchored })),
        Err(error) => Err(error),
    }
}

/// Begins the epoch behind the anchor's and the database's own.
pub(super) fn begin_epoch(engine: &dyn Engine, newest: &Anchored) -> Result<u32, Error> {
    let next = epoch(engine)?.max(newest.epoch).saturating_add(1);
    engine.execute(SET_EPOCH, &[i64::from(next).into()])?;
    Ok(next)
}

impl Signing {
    /// Goes on where the last signature stands. An anchor that knows nothing, because it was lost or the database moved,
    /// is told.
    pub fn resume(
        engine: &dyn Engine,
        keyring: &Keyring,
        anchor: Anchor,
        newest: Option<&Anchored>,
    ) -> Result<Self, Error> {
        let epoch = epoch(engine)?;
        let mut last = None;
        engine.query(SIGNED, &[i64::from(epoch).into()], &mut |row| {
            last = Some((row.integer(0)?.unsigned_abs(), row.text(1)?.to_owned()));
            Ok(())
        })?;
        let signed = last.as_ref().map_or(0, |(size, _)| *size);
        let mut signing = Self { signer: keyring.audit_signer(epoch), epoch, signed, anchor, waiting: None };
        if newest.is_none() && last.is_some() {
            tracing::warn!("the anchor knows no signed head, and the database does: a rollback until now went unseen");
            signing.waiting = last;
            signing.settle(true);
        }
        Ok(signing)
    }

    /// Signs the head within the transaction under way, when it has grown: by much, or at all when `is_time`.
    pub fn sign(&mut self, engine: &dyn Engine, head: &Head, now: Timestamp, is_time: bool) -> Result<(), Error> {
        let grown = head.size().saturating_sub(self.signed);
        if grown == 0 || (grown < AT_MOST && !is_time) {
            return Ok(());
        }
        let origin = self.signer.verifier().name().to_owned();
        let note = self.signer.sign(&Checkpoint { origin, size: head.size(), root: head.root() }.to_text());
        let size = i64::try_from(head.size()).map_err(Error::internal)?;
        let values = [i64::from(self.epoch).into(), size.into(), now.into(), Value::plain(&note)];
        engine.execute(INSERT, &values)?;
        self.waiting = Some((head.size(), note));
        Ok(())
    }

    /// The transaction is durable, or lost: what it signed goes to the anchor, or is forgotten.
    pub fn settle(&mut self, is_durable: bool) {
        let Some((size, note)) = self.waiting.take().filter(|_| is_durable) else { return };
        self.signed = size;
        if let Err(error) = self.anchor.append(&note) {
            tracing::error!(%error, "the anchor could not be written: a rollback behind this point would go unseen");
        }
    }
}

/// The epoch that the database is in.
pub(super) fn epoch(engine: &dyn Engine) -> Result<u32, Error> {
    let mut epoch = 0;
    engine.query(EPOCH, &[], &mut |row| {
        epoch = row.integer(0)?;
        Ok(())
    })?;
    u32::try_from(epoch).map_err(Error::internal)
}

/// Asks the writer to sign, in its queue.
pub(super) struct PendingCheckpoint(pub Option<oneshot::Sender<Result<(), Error>>>);

impl Work for PendingCheckpoint {
    fn run(&mut self, desk: &mut Desk<'_>) -> Result<(), Error> {
        *desk.is_time_to_sign = true;
        Ok(())
    }

    fn settle(mut self: Box<Self>, committed: Result<(), Error>) {
        if let Some(reply) = self.0.take() {
            // Whoever asked may be gone.
            let _ = reply.send(committed);
        }
    }
}
