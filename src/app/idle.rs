//! Console sessions end after an hour without a request. Kept in memory: a restart counts as activity, and the
//! session's absolute end in the database holds whatever happens.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::base::clock::Timestamp;
use crate::base::id::Id;
use crate::domain::actor::SignedIn;
use crate::domain::session::{CONSOLE_IDLE, SESSION_LIFETIME, Session, SessionKind};

/// How many sessions are remembered before the dead ones are forgotten.
const REMEMBERED: usize = 10_000;

/// When each console session was last used.
#[derive(Default)]
pub(super) struct Idle(Mutex<HashMap<Id<Session>, Timestamp>>);

impl Idle {
    /// Notes a request; `false` when the session had been idle for too long. It stays so: a refused request is not
    /// activity.
    pub fn keeps(&self, signed_in: &SignedIn, now: Timestamp) -> bool {
        if signed_in.kind != SessionKind::Console {
            return true;
        }
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= REMEMBERED {
            seen.retain(|_, last| now.since(*last) <= SESSION_LIFETIME);
        }
        let last = seen.entry(signed_in.session).or_insert(now);
        let live = now.since(*last) <= CONSOLE_IDLE;
        if live {
            *last = now;
        }
        live
    }
}
