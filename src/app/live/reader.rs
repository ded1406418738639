//! Whoever reads a stream: judged at the door before each thing they are told.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::{EndReason, Thing};
use crate::app::App;
use crate::app::notification::listener;
use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::domain::actor::{Caller, SignedIn};
use crate::domain::live::Position;
use crate::domain::notification::Notification;
use crate::domain::permission::{Permission, Relation};
use crate::domain::team::Team;
use crate::domain::{AuthFailure, Error};
use crate::store::feed::{self, Happening, Stretch};
use crate::store::{Asker, Query, ReadTx, Target, notification, session, their_own};

/// Who reads, and what of it.
pub(super) struct Reader {
    pub app: Arc<App>,
    pub caller: Caller,
    pub signed_in: SignedIn,
    /// Of all teams, only this one.
    pub only: Option<Id<Team>>,
}

/// What a look shows.
pub(super) struct Seen {
    /// The first notification behind the position.
    pub news: Option<Notification>,
    /// What happened behind the position in the reader's teams, whether they may read it or not.
    pub feed: Stretch,
    /// The teams that something binds the reader to.
    pub teams: HashSet<Id<Team>>,
    /// When the sign-in or key is over.
    pub ends_at: Timestamp,
}

impl Reader {
    /// Judges the reader, and reads what comes behind the position.
    pub fn look(&self, position: Position) -> Result<Seen, EndReason> {
        self.refuse_idle()?;
        self.ask(Look { position, only: self.only }).map_err(|error| self.reason(&error))
    }

    /// The thing that something happened to, as the reader may see it at this moment; `None` when they may not, or when
    /// there is nothing left to see.
    pub fn see(&self, happening: &Happening) -> Result<Option<Thing>, EndReason> {
        self.refuse_idle()?;
        match self.thing(happening) {
            Ok(thing) => Ok(thing),
            Err(
                Error::Forbidden(_)
                | Error::OutOfScope(_)
                | Error::NotFound
                | Error::Unauthenticated(AuthFailure::StepUpRequired),
            ) => Ok(None),
            // One thing that does not open must not keep all that comes behind it from being told, for ever. Whoever
            // asks for it raises the alarm.
            Err(error @ Error::Internal(_)) => {
                tracing::error!(%error, seq = happening.seq, "something that happened could not be told");
                Ok(None)
            }
            Err(error) => Err(self.reason(&error)),
        }
    }

    /// A notification as the reader may see it at this moment.
    pub fn hear(&self, mut notification: Notification) -> Result<Notification, EndReason> {
        self.refuse_idle()?;
        match self.app.veil(&self.caller, &mut notification.news, &mut HashMap::new()) {
            Ok(()) => Ok(notification),
            Err(error) => Err(self.reason(&error)),
        }
    }

    /// Asks on the reader's behalf, who asks for nothing themself at this moment.
    pub fn ask<Q: Query>(&self, query: Q) -> Result<Q::Output, Error> {
        self.app.store.ask_again(&self.caller, query)
    }

    /// How long it can be until the sign-in that ends then is over.
    pub fn ends_in(&self, ends_at: Timestamp) -> Duration {
        let idle = self.app.idle.begins(&self.signed_in);
        idle.map_or(ends_at, |idle| idle.min(ends_at)).since(self.app.clock.now())
    }

    fn refuse_idle(&self) -> Result<(), EndReason> {
        let idle = self.app.idle.begins(&self.signed_in);
        if idle.is_some_and(|idle| idle <= self.app.clock.now()) { Err(EndReason::Expired) } else { Ok(()) }
    }

    /// Why the reader was turned away.
    fn reason(&self, error: &Error) -> EndReason {
        let ends_at = || self.app.store.look(|read| session::ends_at(read, &self.signed_in.proof));
        match error {
            Error::Unauthenticated(_) if ends_at().is_ok_and(|end| end <= self.app.clock.now()) => EndReason::Expired,
            Error::Unauthenticated(_) => EndReason::Revoked,
            Error::Forbidden(_) | Error::OutOfScope(_) => EndReason::AccessDenied,
            _ => EndReason::Unavailable,
        }
    }
}

/// May I still listen, and what comes next?
struct Look {
    position: Position,
    only: Option<Id<Team>>,
}

impl Query for Look {
    type Output = Seen;

    fn permission(&self) -> Permission {
        Permission::NotificationManage
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(their_own())
    }
    fn run(self, read: &ReadTx<'_>, asker: &Asker<'_>) -> Result<Seen, Error> {
        let signed_in = asker.signed_in()?;
        let Position { feed: after, news } = self.position;
        Ok(Seen {
            news: notification::next(read, listener(read, &signed_in)?, news)?,
            feed: feed::of_person(read, signed_in.user, self.only, after)?,
            teams: feed::teams_of(read, signed_in.user)?.into_iter().collect(),
            ends_at: session::ends_at(read, &signed_in.proof)?,
        })
    }
}
