//! Live streams: what concerns a person, told as it is committed, for as long as they may hear it.
//!
//! A stream tells two things: its reader's own notifications, and what happens in the teams they are bound to, which is
//! the audit log read forwards. It holds nothing ready: each event is read, and its reader judged at the door, at the
//! moment it is told, with the query that the API would use; what waits is judged once more when its reader takes it.
//! What wakes it between two events is a signal of the store, the end of its session, or a heartbeat, and each time its
//! reader is judged anew. What it may not tell it passes over in silence: nobody asked, so nobody was refused.
//!
//! Its position is two numbers of the database, so that a stream resumes where it stood whatever restarts.

mod handover;
mod reader;
mod stream;
mod thing;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

use crate::base::id::Id;
use crate::base::seats::{Seat, Seats};
use crate::domain::Error;
use crate::domain::actor::{Actor, Caller};
use crate::domain::live::Position;
use crate::domain::notification::Notification;
use crate::domain::permission::{Permission, Relation};
use crate::domain::team::Team;
use crate::domain::user::User;
use crate::store::feed::{self, Happening};
use crate::store::{Asker, Query, ReadTx, Target, notification, their_own};

use super::App;
pub use handover::LiveEvents;
use reader::Reader;
use stream::Stream;
pub use thing::Thing;

/// Streams of one person at once.
const OF_ONE: usize = 8;
/// Streams of all people at once.
const OF_ALL: usize = 256;
/// After so much silence a stream shows that it is there.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Rows of the feed that a stream goes through to resume: who was away for longer is better served by the lists.
const MOST_BEHIND: i64 = 10_000;

/// What a stream tells, with where it stands afterwards.
pub enum LiveEvent {
    /// The stream is open.
    Begun(Position),
    /// It does not resume where it was asked to: its reader must read anew what they show.
    Reset(Position, ResetReason),
    /// Something for its reader.
    Notification(Position, Box<Notification>),
    /// Something that happened in a team.
    Happened(Position, Box<Told>),
    /// Nothing that concerns its reader, for a while.
    Heartbeat(Position),
    /// The stream is over.
    End(EndReason),
}

/// Something that happened, with the thing as its reader may see it now.
pub struct Told {
    /// What happened.
    pub happening: Happening,
    /// The thing it happened to.
    pub thing: Thing,
}

/// Why a stream does not resume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetReason {
    /// More has happened than a stream goes through.
    Behind,
    /// What the reader says to have seen has not happened here: the database was restored, or it is another.
    Ahead,
}

impl ResetReason {
    /// The reason's name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Behind => "behind",
            Self::Ahead => "ahead",
        }
    }
}

/// Why a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// The sign-in or the key was ended, or the account is locked.
    Revoked,
    /// The sign-in or the key is over.
    Expired,
    /// Its reader may not hear it any more.
    AccessDenied,
    /// The server stops.
    Stopping,
    /// The server cannot read at this moment.
    Unavailable,
}

impl EndReason {
    /// The reason's name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::AccessDenied => "access-denied",
            Self::Stopping => "stopping",
            Self::Unavailable => "unavailable",
        }
    }
}

/// The streams that are open.
pub(super) struct Streams {
    seats: Arc<Seats<Id<User>>>,
    room: Arc<Semaphore>,
    stopping: watch::Sender<bool>,
}

impl Default for Streams {
    fn default() -> Self {
        Self { seats: Seats::new(OF_ONE), room: Arc::new(Semaphore::new(OF_ALL)), stopping: watch::Sender::new(false) }
    }
}

type Place = (Seat<Id<User>>, OwnedSemaphorePermit);

impl Streams {
    fn take(&self, user: Id<User>) -> Result<Place, Error> {
        // A window of no length: so many at once, not so many in a time.
        let seat = self.seats.take(user).ok_or(Error::RateLimited {
            quota: "live-streams",
            limit: u32::try_from(OF_ONE).unwrap_or(u32::MAX),
            window: Duration::ZERO,
            retry_after: HEARTBEAT,
        })?;
        let room = Arc::clone(&self.room).try_acquire_owned();
        Ok((seat, room.map_err(|_| Error::Unavailable("too many live streams are open"))?))
    }
}

impl App {
    /// Opens a stream behind `last`, or behind all that there is; with `only`, of all teams it tells of this one.
    pub async fn open_stream(
        self: &Arc<Self>,
        caller: &Caller,
        last: Option<Position>,
        only: Option<Id<Team>>,
    ) -> Result<LiveEvents, Error> {
        let signals = self.store.listen();
        let begun = self.ask(caller, Begin(last)).await?;
        let Actor::User(signed_in) = caller.actor else { return Err(Error::Forbidden(None)) };
        let place = self.streams.take(signed_in.user)?;
        let reader = Arc::new(Reader { app: Arc::clone(self), caller: caller.clone(), signed_in, only });
        let stream =
            Stream::new(Arc::clone(&reader), signals, self.streams.stopping.subscribe(), begun.position, place);
        let first = match begun.reset {
            None => LiveEvent::Begun(begun.position),
            Some(reason) => LiveEvent::Reset(begun.position, reason),
        };
        let (out, events) = mpsc::channel(1);
        tokio::spawn(stream.run(first, out));
        Ok(LiveEvents::new(events, reader))
    }

    /// Ends all streams, for the server stops.
    pub fn end_streams(&self) {
        self.streams.stopping.send_replace(true);
    }
}

/// May I listen, and from where on?
struct Begin(Option<Position>);

/// Where a stream begins.
struct Begun {
    position: Position,
    /// Why that is not where it was asked to.
    reset: Option<ResetReason>,
}

impl Query for Begin {
    type Output = Begun;

    fn permission(&self) -> Permission {
        Permission::NotificationManage
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(their_own())
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Begun, Error> {
        let head = Position { feed: feed::head(read)?, news: notification::head(read)? };
        let reset = match self.0 {
            Some(last) if last.is_ahead_of(head) => Some(ResetReason::Ahead),
            Some(last) if head.feed - last.feed > MOST_BEHIND => Some(ResetReason::Behind),
            Some(position) => return Ok(Begun { position, reset: None }),
            None => None,
        };
        Ok(Begun { position: head, reset })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_people_together_have_their_number_of_streams() {
        let (streams, mut open) = (Streams::default(), Vec::new());
        let person = |number: usize| Id::from_uuid(uuid::Uuid::from_u128(number as u128));
        for number in 0..OF_ALL {
            open.push(streams.take(person(number / OF_ONE)).unwrap());
        }
        let refused = streams.take(person(OF_ALL)).err().unwrap();
        assert!(matches!(refused, Error::Unavailable(_)), "{refused}");
        assert!(matches!(streams.take(person(0)).err().unwrap(), Error::RateLimited { limit: 8, .. }));
        open.pop();
        let back = streams.take(person(OF_ALL));
        assert!(back.is_ok(), "a refused stream holds nothing, a closed one gives all back");
    }
}
