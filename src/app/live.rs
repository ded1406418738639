//! Live streams: what concerns a person, told as it is committed, for as long as they may hear it.
//!
//! A stream holds nothing ready: each event is read, and its reader judged at the door, at the moment it is sent. What
//! wakes it between two events is a signal of the store, the end of its session, or a heartbeat, and each time its
//! reader is judged anew.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::sleep;

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::base::seats::{Seat, Seats};
use crate::domain::Error;
use crate::domain::actor::{Actor, Caller, SignedIn};
use crate::domain::notification::Notification;
use crate::domain::permission::{Permission, Relation};
use crate::domain::user::User;
use crate::store::notification::{self, Position};
use crate::store::{Asker, Query, ReadTx, Signal, Target, session, their_own};

use super::App;
use super::notification::listener;

/// Streams of one person at once.
const OF_ONE: usize = 8;
/// Streams of all people at once.
const OF_ALL: usize = 256;
/// After so much silence a stream shows that it is there.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long an event waits for a reader who does not take it.
const PATIENCE: Duration = Duration::from_secs(10);
/// The shortest pause before a stream looks at its clock again.
const BREATH: Duration = Duration::from_millis(1);

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

/// One stream.
struct Stream {
    app: Arc<App>,
    caller: Caller,
    signed_in: SignedIn,
    signals: Receiver<Signal>,
    stopping: watch::Receiver<bool>,
    /// Behind which notification it stands.
    position: i64,
    _place: Place,
}

/// Why a stream woke up.
enum Woken {
    /// Something may have changed for its reader.
    Look,
    /// Nothing happened for a while.
    Silence,
    /// The server stops.
    Stop,
}

impl Stream {
    /// Tells what there is to tell until the stream or its reader's patience ends.
    async fn run(mut self, position: Position, out: mpsc::Sender<LiveEvent>) {
        let mut event = LiveEvent::Begun(position.id);
        loop {
            let is_last = matches!(event, LiveEvent::End(_));
            // Who does not take what waits for them gives their place to others; who may not hear it, at once.
            let taken = tokio::select! {
                sent = out.send(event) => sent.is_ok(),
                () = self.ended(), if !is_last => false,
                () = sleep(PATIENCE) => false,
            };
            if is_last || !taken {
                return;
            }
            event = tokio::select! {
                event = self.next() => event,
                () = out.closed() => return,
            };
        }
    }

    async fn next(&mut self) -> LiveEvent {
        let mut was_silent = false;
        loop {
            let ends_in = match self.look() {
                Err(reason) => return LiveEvent::End(reason),
                Ok((Some(notification), _)) => {
                    self.position = notification.seq;
                    return LiveEvent::Notification(Box::new(notification));
                }
                Ok((None, _)) if was_silent => return LiveEvent::Heartbeat,
                Ok((None, ends_in)) => ends_in,
            };
            match self.wait(ends_in).await {
                Woken::Stop => return LiveEvent::End(EndReason::Stopping),
                Woken::Silence => was_silent = true,
                Woken::Look => {}
            }
        }
    }

    /// Returns when the stream's reader may not hear anything any more.
    async fn ended(&mut self) {
        while let Ok((_, ends_in)) = self.look() {
            if matches!(self.wait(ends_in).await, Woken::Stop) {
                return;
            }
        }
    }

    /// Judges the reader and reads what comes next for them; also, how long it can be until their sign-in is over.
    fn look(&self) -> Result<(Option<Notification>, Duration), EndReason> {
        let now = self.app.clock.now();
        let idle = self.app.idle.begins(&self.signed_in);
        if idle.is_some_and(|idle| idle <= now) {
            return Err(EndReason::Expired);
        }
        let (next, ends_at) = self.app.store.ask_again(&self.caller, Next(self.position)).map_err(|error| {
            self.app
                .store
                .look(|read| session::ends_at(read, &self.signed_in.proof))
                .map_or_else(|_| reason(&error, false), |ends_at| reason(&error, ends_at <= now))
        })?;
        Ok((next, idle.map_or(ends_at, |idle| idle.min(ends_at)).since(now)))
    }

    async fn wait(&mut self, ends_in: Duration) -> Woken {
        let pause = sleep(HEARTBEAT.min(ends_in).max(BREATH));
        tokio::pin!(pause);
        loop {
            tokio::select! {
                signal = self.signals.recv() => match signal {
                    Ok(Signal::TrustEnded(user) | Signal::Notified(user)) if user != self.signed_in.user => {}
                    // Whoever missed some looks for themself.
                    Ok(_) | Err(RecvError::Lagged(_)) => return Woken::Look,
                    Err(RecvError::Closed) => return Woken::Stop,
                },
                _ = self.stopping.wait_for(|stopping| *stopping) => return Woken::Stop,
                () = &mut pause => return if ends_in > HEARTBEAT { Woken::Silence } else { Woken::Look },
            }
        }
    }
}

/// Why a reader was turned away.
const fn reason(error: &Error, is_over: bool) -> EndReason {
    match error {
        Error::Unauthenticated(_) if is_over => EndReason::Expired,
        Error::Unauthenticated(_) => EndReason::Revoked,
        Error::Forbidden(_) | Error::OutOfScope(_) => EndReason::AccessDenied,
        _ => EndReason::Unavailable,
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

/// May I still listen, and what comes next?
struct Next(i64);

impl Query for Next {
    /// With the moment at which the sign-in is over.
    type Output = (Option<Notification>, Timestamp);

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
        let signed_in = asker.signed_in()?;
        let next = notification::next(read, listener(read, &signed_in)?, self.0)?;
        Ok((next, session::ends_at(read, &signed_in.proof)?))
    }
}
