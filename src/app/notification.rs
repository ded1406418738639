//! One's own notifications: to look at, and to mark as read.

use std::collections::HashMap;

use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::domain::actor::{Actor, Caller, SignedIn};
use crate::domain::event::Event;
use crate::domain::grant::{Thing, ThingKind};
use crate::domain::notification::{News, Notification};
use crate::domain::permission::{Permission, Relation};
use crate::domain::team::Team;
use crate::domain::{AuthFailure, Error};
use crate::store::notification::{self, Listener};
use crate::store::{Action, Asker, Query, ReadTx, Target, Tx, device, their_own};

use super::{App, conversation, delegation};

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

impl App {
    /// What should the caller hear of?
    pub async fn list_notifications(&self, caller: &Caller, list: List) -> Result<(Page<Notification>, i64), Error> {
        let (mut page, unread) = self.ask(caller, list).await?;
        let mut judged = HashMap::new();
        for notification in &mut page.items {
            self.veil(caller, &mut notification.news, &mut judged)?;
        }
        Ok((page, unread))
    }

    /// Leaves the title of a thing out that whoever listens may not read at this moment. `judged` keeps what was asked.
    pub(super) fn veil(
        &self,
        caller: &Caller,
        news: &mut News,
        judged: &mut HashMap<Id<Thing>, bool>,
    ) -> Result<(), Error> {
        let Some((team, thing)) = news.titled() else { return Ok(()) };
        let is_open = match judged.get(&thing.id) {
            Some(is_open) => *is_open,
            None => self.may_read(caller, team, thing)?,
        };
        judged.insert(thing.id, is_open);
        if !is_open {
            news.leave_title_out();
        }
        Ok(())
    }

    /// Whether somebody may read a thing now. They did not ask for it, so a refusal is none of theirs.
    fn may_read(&self, caller: &Caller, team: Id<Team>, thing: Thing) -> Result<bool, Error> {
        match self.store.ask_again(caller, MayRead { team, thing }) {
            Ok(()) => Ok(true),
            Err(
                Error::Forbidden(_)
                | Error::OutOfScope(_)
                | Error::NotFound
                | Error::Unauthenticated(AuthFailure::StepUpRequired),
            ) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// May I read this?
struct MayRead {
    team: Id<Team>,
    thing: Thing,
}

impl Query for MayRead {
    type Output = ();

    fn permission(&self) -> Permission {
        match self.thing.kind {
            ThingKind::Delegation => Permission::DelegationRead,
            ThingKind::Conversation => Permission::ConversationRead,
        }
    }
    fn target(&self) -> Target {
        Target::team(self.team).resource(self.thing.kind.as_str(), self.thing.id)
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        let (team, id) = (self.team, self.thing.id.uuid());
        match self.thing.kind {
            ThingKind::Delegation => delegation::Which { team, id: Id::from_uuid(id) }.relation(read, caller),
            ThingKind::Conversation => conversation::Which { team, id: Id::from_uuid(id) }.relation(read, caller),
        }
    }
    fn run(self, _: &ReadTx<'_>, _: &Asker<'_>) -> Result<(), Error> {
        Ok(())
    }
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
