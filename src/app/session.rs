//! One's own live sessions: to look at, and to end one by one.

use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::event::Event;
use crate::domain::permission::{Permission, Relation};
use crate::domain::session::{ListedSession, RevokeReason, Session};
use crate::domain::user::User;
use crate::store::{Action, Asker, Query, ReadTx, Target, Tx, session, their_own};

/// Where am I signed in?
#[derive(Debug)]
pub struct List {
    /// Which page.
    pub page: PageRequest,
}

impl Query for List {
    /// Each with whether it is the one that is asked with.
    type Output = Page<(ListedSession, bool)>;

    fn permission(&self) -> Permission {
        Permission::SessionRead
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(their_own())
    }
    fn run(self, read: &ReadTx<'_>, asker: &Asker<'_>) -> Result<Self::Output, Error> {
        listed(read, asker, asker.user()?, &self.page)
    }
}

/// A person's live sessions, each with whether it is the one that is asked with.
pub(super) fn listed(
    read: &ReadTx<'_>,
    asker: &Asker<'_>,
    of: Id<User>,
    page: &PageRequest,
) -> Result<Page<(ListedSession, bool)>, Error> {
    let present = asker.signed_in()?.session().ok().map(|session| session.id);
    let sessions = session::list(read, of, page)?;
    Ok(sessions.map(|listed| {
        let is_present = present == Some(listed.session.id);
        (listed, is_present)
    }))
}

/// Ends one session.
#[derive(Debug)]
pub struct End {
    /// Which.
    pub id: Id<Session>,
}

impl Action for End {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::SessionRevoke
    }
    fn event(&self) -> Event {
        Event::TokenRevoked
    }
    fn target(&self) -> Target {
        Target::instance().resource("session", self.id)
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        match caller.actor.user() {
            Some(user) if session::is_live(read, user, self.id)? => Ok(their_own()),
            _ => Err(Error::NotFound),
        }
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        tx.note("reason", RevokeReason::ByOwner.as_str());
        session::revoke(tx, self.id, RevokeReason::ByOwner)
    }
}
