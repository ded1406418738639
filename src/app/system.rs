//! The server's own acts: start and stop on record, refused quotas, bursts of failures.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::base::hex;
use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::actor::{Actor, Caller, SignedIn};
use crate::domain::event::{Event, Outcome};
use crate::domain::permission::{self, Permission};
use crate::domain::quota::Quota;
use crate::domain::session::{RevokeReason, Session};
use crate::store::{Action, Note, Rollback, Target, Tx, session};

use super::App;
use super::failures::{Burst, Verdict};
use super::quota::Holder;

/// One of Milton's own timers.
pub(super) const fn timer(name: &'static str) -> Caller {
    Caller::local(Actor::Job(name))
}

/// The row that a holder's first refusal within a quota's window leaves; a person's names them, whoever the caller is.
pub(super) fn quota_exceeded(holder: Holder<'_>, quota: Quota) -> Note {
    let detail = BTreeMap::from([("quota", quota.name.to_owned()), ("limit", quota.limit.to_string())]);
    let target = match holder {
        Holder::Person(user) => Target::instance().resource("user", user),
        Holder::Key(key) => Target::instance().resource("api-key", key),
        Holder::Network(_) | Holder::Token(_) => Target::instance(),
    };
    Note { event: Event::RateLimitExceeded, outcome: Outcome::Denied, target, detail }
}

/// The row that a request of a foreign page leaves.
pub(super) fn foreign_page() -> Note {
    let detail = BTreeMap::from([("error", "foreign-page".to_owned())]);
    Note { event: Event::AccessDenied, outcome: Outcome::Denied, target: Target::instance(), detail }
}

fn system(event: Event, detail: BTreeMap<&'static str, String>) -> Note {
    Note { event, outcome: Outcome::Success, target: Target::instance(), detail }
}

impl App {
    /// Puts the start on record, with the hash of the matrix that is in force from now on, and signs it.
    pub async fn record_start(&self) -> Result<(), Error> {
        let operator = Caller::local(Actor::Operator);
        let version = BTreeMap::from([("version", env!("CARGO_PKG_VERSION").to_owned())]);
        self.store.record(operator.clone(), system(Event::SystemStarted, version)).await?;
        let matrix = BTreeMap::from([("sha256", hex::encode(&Sha256::digest(permission::describe())))]);
        self.store.record(operator, system(Event::MatrixLoaded, matrix)).await?;
        self.sign_head().await
    }

    /// Puts on record that a database is older than its anchor, and that the operator goes on with it.
    pub async fn record_rollback(&self, rollback: Rollback) -> Result<(), Error> {
        let operator = Caller::local(Actor::Operator);
        let signed = &rollback.signed;
        let found = BTreeMap::from([
            ("found", rollback.found.to_string()),
            ("signed_origin", signed.origin.clone()),
            ("signed_size", signed.size.to_string()),
            ("signed_root", hex::encode(&signed.root)),
        ]);
        let detected = Note { outcome: Outcome::Failure, ..system(Event::RollbackDetected, found) };
        self.store.record(operator.clone(), detected).await?;
        let epoch = BTreeMap::from([("epoch", rollback.epoch.to_string())]);
        self.store.record(operator, system(Event::RollbackAccepted, epoch)).await
    }

    /// Puts the stop on record and closes the database: what waits is finished first.
    pub async fn stop(&self) -> Result<(), Error> {
        self.end_streams();
        self.record_bursts(true).await?;
        self.record_last_seen().await?;
        self.store.record(Caller::local(Actor::Operator), system(Event::SystemStopped, BTreeMap::new())).await?;
        self.store.close();
        Ok(())
    }

    /// Ends a session that nobody used for too long, for good: memory forgets that it was refused, the database does not.
    pub(super) async fn end_idle(&self, caller: &Caller, session: SignedIn) -> Result<(), Error> {
        let timer = Caller { actor: Actor::Job("idle-sessions"), ..caller.clone() };
        self.act(&timer, EndIdle(session.session()?.id)).await.map(|_| ())
    }

    /// Writes down when devices and API keys were last used, if any was since the last time. Answers how many.
    pub async fn record_last_seen(&self) -> Result<u64, Error> {
        self.write_last_seen(&Caller::local(Actor::Job("last-seen"))).await
    }

    /// Puts a failed sign-in on record, or counts it when its network has had its share of rows this minute.
    pub(super) async fn record_failed_sign_in(
        &self,
        caller: &Caller,
        detail: BTreeMap<&'static str, String>,
    ) -> Result<(), Error> {
        self.record_failure(caller, Event::LoginFailed, detail).await
    }

    pub(super) async fn record_failure(
        &self,
        caller: &Caller,
        event: Event,
        detail: BTreeMap<&'static str, String>,
    ) -> Result<(), Error> {
        let note = Note { event, outcome: Outcome::Failure, target: Target::instance(), detail };
        self.record_bounded(caller, note).await
    }

    /// Puts on record what anybody can bring about who has no business here, or counts it: see
    /// [`App::record_failed_sign_in`].
    pub(super) async fn record_bounded(&self, caller: &Caller, note: Note) -> Result<(), Error> {
        match self.failures.count(caller.address, self.clock.now()) {
            Verdict::Count => Ok(()),
            Verdict::Record => {
                let written = self.store.record(caller.clone(), note).await;
                if written.is_err() {
                    self.failures.count_unwritten(caller.address, 1, self.clock.now());
                }
                written
            }
        }
    }

    /// Writes one row for each network whose counted failures are complete; with `all`, for the running minute too.
    /// Answers how many rows. What cannot be written is counted on.
    pub async fn record_bursts(&self, all: bool) -> Result<u64, Error> {
        let now = self.clock.now();
        let (mut rows, mut outcome) = (0, Ok(()));
        for burst in self.failures.finished(now, all) {
            match self.record_burst(&burst).await {
                Ok(()) => rows += 1,
                Err(error) => {
                    self.failures.count_unwritten(burst.address, burst.count, now);
                    outcome = Err(error);
                }
            }
        }
        outcome.map(|()| rows)
    }

    async fn record_burst(&self, burst: &Burst) -> Result<(), Error> {
        let caller = Caller { address: burst.address, ..Caller::local(Actor::Job("failure-bursts")) };
        let detail = BTreeMap::from([("count", burst.count.to_string()), ("network", burst.network())]);
        let note = Note { event: Event::FailureBurst, outcome: Outcome::Failure, target: Target::instance(), detail };
        self.store.record(caller, note).await
    }
}

/// Ends an idle session.
#[derive(Debug)]
struct EndIdle(Id<Session>);

impl Action for EndIdle {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::SessionExpire
    }
    fn event(&self) -> Event {
        Event::TokenExpired
    }
    fn target(&self) -> Target {
        Target::instance().resource("session", self.0)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let reason = RevokeReason::Idle;
        tx.note("reason", reason.as_str());
        session::revoke(tx, self.0, reason)
    }
}
