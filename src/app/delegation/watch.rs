//! Watching a delegation: whoever may read it may, and goes on reading it and hearing of it until they stop, somebody
//! who may hand the work on stops them, or their role in the team ends or gets lower.

use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::event::Event;
use crate::domain::permission::{Permission, Relation};
use crate::domain::user::User;
use crate::store::watch::{self, Watcher};
use crate::store::{Action, Asker, Query, ReadTx, Target, Tx};

use super::Which;

/// Begins to watch, or goes on watching.
#[derive(Debug)]
pub struct Watch(pub Which);

impl Action for Watch {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::DelegationWatch
    }
    fn event(&self) -> Event {
        Event::DelegationWatched
    }
    fn target(&self) -> Target {
        self.0.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.0.relation(read, caller)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let me = tx.user()?;
        watch::insert(tx, self.0.id, me)
    }
}

/// Stops watching.
#[derive(Debug)]
pub struct Unwatch(pub Which);

impl Action for Unwatch {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::DelegationWatch
    }
    fn event(&self) -> Event {
        Event::DelegationUnwatched
    }
    fn target(&self) -> Target {
        self.0.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.0.relation(read, caller)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let me = tx.user()?;
        watch::delete(tx, self.0.id, me)?;
        Ok(())
    }
}

/// Stops somebody's watching: whoever may hand the work on decides who looks on.
#[derive(Debug)]
pub struct StopWatcher {
    /// Which delegation.
    pub which: Which,
    /// Whose watching.
    pub user: Id<User>,
}

impl Action for StopWatcher {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::DelegationAssign
    }
    fn event(&self) -> Event {
        Event::DelegationUnwatched
    }
    fn target(&self) -> Target {
        self.which.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.which.relation(read, caller)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        tx.note("user", self.user);
        match watch::delete(tx, self.which.id, self.user)? {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        }
    }
}

/// Who watches?
#[derive(Debug)]
pub struct ListWatchers {
    /// Which delegation.
    pub which: Which,
    /// Which page.
    pub page: PageRequest,
}

impl Query for ListWatchers {
    type Output = Page<Watcher>;

    fn permission(&self) -> Permission {
        Permission::DelegationRead
    }
    fn target(&self) -> Target {
        self.which.target()
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        self.which.relation(read, caller)
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Page<Watcher>, Error> {
        watch::list(read, self.which.id, &self.page)
    }
}
