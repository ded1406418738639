//! The one writer: a thread that owns the writing connection, takes acts from a bounded queue, runs as many as wait in
//! one transaction, each under its own savepoint, and answers them only after the commit is durable.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crate::base::clock::Clock;
use crate::base::entropy::Entropy;
use crate::domain::Error;

use super::audit_log::Head;
use super::checkpoint::Signing;
use super::engine::{DISK_SILENT, Engine};
use super::keys::Keys;
use super::sqlite::Sqlite;

/// Acts that may wait; one more is refused at once.
const QUEUE: usize = 1_024;
/// Acts that share one commit at most.
const BATCH: usize = 256;

/// One act on its way through the writer.
pub(super) trait Work: Send {
    /// Runs under a savepoint of its own. `Err` means that the transaction itself is lost.
    fn run(&mut self, desk: &mut Desk<'_>) -> Result<(), Error>;
    /// Answers whoever waits, after the commit: with the outcome, or with why nothing happened.
    fn settle(self: Box<Self>, committed: Result<(), Error>);
}

/// What an act finds on the writer's desk.
pub(super) struct Desk<'a> {
    pub engine: &'a dyn Engine,
    pub keys: &'a Keys,
    pub clock: &'a dyn Clock,
    pub entropy: &'a dyn Entropy,
    pub head: &'a mut Head,
    /// Set by whoever wants the head signed, however little it grew.
    pub is_time_to_sign: &'a mut bool,
}

/// The queue's end in the hands of the store.
pub(super) struct Writer {
    queue: Mutex<Option<SyncSender<Box<dyn Work>>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    broken: Arc<AtomicBool>,
}

/// What the writer thread owns.
struct Room {
    connection: Sqlite,
    keys: Arc<Keys>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    head: Head,
    signing: Signing,
    broken: Arc<AtomicBool>,
}

impl Writer {
    pub fn start(
        connection: Sqlite,
        keys: Arc<Keys>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        signing: Signing,
    ) -> Result<Self, Error> {
        let head = Head::load(&connection, keys.keyring())?;
        let broken = Arc::new(AtomicBool::new(false));
        let (queue, waiting) = sync_channel(QUEUE);
        let mut room = Room { connection, keys, clock, entropy, head, signing, broken: Arc::clone(&broken) };
        let thread = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || room.work(&waiting))
            .map_err(Error::internal)?;
        Ok(Self { queue: Mutex::new(Some(queue)), thread: Mutex::new(Some(thread)), broken })
    }

    /// Queues an act, or refuses at once.
    pub fn submit(&self, work: Box<dyn Work>) -> Result<(), Error> {
        if self.is_broken() {
            return Err(Error::Unavailable(DISK_SILENT));
        }
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(queue) = queue else {
            return Err(Error::Unavailable("the server is stopping"));
        };
        queue.try_send(work).map_err(|error| match error {
            TrySendError::Full(_) => Error::Unavailable("too many writes are waiting"),
            TrySendError::Disconnected(_) => Error::Unavailable("the writer has stopped"),
        })
    }

    /// Whether nothing can be written until a restart: a sync failed, and what the disk holds is not known any more; or
    /// the thread has ended.
    pub fn is_broken(&self) -> bool {
        let ended = |thread: &JoinHandle<()>| thread.is_finished();
        self.broken.load(Ordering::Acquire)
            || self.thread.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_none_or(ended)
    }

    /// Finishes what waits and ends the thread.
    pub fn stop(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take()
            && thread.join().is_err()
        {
            tracing::error!("the writer thread panicked");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Room {
    fn work(&mut self, waiting: &Receiver<Box<dyn Work>>) {
        while let Ok(first) = waiting.recv() {
            let mut batch = vec![first];
            let outcome = self.transaction(&mut batch, waiting, false);
            for work in batch {
                work.settle(match &outcome {
                    Ok(()) => Ok(()),
                    Err(Error::Unavailable(why)) => Err(Error::Unavailable(why)),
                    Err(_) => Err(Error::Unavailable("the database refused the write")),
                });
            }
        }
        // The last head is signed too: what happened before a clean stop cannot be taken back unseen.
        let _ = self.transaction(&mut Vec::new(), waiting, true);
        if let Err(error) = self.connection.batch("PRAGMA wal_checkpoint(TRUNCATE)") {
            tracing::warn!(%error, "the write-ahead log could not be truncated");
        }
    }

    /// Runs the batch, which grows by what arrives meanwhile, and commits it; puts the head back when that fails.
    fn transaction(
        &mut self,
        batch: &mut Vec<Box<dyn Work>>,
        waiting: &Receiver<Box<dyn Work>>,
        is_time_to_sign: bool,
    ) -> Result<(), Error> {
        if self.broken.load(Ordering::Acquire) {
            return Err(Error::Unavailable(DISK_SILENT));
        }
        let before = self.head.clone();
        let outcome = self.run(batch, waiting, is_time_to_sign);
        self.signing.settle(outcome.is_ok());
        if let Err(error) = &outcome {
            tracing::error!(%error, acts = batch.len(), "a transaction was lost; nothing in it happened");
            // SQLite may have rolled back by itself: then this fails, and that is as well.
            let _ = self.connection.batch("ROLLBACK");
            self.head = before;
            if matches!(error, Error::Unavailable(DISK_SILENT)) {
                // A failed sync is never retried: the kernel may have dropped the pages it could not write.
                self.broken.store(true, Ordering::Release);
            }
        }
        outcome
    }

    fn run(
        &mut self,
        batch: &mut Vec<Box<dyn Work>>,
        waiting: &Receiver<Box<dyn Work>>,
        mut is_time_to_sign: bool,
    ) -> Result<(), Error> {
        self.connection.execute("BEGIN IMMEDIATE", &[])?;
        let mut next = 0;
        while next < batch.len() {
            let mut desk = Desk {
                engine: &self.connection,
                keys: &self.keys,
                clock: &*self.clock,
                entropy: &*self.entropy,
                head: &mut self.head,
                is_time_to_sign: &mut is_time_to_sign,
            };
            batch[next].run(&mut desk)?;
            next += 1;
            if batch.len() < BATCH
                && let Ok(more) = waiting.try_recv()
            {
                batch.push(more);
            }
        }
        self.head.save(&self.connection, self.keys.keyring())?;
        self.signing.sign(&self.connection, &self.head, self.clock.now(), is_time_to_sign)?;
        self.connection.execute("COMMIT", &[]).map(|_| ())
    }
}
