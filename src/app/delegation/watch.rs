//! Watching a delegation: whoever may read it may, and goes on reading it and hearing of it until they stop.

use crate::base::page::{Page, PageRequest};
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::event::Event;
use crate::domain::permission::{Permission, Relation};
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
        watch::delete(tx, self.0.id, me)
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
