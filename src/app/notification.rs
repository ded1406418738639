//! One's own notifications: to look at, and to mark as read.

use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::domain::Error;
use crate::domain::actor::{Actor, Caller, SignedIn};
use crate::domain::event::Event;
use crate::domain::notification::Notification;
use crate::domain::permission::{Permission, Relation};
use crate::store::notification::{self, Listener};
use crate::store::{Action, Asker, Query, ReadTx, Target, Tx, device, their_own};

const KIND: &str = "notification";

/// Who listens behind a sign-in.
pub(super) fn listener(read: &ReadTx<'_>, signed_in: &SignedIn) -> Result<Listener, Error> {
    Ok(Listener { user: signed_in.user, device: device::of(read, signed_in)? })
}

fn acting(tx: &Tx<'_>) -> Result<Listener, Error> {
    match tx.actor() {
        Actor::User(signed_in) => listener(tx, signed_in),
        _ => Err(Error::Forbidden(None)),
    }
}

/// What should I hear of?
#[derive(Debug)]
pub struct List {
    /// Only what is not marked as read.
    pub only_unread: bool,
    /// Which page.
    pub page: PageRequest,
}

impl Query for List {
    /// With how many are not marked as read, on whichever page.
    type Output = (Page<Notification>, i64);

    fn permission(&self) -> Permission {
        Permission::NotificationManage
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(their_own())
    }
    fn run(self, read: &ReadTx<'_>, asker: &Asker<'_>) -> Result<Self::Output, Error> {
        let listener = listener(read, &asker.signed_in()?)?;
        let page = notification::list(read, listener, self.only_unread, &self.page)?;
        Ok((page, notification::unread(read, listener)?))
    }
}

/// Marks a notification as read.
#[derive(Debug)]
pub struct MarkRead {
    /// Which.
    pub id: Id<Notification>,
}

impl Action for MarkRead {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::NotificationManage
    }
    fn event(&self) -> Event {
        Event::NotificationRead
    }
    fn target(&self) -> Target {
        Target::instance().resource(KIND, self.id)
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        let Actor::User(signed_in) = &caller.actor else { return Err(Error::NotFound) };
        let is_heard = notification::is_heard(read, listener(read, signed_in)?, self.id)?;
        is_heard.then(their_own).ok_or(Error::NotFound)
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        notification::mark_read(tx, self.id)
    }
}

/// Marks everything as read that the present device could hear of: none silences the news of itself.
#[derive(Debug)]
pub struct MarkAllRead;

impl Action for MarkAllRead {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::NotificationManage
    }
    fn event(&self) -> Event {
        Event::NotificationRead
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(their_own())
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let listener = acting(tx)?;
        let marked = notification::mark_all_read(tx, listener)?;
        tx.note("notifications", marked);
        Ok(())
    }
}
