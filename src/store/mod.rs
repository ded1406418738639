//! Floor 2: the store. Its door is `Store::act` and `Store::ask`, which `app::App` alone calls.

/// Names the statements of a file, and lists them for the test that prepares each against the migrated schema.
macro_rules! statements {
    ($($name:ident = $sql:expr;)+) => {
        $(const $name: &str = $sql;)+
        #[cfg(test)]
        pub(super) const STATEMENTS: &[&str] = &[$($name),+];
    };
}

pub mod action;
mod anchor;
pub mod api_key;
pub mod audit;
pub mod audit_check;
pub mod audit_log;
pub mod audit_proof;
mod audit_tree;
pub mod ceremony;
mod checkpoint;
pub mod clean_up;
pub mod comment;
pub mod conversation;
pub mod credential;
pub mod credential_share;
pub mod custody;
pub mod delegation;
pub mod delegation_list;
pub mod device;
mod door;
mod engine;
pub mod feed;
pub mod grant;
pub mod idempotency;
pub mod identity;
mod inspection;
pub mod invitation;
pub mod job;
mod keys;
mod label;
pub mod leaving;
mod lock;
pub mod login;
pub mod login_code;
pub mod message;
mod migration;
pub mod notification;
mod open;
pub mod overdue;
pub mod participant;
pub mod passkey;
pub mod people;
pub mod preference;
pub mod provider_token;
pub mod qr_sign_in;
pub mod quota;
pub mod search;
pub mod search_fill;
mod search_hit;
mod search_lists;
pub mod search_words;
pub mod session;
mod signal;
mod sqlite;
mod standing;
#[cfg(test)]
mod statements;
pub mod team;
pub mod team_end;
pub mod tombstone;
pub mod trip;
mod tx;
pub mod user;
pub mod watch;
pub mod webhook;
pub mod webhook_delivery;
mod writer;

use std::sync::Arc;

use tokio::sync::{broadcast, oneshot};

use crate::base::clock::Clock;
use crate::crypto::bearer::TokenKeys;
use crate::domain::Error;
use crate::domain::actor::Caller;

pub use action::{Action, Answered, Asker, Done, Query, Reach, Resource, Scope, Target, their_own};
pub use checkpoint::RolledBack;
pub use door::Note;
pub use engine::Value;
pub use inspection::Inspection;
pub use open::{OpenError, Rollback, StoreOptions};
pub use signal::Signal;
pub use standing::binding_of;
pub use tx::{ReadTx, Tx};

use audit_check::{Check, Progress};
use checkpoint::PendingCheckpoint;
use door::{Pending, PendingNote};
use idempotency::Once;
use keys::Keys;
use lock::Lock;
use quota::QuotaUse;
use signal::Signals;
use sqlite::Readers;
use writer::Writer;

/// One database, open.
pub struct Store {
    writer: Writer,
    readers: Readers,
    keys: Arc<Keys>,
    clock: Arc<dyn Clock>,
    signals: Signals,
    _lock: Lock,
}

impl Store {
    /// Hands an action to the writer. The answer comes after the commit; `Unavailable` means that nothing happened.
    pub(crate) async fn act<A: Action>(
        &self,
        caller: Caller,
        action: A,
        quota: Option<QuotaUse>,
    ) -> Result<Done<A::Output>, Error> {
        match self.submit(caller, action, quota, None).await? {
            Answered::Now(done) => Ok(done),
            Answered::Before(_) => Err(Error::internal("an answer of before to an act without a mark")),
        }
    }

    /// As [`act`](Self::act), at most once for each mark: a repetition gets what was answered before.
    pub(crate) async fn act_once<A: Action>(
        &self,
        caller: Caller,
        action: A,
        quota: Option<QuotaUse>,
        once: Once<A::Output>,
    ) -> Result<Answered<A::Output>, Error> {
        self.submit(caller, action, quota, Some(once)).await
    }

    async fn submit<A: Action>(
        &self,
        caller: Caller,
        action: A,
        quota: Option<QuotaUse>,
        once: Option<Once<A::Output>>,
    ) -> Result<Answered<A::Output>, Error> {
        let (reply, answer) = oneshot::channel();
        let signals = self.signals.clone();
        let pending = Pending {
            caller,
            action: Some(action),
            quota,
            once,
            outcome: None,
            signals,
            waiting: Vec::new(),
            reply: Some(reply),
        };
        self.writer.submit(Box::new(pending))?;
        answer.await.map_err(|_| Error::Unavailable("the writer has stopped"))?
    }

    /// Answers a question from one moment of the database. A denial is audited before it is told.
    pub(crate) async fn ask<Q: Query>(&self, caller: &Caller, query: Q) -> Result<Q::Output, Error> {
        let (permission, target) = (query.permission(), query.target());
        let answer = self.look(|read| door::ask(read, caller, query));
        if let Err(error) = &answer
            && let Some(note) = door::refused_question(permission, target, error)
        {
            self.record(caller.clone(), note).await?;
        }
        answer
    }

    /// Answers a question that nobody asks at this moment: whether what runs for them may go on. A refusal is no attempt
    /// of theirs and leaves no row.
    pub(crate) fn ask_again<Q: Query>(&self, caller: &Caller, query: Q) -> Result<Q::Output, Error> {
        self.look(|read| door::ask(read, caller, query))
    }

    /// What is told after each commit from now on.
    pub(crate) fn listen(&self) -> broadcast::Receiver<Signal> {
        self.signals.subscribe()
    }

    /// Writes an audit row about something that changes nothing else.
    pub(crate) async fn record(&self, caller: Caller, note: Note) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        self.writer.submit(Box::new(PendingNote { caller, note, outcome: Ok(()), reply: Some(reply) }))?;
        answer.await.map_err(|_| Error::Unavailable("the writer has stopped"))?
    }

    /// Reads on the server's own behalf: to find out who somebody is, or how the server fares. Never for a caller.
    pub(crate) fn look<T>(&self, read: impl FnOnce(&ReadTx<'_>) -> Result<T, Error>) -> Result<T, Error> {
        self.readers.with(|engine| read(&ReadTx::new(engine, &self.keys, self.clock.now())))
    }

    /// The keys that make and check bearer tokens.
    pub(crate) fn token_keys(&self) -> &TokenKeys {
        self.keys.keyring().token_keys()
    }

    /// Whether acts can be durable at this moment.
    pub fn is_writable(&self) -> bool {
        !self.writer.is_broken()
    }

    /// Recomputes the audit log's tree from its rows. Reads the whole log.
    pub fn verify_audit(&self) -> Result<audit_check::Verified, Error> {
        self.readers.with(|engine| audit_check::verify(engine, self.keys.keyring()))
    }

    /// The next slice of such a check.
    pub(crate) fn step_audit_check(&self, check: &mut Check) -> Result<Progress, Error> {
        self.readers.with(|engine| check.step(engine, self.keys.keyring()))
    }

    /// Signs the audit log's head, when it has grown since the last time.
    pub(crate) async fn sign_head(&self) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        self.writer.submit(Box::new(PendingCheckpoint(Some(reply))))?;
        answer.await.map_err(|_| Error::Unavailable("the writer has stopped"))?
    }

    /// Finishes what waits and closes the database.
    pub fn close(&self) {
        self.writer.stop();
    }
}
