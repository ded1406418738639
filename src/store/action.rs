//! What goes through the door: an `Action` changes something, a `Query` reads something on somebody's behalf.

use uuid::Uuid;

use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::actor::{Actor, Caller, SignedIn};
use crate::domain::event::Event;
use crate::domain::permission::{Decision, Permission, Relation, Subject, decide};
use crate::domain::quota::Quota;
use crate::domain::team::Team;
use crate::domain::user::User;

use super::idempotency::Before;
use super::tx::{ReadTx, Tx};

/// A change. `App::act` authorizes it, applies it and audits it in one transaction, or it did not happen.
pub trait Action: Send + 'static {
    /// What the caller gets when it is done and durable.
    type Output: Send + 'static;

    /// What the caller must be allowed to do.
    fn permission(&self) -> Permission;

    /// What it leaves in the audit log.
    fn event(&self) -> Event;

    /// What it leaves there when it is allowed and fails all the same, where that has a name of its own.
    fn failure_event(&self) -> Event {
        self.event()
    }

    /// How often the caller may do it.
    fn quota(&self) -> Option<Quota> {
        None
    }

    /// What it acts on: decides whose role bindings count. Known before anything is read.
    fn target(&self) -> Target;

    /// How the caller stands to the target. `NotFound` for an id that leads nowhere: the door tells it to those whose
    /// role opens all of its kind, and answers everybody else as for an id that they may not see.
    fn relation(&self, _read: &ReadTx<'_>, _caller: &Caller) -> Result<Relation, Error> {
        Ok(Relation::default())
    }

    /// Runs inside the transaction after the permission was granted. Synchronous: no await, no network.
    fn apply(self, tx: &mut Tx<'_>) -> Result<Self::Output, Error>;
}

/// A question. `App::ask` authorizes it and answers it from one moment of the database; a denial is audited.
pub trait Query: Send + 'static {
    /// The answer.
    type Output: Send + 'static;

    /// What the caller must be allowed to do.
    fn permission(&self) -> Permission;

    /// What it asks about.
    fn target(&self) -> Target;

    /// How the caller stands to the target; see [`Action::relation`].
    fn relation(&self, _read: &ReadTx<'_>, _caller: &Caller) -> Result<Relation, Error> {
        Ok(Relation::default())
    }

    /// Reads the answer.
    fn run(self, read: &ReadTx<'_>, asker: &Asker<'_>) -> Result<Self::Output, Error>;
}

/// Whoever asks, and how far their permission reaches. The door alone makes one: what a query knows of its caller, it
/// knows from here.
#[derive(Debug)]
pub struct Asker<'a> {
    actor: &'a Actor,
    subject: Subject,
    reach: Reach,
}

/// How far a permission reaches in lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// To everything of the kind in the scope.
    Everything,
    /// To what is the caller's own, or concerns them.
    TheirOwn,
}

impl<'a> Asker<'a> {
    pub(super) const fn new(actor: &'a Actor, subject: Subject, reach: Reach) -> Self {
        Self { actor, subject, reach }
    }

    /// The sign-in they ask with.
    pub fn signed_in(&self) -> Result<SignedIn, Error> {
        match self.actor {
            Actor::User(signed_in) => Ok(*signed_in),
            _ => Err(Error::Forbidden(None)),
        }
    }

    /// The person who asks.
    pub fn user(&self) -> Result<Id<User>, Error> {
        self.signed_in().map(|signed_in| signed_in.user)
    }

    /// How far their permission reaches.
    pub const fn reach(&self) -> Reach {
        self.reach
    }

    /// How far another permission of theirs reaches in the same scope: for an answer made of several kinds of things.
    /// `None` when it reaches nothing, be it for their role or for the scopes of their API key.
    pub fn reach_of(&self, permission: Permission) -> Option<Reach> {
        let own = Relation { participant: true, ..their_own() };
        let may = |relation| decide(permission, self.subject, relation) == Decision::Allow;
        if may(Relation::default()) { Some(Reach::Everything) } else { may(own).then_some(Reach::TheirOwn) }
    }
}

/// What an act or a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// Whose role bindings count.
    pub scope: Scope,
    /// The thing itself, when it has an id yet.
    pub resource: Option<Resource>,
}

/// Whose role bindings count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The server's.
    Instance,
    /// One team's.
    Team(Id<Team>),
}

/// A thing in the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Its kind, such as `delegation`.
    pub kind: &'static str,
    /// Its id.
    pub id: Uuid,
}

impl Target {
    /// The server.
    pub const fn instance() -> Self {
        Self { scope: Scope::Instance, resource: None }
    }

    /// A team.
    pub const fn team(team: Id<Team>) -> Self {
        Self { scope: Scope::Team(team), resource: None }
    }

    /// The same scope, with the thing in it.
    #[must_use]
    pub const fn resource<T: ?Sized>(self, kind: &'static str, id: Id<T>) -> Self {
        Self { scope: self.scope, resource: Some(Resource { kind, id: id.uuid() }) }
    }
}

/// The caller's own account: what is asked about is theirs by definition.
pub const fn their_own() -> Relation {
    Relation {
        own: true,
        assigned: false,
        participant: false,
        untouched: false,
        granted: false,
        reported: false,
        target: None,
    }
}

/// The outcome of an act that may have been done before.
#[derive(Debug)]
pub enum Answered<T> {
    /// It was done now.
    Now(Done<T>),
    /// It was done before, on the same person's same request.
    Before(Before),
}

/// A change that was made.
#[derive(Debug)]
pub struct Done<T> {
    /// What the action answers.
    pub output: T,
    /// The audit row that stands for it.
    pub seq: i64,
}
