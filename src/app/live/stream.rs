//! One live stream: what wakes it, in which order it tells, and how it ends.

use std::collections::{HashSet, VecDeque};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{mpsc, watch};
use tokio::task::yield_now;
use tokio::time::{Sleep, sleep, timeout};

use super::{EndReason, HEARTBEAT, LiveEvent, Place, Reader, Told};
use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::domain::live::Position;
use crate::domain::team::Team;
use crate::store::Signal;
use crate::store::feed::Happening;

/// How long an event waits for a reader who does not take it.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long its end is held out to such a reader.
const LAST_WORD: Duration = Duration::from_millis(500);
/// The shortest pause before a stream looks at its clock again.
const BREATH: Duration = Duration::from_millis(1);

/// One stream.
pub(super) struct Stream {
    reader: Arc<Reader>,
    signals: Receiver<Signal>,
    stopping: watch::Receiver<bool>,
    position: Position,
    /// What was read from the feed and is not told yet, in its order; each is judged when its turn comes.
    waiting: VecDeque<Happening>,
    /// How far the feed was read: where the stream stands when nothing waits any more.
    until: i64,
    /// Whether that was all, and no signal has come since.
    is_read: bool,
    /// The teams whose signals concern the reader, as of the last look.
    teams: HashSet<Id<Team>>,
    /// When the sign-in is over, as of the last look.
    ends_at: Timestamp,
    _place: Place,
}

/// Why a stream woke up.
enum Woken {
    /// Something may have changed for its reader.
    Look,
    /// Nothing was told for a while.
    Silence,
    /// The server stops.
    Stop,
}

impl Stream {
    /// A stream that stands at `position`.
    pub fn new(
        reader: Arc<Reader>,
        signals: Receiver<Signal>,
        stopping: watch::Receiver<bool>,
        position: Position,
        place: Place,
    ) -> Self {
        Self {
            ends_at: reader.app.clock.now(),
            reader,
            signals,
            stopping,
            position,
            waiting: VecDeque::new(),
            until: position.feed,
            is_read: false,
            teams: HashSet::new(),
            _place: place,
        }
    }

    /// Tells what there is to tell until the stream or its reader's patience ends.
    pub async fn run(mut self, first: LiveEvent, out: mpsc::Sender<LiveEvent>) {
        let mut event = first;
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
        let mut silence = pin!(sleep(HEARTBEAT));
        let mut was_silent = false;
        loop {
            match self.advance().await {
                Err(reason) => return LiveEvent::End(reason),
                Ok(Some(event)) => return event,
                Ok(None) if was_silent => return LiveEvent::Heartbeat(self.position),
                Ok(None) => {}
            }
            match self.wait(Some(silence.as_mut())).await {
                Woken::Stop => return LiveEvent::End(EndReason::Stopping),
                Woken::Silence => was_silent = true,
                Woken::Look => {}
            }
            self.is_read = false;
        }
    }

    /// What is to be told now, if anything is; what may not be told is passed over.
    async fn advance(&mut self) -> Result<Option<LiveEvent>, EndReason> {
        loop {
            while let Some(happening) = self.waiting.pop_front() {
                let thing = self.reader.see(&happening)?;
                self.position.feed = happening.seq;
                if let Some(thing) = thing {
                    return Ok(Some(LiveEvent::Happened(self.position, Box::new(Told { happening, thing }))));
                }
            }
            self.position.feed = self.until;
            if self.is_read {
                return Ok(None);
            }
            // Others have something to do as well, however much there is to pass over.
            yield_now().await;
            let seen = self.reader.look(self.position)?;
            (self.waiting, self.until) = (seen.feed.happened.into(), seen.feed.until);
            (self.teams, self.ends_at) = (seen.teams, seen.ends_at);
            self.is_read = seen.feed.is_all && seen.news.is_none();
            if let Some(news) = seen.news {
                self.position.news = news.seq;
                return Ok(Some(LiveEvent::Notification(self.position, Box::new(news))));
            }
        }
    }

    /// Returns when the stream's reader may not hear anything any more, and why.
    async fn ended(&mut self) -> EndReason {
        // The signals that are taken here are missing there.
        self.is_read = false;
        loop {
            match self.reader.look(self.position) {
                Err(reason) => return reason,
                Ok(seen) => self.ends_at = seen.ends_at,
            }
            if matches!(self.wait(None).await, Woken::Stop) {
                return EndReason::Stopping;
            }
        }
    }

    async fn wait(&mut self, silence: Option<Pin<&mut Sleep>>) -> Woken {
        let mut over = pin!(sleep(self.reader.ends_in(self.ends_at).max(BREATH)));
        let mut longest = pin!(sleep(HEARTBEAT));
        let mut silence = silence.unwrap_or(longest.as_mut());
        let Self { reader, signals, stopping, teams, .. } = self;
        loop {
            tokio::select! {
                signal = signals.recv() => match signal {
                    Ok(signal) if !concerns(reader, teams, signal) => {}
                    // Whoever missed some looks for themself.
                    Ok(_) | Err(RecvError::Lagged(_)) => break,
                    Err(RecvError::Closed) => return Woken::Stop,
                },
                _ = stopping.wait_for(|stopping| *stopping) => return Woken::Stop,
                () = &mut over => break,
                () = &mut silence => return Woken::Silence,
            }
        }
        // One look shows a whole burst.
        while !matches!(signals.try_recv(), Err(TryRecvError::Empty | TryRecvError::Closed)) {}
        Woken::Look
    }
}

/// Whether a signal can mean something to a reader whom something binds to these teams.
fn concerns(reader: &Reader, teams: &HashSet<Id<Team>>, signal: Signal) -> bool {
    match signal {
        Signal::TrustEnded(user) | Signal::Notified(user) => user == reader.signed_in.user,
        Signal::Happened(team) => teams.contains(&team) && reader.only.is_none_or(|only| only == team),
    }
}
