//! When a job runs: what is due at a moment, and what comes next. Pure, so that tests can try every clock.

use std::fmt;
use std::time::Duration;

use time::{OffsetDateTime, Time};

use crate::base::clock::Timestamp;

/// How long after the start the server makes up for what it missed.
pub const MAKE_UP_AFTER: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

/// When a job runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// From the beginning of one run to that of the next; for work so small that no run is worth a row.
    Every(Duration),
    /// Once a day at this time in UTC, which knows no daylight saving. Each such moment is served once.
    Daily {
        /// 0–23.
        hour: u8,
        /// 0–59.
        minute: u8,
    },
}

/// Why a run came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Its moment came.
    Schedule,
    /// Its moment came while the server was down.
    Missed,
    /// Somebody asked for it.
    Hand,
}

impl Cause {
    /// The cause's name in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Missed => "missed",
            Self::Hand => "hand",
        }
    }

    /// The cause of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Schedule, Self::Missed, Self::Hand].into_iter().find(|cause| cause.as_str() == name)
    }
}

impl Schedule {
    /// The moment to serve at `now`, when `last` is the newest that was served and does not lie after `now`. However many
    /// moments went by, it is one: the newest.
    pub fn due(self, now: Timestamp, last: Timestamp) -> Option<Timestamp> {
        match self {
            // A last run in the future: the clock was set back, and nobody would run until it is there again.
            Self::Every(span) => (now < last || now.since(last) >= span).then_some(now),
            Self::Daily { hour, minute } => newest(now, hour, minute).filter(|moment| *moment > last),
        }
    }

    /// The next moment after `now`, when nothing is due.
    pub fn next(self, now: Timestamp, last: Timestamp) -> Timestamp {
        match self {
            Self::Every(span) => last + span,
            Self::Daily { hour, minute } => newest(now, hour, minute).map_or(now, |moment| moment + DAY),
        }
    }

    /// Whether each run is recorded.
    pub const fn is_recorded(self) -> bool {
        matches!(self, Self::Daily { .. })
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Every(span) => write!(f, "every {} s", span.as_secs()),
            Self::Daily { hour, minute } => write!(f, "daily at {hour:02}:{minute:02} UTC"),
        }
    }
}

/// The newest moment of this time of day that is not after `now`.
fn newest(now: Timestamp, hour: u8, minute: u8) -> Option<Timestamp> {
    let present = OffsetDateTime::from_unix_timestamp_nanos(i128::from(now.micros()) * 1_000).ok()?;
    let today = Timestamp::of(present.replace_time(Time::from_hms(hour, minute, 0).ok()?))?;
    Some(if today <= now { today } else { today - DAY })
}

/// Why a moment that is due shall be served at `now` by a server that runs since `started`; `None` while it still waits
/// to be made up for.
pub fn cause(moment: Timestamp, started: Timestamp, now: Timestamp) -> Option<Cause> {
    if moment >= started {
        Some(Cause::Schedule)
    } else {
        (now.since(started) >= MAKE_UP_AFTER).then_some(Cause::Missed)
    }
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
