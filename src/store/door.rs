//! The door itself: permission, effect and audit row in one transaction. Every change passes here.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::oneshot;
use uuid::Uuid;

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::crypto::CryptoError;
use crate::domain::Error;
use crate::domain::actor::{Actor, Caller, Proof, SignedIn};
use crate::domain::event::{Event, Outcome};
use crate::domain::permission::{Decision, Permission, Relation, decide};
use crate::domain::user::User;

use super::action::{Action, Asker, Done, Query, Reach, Scope, Target};
use super::audit_log::Entry;
use super::quota::{self, QuotaUse};
use super::signal::{Signal, Signals};
use super::standing::{Standing, authorize};
use super::tx::{ReadTx, Record, Tx};
use super::writer::{Desk, Work};

statements! {
    PSEUDONYM = "SELECT pseudonym FROM users WHERE id = ?1";
}

/// Authorizes and answers a question.
pub(super) fn ask<Q: Query>(read: &ReadTx<'_>, caller: &Caller, query: Q) -> Result<Q::Output, Error> {
    let standing = Standing::read(read, &caller.actor, query.target())?;
    authorize(query.permission(), &standing, query.relation(read, caller))?;
    let reach = match decide(query.permission(), standing.subject, Relation::default()) {
        Decision::Allow | Decision::StepUp => Reach::Everything,
        Decision::Deny | Decision::OutOfScope => Reach::TheirOwn,
    };
    query.run(read, &Asker::new(&caller.actor, reach))
}

/// An act in the writer's queue.
pub(super) struct Pending<A: Action> {
    pub caller: Caller,
    pub action: Option<A>,
    pub quota: Option<QuotaUse>,
    pub outcome: Option<Result<Done<A::Output>, Error>>,
    pub signals: Signals,
    /// What to tell after the commit.
    pub waiting: Vec<Signal>,
    pub reply: Option<oneshot::Sender<Result<Done<A::Output>, Error>>>,
}

impl<A: Action> Work for Pending<A> {
    fn run(&mut self, desk: &mut Desk<'_>) -> Result<(), Error> {
        let Some(action) = self.action.take() else {
            return Ok(());
        };
        let facts = Facts { permission: action.permission(), event: action.event(), target: action.target() };
        let failure = action.failure_event();
        let now = desk.clock.now();
        let mut person = None;
        let outcome = apart(desk, |desk| {
            let read = ReadTx::new(desk.engine, desk.keys, now);
            let standing = Standing::read(&read, &self.caller.actor, facts.target)?;
            person = standing.person;
            self.attempt(desk, action, &facts, &standing, now)
        })?;
        self.outcome = Some(match outcome {
            Ok(done) => Ok(done),
            Err(error) => {
                let mut note = refusal(facts.permission, Some(facts.event), facts.target, &error);
                if note.event == facts.event {
                    note.event = failure;
                }
                match apart(desk, |desk| note.write(desk, &self.caller, person, now))? {
                    Ok(_) => Err(error),
                    Err(fault) => {
                        tracing::error!(%error, %fault, "a refused act could not be recorded");
                        Err(Error::Unavailable("the act could not be recorded"))
                    }
                }
            }
        });
        Ok(())
    }

    fn settle(mut self: Box<Self>, committed: Result<(), Error>) {
        let answer = match (committed, self.outcome.take()) {
            (Ok(()), Some(outcome)) => {
                for signal in self.waiting.drain(..) {
                    // Nobody may be listening.
                    let _ = self.signals.send(signal);
                }
                outcome
            }
            (Ok(()), None) => Err(Error::Unavailable("the act was not reached")),
            (Err(error), _) => Err(error),
        };
        if let Some(reply) = self.reply.take() {
            // Whoever asked may be gone; what was done stays done.
            let _ = reply.send(answer);
        }
    }
}

impl<A: Action> Pending<A> {
    /// Permission, effect, allowance, audit row.
    fn attempt(
        &mut self,
        desk: &mut Desk<'_>,
        action: A,
        facts: &Facts,
        standing: &Standing,
        now: Timestamp,
    ) -> Result<Done<A::Output>, Error> {
        let (output, mut record) = effect(desk, &self.caller, action, facts.permission, standing, now)?;
        if let Some(used) = &self.quota {
            quota::save(desk.engine, used)?;
        }
        let mut signals = std::mem::take(&mut record.signals);
        if let Scope::Team(team) = facts.target.scope {
            signals.push(Signal::Happened(team));
        }
        let seq = record_success(desk, &self.caller, facts, standing, record, now)?;
        self.waiting = signals;
        Ok(Done { output, seq })
    }
}

