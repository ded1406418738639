//! Who is here: names for everybody, accounts with their sessions and devices for those who run the server.

use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::delegation::Person;
use crate::domain::permission::{Permission, Relation};
use crate::domain::session::ListedSession;
use crate::domain::user::User;
use crate::store::people::{self, Overview, PeopleFilter};
use crate::store::{Asker, Query, ReadTx, Target};

use super::device::{self, MyDevice};
use super::session;

const KIND: &str = "user";

/// The names of everybody who may act.
#[derive(Debug)]
pub struct Directory {
    /// Which page.
    pub page: PageRequest,
}

impl Query for Directory {
    type Output = Page<Person>;

    fn permission(&self) -> Permission {
        Permission::DirectoryRead
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Page<Person>, Error> {
        people::directory(read, &self.page)
    }
}

/// Which accounts are there?
#[derive(Debug)]
pub struct List {
    /// Which of them.
    pub filter: PeopleFilter,
    /// Which page.
    pub page: PageRequest,
}

impl Query for List {
    type Output = Page<Overview>;

    fn permission(&self) -> Permission {
        Permission::UserRead
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Page<Overview>, Error> {
        people::list(read, self.filter, &self.page)
    }
}

/// One account.
#[derive(Debug)]
pub struct Get {
    /// Whose.
    pub user: Id<User>,
}

impl Query for Get {
    type Output = Overview;

    fn permission(&self) -> Permission {
        Permission::UserRead
    }
    fn target(&self) -> Target {
        Target::instance().resource(KIND, self.user)
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Overview, Error> {
        people::get(read, self.user)
    }
}

/// Somebody's live sessions.
#[derive(Debug)]
pub struct ListSessions {
    /// Whose.
    pub user: Id<User>,
    /// Which page.
    pub page: PageRequest,
}

impl Query for ListSessions {
    /// Each with whether it is the one that is asked with.
    type Output = Page<(ListedSession, bool)>;

    fn permission(&self) -> Permission {
        Permission::UserRead
    }
    fn target(&self) -> Target {
        Target::instance().resource(KIND, self.user)
    }
    fn relation(&self, read: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        people::role(read, self.user).map(|_| Relation::default())
    }
    fn run(self, read: &ReadTx<'_>, asker: &Asker<'_>) -> Result<Self::Output, Error> {
        session::listed(read, asker, self.user, &self.page)
    }
}

/// Somebody's devices.
#[derive(Debug)]
pub struct ListDevices {
    /// Whose.
    pub user: Id<User>,
    /// Which page.
    pub page: PageRequest,
}

impl Query for ListDevices {
    type Output = Page<MyDevice>;

    fn permission(&self) -> Permission {
        Permission::UserRead
    }
    fn target(&self) -> Target {
        Target::instance().resource(KIND, self.user)
    }
    fn relation(&self, read: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        people::role(read, self.user).map(|_| Relation::default())
    }
    fn run(self, read: &ReadTx<'_>, asker: &Asker<'_>) -> Result<Self::Output, Error> {
        device::listed(read, asker, self.user, &self.page)
    }
}
