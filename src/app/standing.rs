//! What administrators decide about people: to lock them out and let them in again, their role on the server, the end of
//! their sessions.

use crate::base::id::Id;
use crate::domain::account::Step;
use crate::domain::actor::Caller;
use crate::domain::event::Event;
use crate::domain::permission::{Permission, Relation};
use crate::domain::role::Role;
use crate::domain::session::RevokeReason;
use crate::domain::text::Reason;
use crate::domain::user::User;
use crate::domain::{Conflict, Error};
use crate::store::people::{self, Overview};
use crate::store::{Action, ReadTx, Signal, Target, Tx, session, team};

const KIND: &str = "user";

/// How high somebody stands who is acted upon. Whoever has no role on the server stands with the lowest.
pub(super) fn rank(read: &ReadTx<'_>, user: Id<User>) -> Result<Relation, Error> {
    let role = people::role(read, user)?.unwrap_or(Role::Member);
    Ok(Relation { target: Some(role), ..Relation::default() })
}

/// Takes a step of an account's life. `Conflict(WrongState)` when there is none such from here.
pub(super) fn take(tx: &mut Tx<'_>, user: Id<User>, step: Step) -> Result<(), Error> {
    let next = step.from(people::state(tx, user)?).ok_or(Error::Conflict(Conflict::WrongState))?;
    people::update_state(tx, user, next)
}

/// `Conflict(LastOwner)` when this person alone, of those who may act, answers for the server or for a team.
pub(super) fn keep_owners(read: &ReadTx<'_>, without: Id<User>) -> Result<(), Error> {
    people::keep_an_owner(read, without)?;
    team::keep_an_owner(read, without, None)
}

/// Locks somebody out: their sessions end, and their API keys open nothing until they are reinstated.
#[derive(Debug)]
pub struct Suspend {
    /// Whom.
    pub user: Id<User>,
    /// Why; for the audit log.
    pub reason: Option<Reason>,
}

impl Action for Suspend {
    type Output = Overview;

    fn permission(&self) -> Permission {
        Permission::UserSuspend
    }
    fn event(&self) -> Event {
        Step::Suspend.event()
    }
    fn target(&self) -> Target {
        Target::instance().resource(KIND, self.user)
    }
    fn relation(&self, read: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        rank(read, self.user)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Overview, Error> {
        take(tx, self.user, Step::Suspend)?;
        keep_owners(tx, self.user)?;
        let ended = session::revoke_all(tx, self.user, RevokeReason::Suspended)?;
        tx.note("sessions", ended);
        if let Some(reason) = &self.reason {
            tx.note("reason", reason.as_str());
        }
        people::get(tx, self.user)
    }
}

/// Lets somebody in again who was locked out.
#[derive(Debug)]
pub struct Reinstate {
    /// Whom.
    pub user: Id<User>,
}

impl Action for Reinstate {
    type Output = Overview;

    fn permission(&self) -> Permission {
        Permission::UserReinstate
    }
    fn event(&self) -> Event {
        Step::Reinstate.event()
    }
    fn target(&self) -> Target {
        Target::instance().resource(KIND, self.user)
    }
    fn relation(&self, read: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        rank(read, self.user)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Overview, Error> {
        take(tx, self.user, Step::Reinstate)?;
        people::get(tx, self.user)
    }
}

/// Gives somebody another role on the server, or none.
#[derive(Debug)]
pub struct ChangeRole {
    /// Whom.
    pub user: Id<User>,
    /// Which from now on.
    pub role: Option<Role>,
}

impl Action for ChangeRole {
    type Output = Overview;

    fn permission(&self) -> Permission {
        Permission::UserRole
    }
    fn event(&self) -> Event {
        Event::UserRoleChanged
    }
    fn target(&self) -> Target {
        Target::instance().resource(KIND, self.user)
    }
    fn relation(&self, read: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        let present = rank(read, self.user)?;
        Ok(Relation { target: present.target.max(self.role), ..present })
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Overview, Error> {
        let before = people::role(tx, self.user)?;
        let word = |role: Option<Role>| role.map_or("none", Role::as_str);
        tx.note("from", word(before));
        tx.note("to", word(self.role));
        people::update_role(tx, self.user, self.role)?;
        if self.role < before {
            tx.signal(Signal::TrustEnded(self.user));
        }
        people::get(tx, self.user)
    }
}

/// Ends all sessions of somebody; they may sign in again.
#[derive(Debug)]
pub struct RevokeSessions {
    /// Whose.
    pub user: Id<User>,
}

impl Action for RevokeSessions {
    /// How many were live.
    type Output = usize;

    fn permission(&self) -> Permission {
        Permission::UserRevokeSessions
    }
    fn event(&self) -> Event {
        Event::TokensRevokedAll
    }
    fn target(&self) -> Target {
        Target::instance().resource(KIND, self.user)
    }
    fn relation(&self, read: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        rank(read, self.user)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<usize, Error> {
        let ended = session::revoke_all(tx, self.user, RevokeReason::ByAdmin)?;
        tx.note("sessions", ended);
        Ok(ended)
    }
}
