//! Console sessions end after an hour without a request. When each was used is kept in memory: the sign-in and a restart
//! count as activity. That one has ended is written down at its first refusal, and no restart brings it back.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::domain::actor::{Proof, SignedIn};
use crate::domain::session::{CONSOLE_IDLE, SESSION_LIFETIME, Session, SessionKind, SessionProof};

/// How many sessions are remembered before the dead ones are forgotten.
const REMEMBERED: usize = 10_000;

/// The least step of time.
const INSTANT: Duration = Duration::from_micros(1);

/// When each console session was last used.
pub(super) struct Idle {
    start: Timestamp,
    seen: Mutex<HashMap<Id<Session>, Timestamp>>,
}

impl Idle {
    /// Begins at the start of the process, before which nobody's activity is known.
    pub fn since(start: Timestamp) -> Self {
        Self { start, seen: Mutex::default() }
    }

    /// Notes that a session has begun, however old the proof is that it began with.
    pub fn begin(&self, id: Id<Session>, now: Timestamp) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(id, now);
    }

    /// Notes a request; `false` when the session had been idle for too long. It stays so: a refused request is not
    /// activity.
    pub fn keeps(&self, signed_in: &SignedIn, now: Timestamp) -> bool {
        let Proof::Session(SessionProof { id, kind: SessionKind::Console, auth_time }) = signed_in.proof else {
            return true;
        };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= REMEMBERED {
            seen.retain(|_, last| now.since(*last) <= SESSION_LIFETIME);
        }
        let last = seen.entry(id).or_insert(auth_time.max(self.start));
        let live = now.since(*last) <= CONSOLE_IDLE;
        if live {
            *last = now;
        }
        live
    }

    /// From which moment on the session is idle; `None` for those that never are. Asking is not activity.
    pub fn begins(&self, signed_in: &SignedIn) -> Option<Timestamp> {
        let Proof::Session(SessionProof { id, kind: SessionKind::Console, auth_time }) = signed_in.proof else {
            return None;
        };
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let last = seen.get(&id).copied().unwrap_or(auth_time.max(self.start));
        Some(last + CONSOLE_IDLE + INSTANT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const START: Timestamp = Timestamp::from_micros(1_000_000_000_000);

    fn session(kind: SessionKind, auth_time: Timestamp) -> SignedIn {
        numbered(7, kind, auth_time)
    }

    fn numbered(number: u128, kind: SessionKind, auth_time: Timestamp) -> SignedIn {
        let id = uuid::Uuid::from_u128(number);
        let proof = Proof::Session(SessionProof { id: Id::from_uuid(id), kind, auth_time });
        SignedIn { user: Id::from_uuid(id), proof }
    }

    #[test]
    fn each_request_buys_an_hour_and_a_refused_one_buys_nothing() {
        let (idle, console) = (Idle::since(START), session(SessionKind::Console, START));
        let mut now = START;
        for _ in 0..5 {
            now = now + CONSOLE_IDLE;
            assert!(idle.keeps(&console, now));
        }
        now = now + CONSOLE_IDLE + SECOND;
        assert!(!idle.keeps(&console, now));
        assert!(!idle.keeps(&console, now + SECOND), "the refused request was no activity");
    }

    #[test]
    fn a_session_that_was_never_used_is_idle_since_its_sign_in() {
        let signed_in = START + Duration::from_hours(24);
        let idle = Idle::since(START);
        assert!(!idle.keeps(&session(SessionKind::Console, signed_in), signed_in + CONSOLE_IDLE + SECOND));
        assert!(idle.keeps(&session(SessionKind::Client, signed_in), signed_in + CONSOLE_IDLE + SECOND));
    }

    #[test]
    fn to_look_when_it_ends_buys_nothing() {
        let (idle, console) = (Idle::since(START), session(SessionKind::Console, START));
        let end = START + CONSOLE_IDLE + INSTANT;
        assert_eq!(idle.begins(&console), Some(end));
        assert!(idle.keeps(&console, end - INSTANT));
        let end = end - INSTANT + CONSOLE_IDLE + INSTANT;
        assert_eq!((idle.begins(&console), idle.begins(&console)), (Some(end), Some(end)));
        assert!(!idle.keeps(&console, end));
        assert_eq!(idle.begins(&session(SessionKind::Client, START)), None);
    }

    #[test]
    fn a_restart_counts_as_activity_once() {
        let console = session(SessionKind::Console, START);
        let restart = START + 5 * CONSOLE_IDLE;
        assert!(Idle::since(restart).keeps(&console, restart + CONSOLE_IDLE));
        assert!(!Idle::since(restart).keeps(&console, restart + CONSOLE_IDLE + SECOND));
    }

    #[test]
    fn memory_forgets_the_dead() {
        let idle = Idle::since(START);
        for number in 0..=REMEMBERED as u128 {
            idle.keeps(&numbered(number, SessionKind::Console, START), START);
        }
        let later = START + SESSION_LIFETIME + SECOND;
        idle.keeps(&session(SessionKind::Console, later), later);
        assert!(idle.seen.lock().unwrap().len() <= 1);
    }
}
