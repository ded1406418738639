//! One live stream: what wakes it, how its reader is judged, and how it ends.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

use super::{EndReason, HEARTBEAT, LiveEvent, Place};
use crate::app::App;
use crate::app::notification::listener;
use crate::base::clock::Timestamp;
use crate::domain::Error;
use crate::domain::actor::{Caller, SignedIn};
use crate::domain::notification::Notification;
use crate::domain::permission::{Permission, Relation};
use crate::store::notification::{self, Position};
use crate::store::{Asker, Query, ReadTx, Signal, Target, session, their_own};

/// How long an event waits for a reader who does not take it.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long its end is held out to such a reader.
const LAST_WORD: Duration = Duration::from_millis(500);
/// The shortest pause before a stream looks at its clock again.
const BREATH: Duration = Duration::from_millis(1);

/// One stream.
pub(super) struct Stream {
    pub app: Arc<App>,
    pub caller: Caller,
    pub signed_in: SignedIn,
    pub signals: Receiver<Signal>,
    pub stopping: watch::Receiver<bool>,
    /// Behind which notification it stands.
    pub position: i64,
    pub _place: Place,
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
    pub async fn run(mut self, position: Position, out: mpsc::Sender<LiveEvent>) {
        let mut event = LiveEvent::Begun(position.id);
        loop {
            let is_last = matches!(event, LiveEvent::End(_));
            tokio::select! {
                biased;
                sent = out.send(event) => if sent.is_err() || is_last { return },
                // What waits for a reader who may not hear it any more is not handed over.
                reason = self.ended(), if !is_last => {
                    let _ = timeout(LAST_WORD, out.send(LiveEvent::End(reason))).await;
                    return;
                }
                // Who does not take what waits for them gives their place to others.
                () = sleep(PATIENCE) => return,
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

    /// Returns when the stream's reader may not hear anything any more, and why.
    async fn ended(&mut self) -> EndReason {
        loop {
            match self.look() {
                Err(reason) => return reason,
                Ok((_, ends_in)) => {
                    if matches!(self.wait(ends_in).await, Woken::Stop) {
                        return EndReason::Stopping;
                    }
                }
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
                    Ok(Signal::Happened(_)) => {}
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