/// Runs `work` under a savepoint of its own: what fails is taken back, the tree's head included, and the neighbours in
/// the transaction stay. The outer `Err` means that the engine failed: then the transaction itself may be gone.
fn apart<T>(
    desk: &mut Desk<'_>,
    work: impl FnOnce(&mut Desk<'_>) -> Result<T, Error>,
) -> Result<Result<T, Error>, Error> {
    let head = desk.head.clone();
    desk.engine.execute("SAVEPOINT act", &[])?;
    let outcome = catch_unwind(AssertUnwindSafe(|| work(desk))).unwrap_or_else(|_| Err(Error::internal("a panic")));
    match &outcome {
        Ok(_) => {}
        Err(Error::Unavailable(why)) => return Err(Error::Unavailable(why)),
        Err(_) => {
            desk.engine.execute("ROLLBACK TO act", &[])?;
            *desk.head = head;
        }
    }
    desk.engine.execute("RELEASE act", &[])?;
    Ok(outcome)
}

/// What an act says of itself.
struct Facts {
    permission: Permission,
    event: Event,
    target: Target,
}

/// Authorizes and applies.
fn effect<A: Action>(
    desk: &Desk<'_>,
    caller: &Caller,
    action: A,
    permission: Permission,
    standing: &Standing,
    now: Timestamp,
) -> Result<(A::Output, Record), Error> {
    let read = ReadTx::new(desk.engine, desk.keys, now);
    authorize(permission, standing, action.relation(&read, caller))?;
    let mut tx = Tx::new(read, desk.entropy, caller);
    let output = action.apply(&mut tx)?;
    Ok((output, tx.record))
}

fn record_success(
    desk: &mut Desk<'_>,
    caller: &Caller,
    facts: &Facts,
    standing: &Standing,
    record: Record,
    now: Timestamp,
) -> Result<i64, Error> {
    let person = match record.person {
        Some(user) => {
            let read = ReadTx::new(desk.engine, desk.keys, now);
            read.first(PSEUDONYM, &[user.into()], |row| Ok((user, row.id::<()>(0)?.uuid())))?
        }
        None => standing.person,
    };
    let mut target = facts.target;
    target.resource = record.resource.or(target.resource);
    let outcome = if record.failure { Outcome::Failure } else { Outcome::Success };
    let mut note = Note { event: facts.event, outcome, target, detail: record.notes.into_iter().collect() };
    let seq = note.write(desk, caller, person, now)?;
    for (event, resource) in record.further {
        note.event = event;
        note.target.resource = resource.or(target.resource);
        note.write(desk, caller, person, now)?;
    }
    Ok(seq)
}

/// The one row of an act or a question that changed nothing.
fn refusal(permission: Permission, event: Option<Event>, target: Target, error: &Error) -> Note {
    let mut detail = BTreeMap::from([("error", error.kind().to_owned())]);
    let (shown, outcome) = match error {
        Error::Forbidden(_) | Error::Unauthenticated(_) => {
            detail.insert("permission", permission.as_str().to_owned());
            (Event::AccessDenied, Outcome::Denied)
        }
        Error::OutOfScope(_) => {
            detail.insert("permission", permission.as_str().to_owned());
            (Event::ApiKeyScopeDenied, Outcome::Denied)
        }
        Error::Internal(cause) if cause.is::<CryptoError>() => (Event::DecryptFailed, Outcome::Failure),
        _ => (event.unwrap_or(Event::AccessDenied), Outcome::Failure),
    };
    if let Some(event) = event.filter(|event| *event != shown) {
        detail.insert("attempted", event.as_str().to_owned());
    }
    Note { event: shown, outcome, target, detail }
}

/// The row that a refused question leaves: denials and values that do not open leave one, wrong input does not.
pub(super) fn refused_question(permission: Permission, target: Target, error: &Error) -> Option<Note> {
    let recorded = match error {
        Error::Forbidden(_) | Error::OutOfScope(_) | Error::Unauthenticated(_) => true,
        Error::Internal(cause) => cause.is::<CryptoError>(),
        _ => false,
    };
    recorded.then(|| refusal(permission, None, target, error))
}

/// Something worth a row that changes nothing else: a refused question, a failed sign-in, the server's start.
#[derive(Clone, Debug)]
pub struct Note {
    /// What.
    pub event: Event,
    /// How it ended.
    pub outcome: Outcome,
    /// What it was about.
    pub target: Target,
    /// What else there is to know; sealed in the row.
    pub detail: BTreeMap<&'static str, String>,
}

impl Note {
    fn write(
        &self,
        desk: &mut Desk<'_>,
        caller: &Caller,
        person: Option<(Id<User>, Uuid)>,
        now: Timestamp,
    ) -> Result<i64, Error> {
        let mut detail = self.detail.clone();
        if let Actor::User(SignedIn { proof: Proof::ApiKey(key), .. }) = caller.actor {
            detail.insert("api_key", key.to_string());
        }
        let Self { event, outcome, target, .. } = *self;
        let entry = Entry { event, outcome, caller, person, target, detail };
        desk.head.append(desk.engine, desk.keys, now, desk.entropy, &entry)
    }
}

/// A note in the writer's queue.
pub(super) struct PendingNote {
    pub caller: Caller,
    pub note: Note,
    pub outcome: Result<(), Error>,
    pub reply: Option<oneshot::Sender<Result<(), Error>>>,
}

impl Work for PendingNote {
    fn run(&mut self, desk: &mut Desk<'_>) -> Result<(), Error> {
        let now = desk.clock.now();
        let written = apart(desk, |desk| {
            let read = ReadTx::new(desk.engine, desk.keys, now);
            let standing = Standing::read(&read, &self.caller.actor, self.note.target)?;
            self.note.write(desk, &self.caller, standing.person, now)
        })?;
        self.outcome = written.map(|_| ());
        Ok(())
    }

    fn settle(mut self: Box<Self>, committed: Result<(), Error>) {
        if let Some(reply) = self.reply.take() {
            // Whoever asked may be gone; the row stays.
            let _ = reply.send(committed.and(self.outcome));
        }
    }
}
