//! Live streams: what concerns a person, told as it is committed, for as long as they may hear it.
//!
//! A stream holds nothing ready: each event is read, and its reader judged at the door, at the moment it is sent. What
//! wakes it between two events is a signal of the store, the end of its session, or a heartbeat, and each time its
//! reader is judged anew.

mod stream;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

use crate::base::id::Id;
use crate::base::seats::{Seat, Seats};
use crate::domain::Error;
use crate::domain::actor::{Actor, Caller};
use crate::domain::notification::Notification;
use crate::domain::permission::{Permission, Relation};
use crate::domain::user::User;
use crate::store::notification::{self, Position};
use crate::store::{Asker, Query, ReadTx, Target, their_own};

use super::App;
use super::notification::listener;
use stream::Stream;

/// Streams of one person at once.
const OF_ONE: usize = 8;
/// Streams of all people at once.
const OF_ALL: usize = 256;
/// After so much silence a stream shows that it is there.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// What a stream tells.
pub enum LiveEvent {
    /// The stream is open, behind this notification.
    Begun(Option<Id<Notification>>),
    /// Something for its reader.
    Notification(Box<Notification>),
    /// Nothing, for a while.
    Heartbeat,
    /// The stream is over.
    End(EndReason),
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
    /// Opens a stream behind the notification `last`, or behind all that there is. When `last` is not there (any more),
    /// it begins with the oldest that is: rather twice than never.
    pub async fn open_stream(
        self: &Arc<Self>,
        caller: &Caller,
        last: Option<Id<Notification>>,
    ) -> Result<mpsc::Receiver<LiveEvent>, Error> {
        let signals = self.store.listen();
        let position = self.ask(caller, Begin(last)).await?;
        let Actor::User(signed_in) = caller.actor else { return Err(Error::Forbidden(None)) };
        let stream = Stream {
            app: Arc::clone(self),
            caller: caller.clone(),
            signed_in,
            signals,
            stopping: self.streams.stopping.subscribe(),
            position: position.seq,
            _place: self.streams.take(signed_in.user)?,
        };
        let (out, events) = mpsc::channel(1);
        tokio::spawn(stream.run(position, out));
        Ok(events)
    }

    /// Ends all streams, for the server stops.
    pub fn end_streams(&self) {
        self.streams.stopping.send_replace(true);
    }
}

/// May I listen, and from where on?
struct Begin(Option<Id<Notification>>);

impl Query for Begin {
    type Output = Position;

    fn permission(&self) -> Permission {
        Permission::NotificationManage
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(their_own())
    }
    fn run(self, read: &ReadTx<'_>, asker: &Asker<'_>) -> Result<Position, Error> {
        let listener = listener(read, &asker.signed_in()?)?;
        match self.0 {
            None => notification::last(read, listener),
            Some(id) => Ok(notification::find(read, listener, id)?.unwrap_or_default()),
        }
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
